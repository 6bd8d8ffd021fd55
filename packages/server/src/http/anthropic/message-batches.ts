// Anthropic's Message Batches: create, retrieve, list, results, cancel, delete.
import { ReadableStream as NodeReadableStream } from "node:stream/web"
import { Hono, type Context } from "hono"
import { z } from "zod"
import type { Batches, MessageRequest } from "../../batches/index.ts"
import { AppError, type JsonObject, type Limits } from "../../core/index.ts"
import type { StoredBatch } from "../../store/index.ts"
import type { HttpEnv } from "../env.ts"
import { readBody, readQuery } from "../request-body.ts"
import { createWrite, newTarget, type FileWriteOptions } from "../openai/files-gate.ts"

export interface MessageBatchRoutesOptions extends FileWriteOptions {
  batches: Batches
  limits: Pick<Limits, "pageRowsMax" | "batchLinesMax" | "requestBodyBytesMax">
}

const route = "/v1/messages/batches"
/** They say how each message is to be read. */
const passedHeaders = ["anthropic-version", "anthropic-beta"] as const

export function messageBatchRoutes(options: MessageBatchRoutesOptions): Hono<HttpEnv> {
  const { batches, limits } = options
  const write = createWrite(options)
  const routes = new Hono<HttpEnv>()
  routes.post(route, async (context) => {
    const { requests } = await readBody(context, createBody)
    const checkedRequests = checked(requests, limits)
    const headers = Object.fromEntries(passedHeaders.flatMap((name) => optional(name, context.req.header(name))))
    const batch = await write(context, { name: "batch.create", target: newTarget }, () =>
      batches.createMessages(context.get("principal"), checkedRequests, headers),
    )
    return context.json(wireBatch(context, batch))
  })
  routes.get(route, async (context) => {
    const { after_id: after, before_id: before, limit: asked = 20 } = readQuery(context, listQuery)
    const limit = Math.min(asked, limits.pageRowsMax)
    const rows = await batches.list(context.get("principal"), { dialect: "anthropic", after, before, limit: limit + 1 })
    const data = (before === undefined ? rows.slice(0, limit) : rows.slice(-limit)).map((batch) => wireBatch(context, batch))
    const [first, last] = [data[0]?.id ?? null, data.at(-1)?.id ?? null]
    return context.json({ data, has_more: rows.length > limit, first_id: first, last_id: last })
  })
  routes.get(`${route}/:id`, async (context) => {
    return context.json(wireBatch(context, await batches.get(context.get("principal"), "anthropic", context.req.param("id"))))
  })
  routes.get(`${route}/:id/results`, async (context) => {
    const pages = await batches.results(context.get("principal"), context.req.param("id"))
    const body = NodeReadableStream.from(pages) as unknown as ReadableStream // the same class, under the name that has a type for `from`
    return new Response(body, { headers: { "content-type": "application/x-jsonl", "x-content-type-options": "nosniff" } })
  })
  routes.post(`${route}/:id/cancel`, async (context) => {
    return context.json(wireBatch(context, await batches.cancel(context.get("principal"), "anthropic", context.req.param("id"))))
  })
  routes.delete(`${route}/:id`, async (context) => {
    const id = context.req.param("id")
    await write(context, { name: "batch.delete", target: id }, () => batches.delete(context.get("principal"), id))
    return context.json({ id, type: "message_batch_deleted" })
  })
  return routes
}

const requestSchema = z.looseObject({
  custom_id: z.string().regex(/^[\w-]{1,64}$/, { error: "must be 1 to 64 letters, digits, dashes and underscores" }),
  params: z.looseObject({ model: z.string() }),
})
const createBody = z.looseObject({ requests: z.array(requestSchema).min(1) })
const listQuery = z.looseObject({
  after_id: z.string().optional(),
  before_id: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
})

function checked(requests: z.infer<typeof createBody>["requests"], limits: MessageBatchRoutesOptions["limits"]): MessageRequest[] {
  if (requests.length > limits.batchLinesMax)
    throw new AppError("invalid_request", `a batch may have ${limits.batchLinesMax} requests (limits.batchLinesMax)`, {
      param: "requests",
      hint: "Make several batches.",
    })
  const seen = new Set<string>()
  return requests.map(({ custom_id: customId, params }, at) => {
    const param = `requests[${at}].custom_id`
    if (seen.has(customId)) throw new AppError("invalid_request", `two requests have the custom_id "${customId}"`, { param })
    seen.add(customId)
    if (params["stream"] === true)
      throw new AppError("unsupported_value", "a request of a batch cannot stream", { param: `requests[${at}].params.stream` })
    return { customId, params: params as JsonObject } // the body came from JSON
  })
}

function wireBatch(context: Context<HttpEnv>, batch: StoredBatch): { id: string } & Record<string, unknown> {
  const { id, status, endedAt, linesTotal } = batch
  const hasEnded = endedAt !== null
  // Counts are told with the end; until then all of them are being processed.
  const counts = hasEnded
    ? { succeeded: batch.linesSucceeded, errored: batch.linesErrored, canceled: batch.linesCancelled, expired: batch.linesExpired }
    : { succeeded: 0, errored: 0, canceled: 0, expired: 0 }
  return {
    id,
    type: "message_batch",
    processing_status: hasEnded ? "ended" : status === "cancelling" ? "canceling" : "in_progress",
    request_counts: { processing: hasEnded ? 0 : linesTotal, ...counts },
    created_at: iso(batch.createdAt),
    expires_at: iso(batch.expiresAt),
    ended_at: iso(endedAt),
    cancel_initiated_at: iso(batch.cancellingAt),
    archived_at: iso(batch.archivedAt),
    results_url: hasEnded && batch.archivedAt === null ? `${originOf(context)}${route}/${id}/results` : null,
  }
}

/** As the client reached it, a proxy in front included that says so. */
function originOf(context: Context<HttpEnv>): string {
  const { protocol, host } = new URL(context.req.url)
  const forwarded = context.req.header("x-forwarded-proto")
  return `${forwarded === "https" ? "https:" : protocol}//${host}`
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}

function optional(name: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[name, value]]
}
