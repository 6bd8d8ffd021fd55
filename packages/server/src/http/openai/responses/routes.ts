// The routes of the Responses API: each unpacks its request, calls the service, and answers; runs do the work.
import { Hono, type Context } from "hono"
import { z } from "zod"
import { pageCharactersMax, type Compact, type ReadEvent, type Responses } from "../../../agents/index.ts"
import { AppError, isJsonObject, type Limits } from "../../../core/index.ts"
import type { Run } from "../../../runs/index.ts"
import type { HttpEnv } from "../../env.ts"
import type { RequestShaping } from "../../prompts/shape.ts"
import { readJsonObject, readQuery } from "../../request-body.ts"
import type { SaidLimits } from "../../said.ts"
import { profiled } from "./profile.ts"
import { chosenHeaders, readResponseRequest, type AskedResponse, type DefaultMemories } from "./read-request.ts"
import { failoverHeader, Served } from "./served.ts"
import { streamEvents } from "./stream.ts"
import { responseWhenEnded } from "./when-ended.ts"

export interface ResponseRoutesOptions {
  readonly responses: Responses
  readonly compact: Compact
  readonly limits: Pick<Limits, "headHoldMs" | "keepAliveMs"> & SaidLimits
  /** Work that goes on after the answer. */
  readonly background: (name: string, work: () => Promise<unknown>) => void
  readonly shaping?: RequestShaping
  readonly memories?: DefaultMemories
}

type At = Context<HttpEnv>

interface Parts extends ResponseRoutesOptions {
  /** Foreground clients that wait, by run: an idempotency key can bring several to one. */
  readonly waiting: Map<string, number>
}

export function responseRoutes(given: ResponseRoutesOptions): Hono<HttpEnv> {
  const options: Parts = { ...given, waiting: new Map() }
  const { responses } = options
  const routes = new Hono<HttpEnv>()
  routes.post("/v1/responses", (context) => create(options, context))
  routes.post("/v1/responses/compact", (context) => compactInput(options, context))
  routes.post("/v1/responses/input_tokens", (context) => inputTokens(options, context))
  routes.get("/v1/responses/:id", (context) => retrieve(options, context))
  routes.post("/v1/responses/:id/cancel", async (context) => {
    return context.json(await responses.cancel(context.get("principal"), idOf(context)))
  })
  routes.delete("/v1/responses/:id", async (context) => {
    await responses.remove(context.get("principal"), idOf(context))
    return context.json({ id: idOf(context), object: "response", deleted: true })
  })
  routes.get("/v1/responses/:id/tool_results/:handle", (context) => toolResult(options, context))
  routes.get("/v1/responses/:id/input_items", (context) => inputItems(options, context))
  return routes
}

async function create(options: Parts, context: At): Promise<Response> {
  const { responses, background, waiting } = options
  const { body, request } = await requestIn(options, context)
  const idempotencyKey = context.req.header("idempotency-key")
  const run = await responses.create(context.get("principal"), request, { idempotencyKey })
  for (const [name, value] of Object.entries({ "x-perdure-run-id": run.id, ...chosenHeaders(run) })) context.header(name, value)
  if (body.background) {
    return body.stream ? follow(options, context, run, { after: -1, hold: false }) : context.json(await responses.accepted(run))
  }
  const left = disconnection(context)
  const leave = joined(waiting, run.id)
  const abandoned = (): void => {
    if (leave()) background(`abandon ${run.id}`, () => responses.abandon(run))
  }
  left.addEventListener("abort", abandoned, { once: true })
  // The client may have left while the run was being created.
  if (left.aborted) abandoned()
  try {
    return await (body.stream ? follow(options, context, run, { after: -1, hold: true }) : whole(options, context, run, left))
  } finally {
    left.removeEventListener("abort", abandoned)
    leave()
    if (!waiting.has(run.id)) background(`forget ${run.id}`, () => responses.forget(run))
  }
}

/** Counts one more client of that run; the function that is returned takes it away, once, and says whether it was the last. */
function joined(waiting: Map<string, number>, runId: string): () => boolean {
  waiting.set(runId, (waiting.get(runId) ?? 0) + 1)
  let here = true
  return () => {
    if (!here) return false
    here = false
    const others = (waiting.get(runId) ?? 1) - 1
    if (others > 0) waiting.set(runId, others)
    else waiting.delete(runId)
    return others === 0
  }
}

/** T7: aborts when the client closes the connection before its answer is complete. */
function disconnection(context: At): AbortSignal {
  const left = new AbortController()
  const { outgoing } = context.env
  const onClose = (): void => {
    if (!outgoing.writableFinished) left.abort(new AppError("client_closed_request", "the client closed the connection"))
  }
  outgoing.once("close", onClose)
  if (outgoing.destroyed) onClose()
  return left.signal
}

async function whole({ responses }: ResponseRoutesOptions, context: At, run: Run, signal: AbortSignal): Promise<Response> {
  const served = new Served()
  try {
    const response = await responseWhenEnded(responses, run, signal, (event) => served.watch(event))
    setHeaders(context, { ...served.headers({ ended: true }), ...served.limitHeaders() })
    return context.json(response)
  } catch (error) {
    setHeaders(context, served.limitHeaders())
    throw error
  }
}

function setHeaders(context: At, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) context.header(name, value)
}

interface Follow {
  after: number
  /** Whether the head waits for content; a reader that resumes has had its head. */
  hold: boolean
}

async function follow({ responses, limits }: ResponseRoutesOptions, context: At, run: Run, { after, hold }: Follow): Promise<Response> {
  const left = disconnection(context)
  const served = new Served()
  const events = responses.follow(run, after, left, (event) => served.watch(event))[Symbol.asyncIterator]()
  const trailer = mayFailOver(run) ? { trailer: failoverHeader } : {}
  const headers = (): Record<string, string> => ({
    "x-perdure-run-id": run.id,
    ...chosenHeaders(run),
    ...trailer,
    ...served.headers({ ended: false }),
    // What is left now is not what a log tells that is read again.
    ...(hold ? served.limitHeaders() : {}),
  })
  const trailers = (): Record<string, string> => served.trailers()
  try {
    return await streamEvents(context, profiledEvents(context, events), { ...limits, hold, headers, trailers })
  } catch (error) {
    setHeaders(context, served.limitHeaders())
    throw error
  } finally {
    await events.return?.()
  }
}

function mayFailOver({ input }: Run): boolean {
  const routing = isJsonObject(input) ? input["routing"] : undefined
  return isJsonObject(routing) && routing["failover"] === "continue"
}

function profiledEvents(context: At, events: AsyncIterator<ReadEvent>): AsyncIterator<ReadEvent> {
  const profile = context.req.header("x-perdure-profile")
  if (profile === undefined) return events
  return {
    async next() {
      const result = await events.next()
      return result.done === true ? result : { done: false, value: { ...result.value, event: profiled(profile, result.value.event) } }
    },
  }
}

const flag = z.enum(["true", "false", "1", "0"]).transform((value) => value === "true" || value === "1")
const retrieveQuery = z.object({ stream: flag.optional(), starting_after: z.coerce.number().int().min(-1).optional() })

async function retrieve(options: ResponseRoutesOptions, context: At): Promise<Response> {
  const { stream = false, starting_after: after } = readQuery(context, retrieveQuery)
  if (after !== undefined && !stream) {
    throw new AppError("invalid_request", '"starting_after" needs stream=true', {
      param: "starting_after",
      hint: "Add stream=true, or leave it out.",
    })
  }
  const run = await options.responses.find(context.get("principal"), idOf(context))
  context.header("x-perdure-run-id", run.id)
  if (stream) return follow(options, context, run, { after: after ?? -1, hold: false })
  return context.json(await options.responses.snapshot(run))
}

const itemsQuery = z.object({
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  order: z.enum(["asc", "desc"]).default("desc"),
})

async function inputItems({ responses }: ResponseRoutesOptions, context: At): Promise<Response> {
  const { after, limit, order } = readQuery(context, itemsQuery)
  const { items, hasMore } = await responses.inputItems(context.get("principal"), idOf(context), { after, limit, order })
  return context.json({ object: "list", data: items, first_id: items[0]?.id ?? null, last_id: items.at(-1)?.id ?? null, has_more: hasMore })
}

const pageQuery = z.object({
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(pageCharactersMax).default(pageCharactersMax),
})

/** What context editing cleared is in the run's log; in pages, because it may have been cleared for its length. */
async function toolResult({ responses }: ResponseRoutesOptions, context: At): Promise<Response> {
  const { offset, limit } = readQuery(context, pageQuery)
  const { handle, tool, text, label } = await responses.toolResult(
    context.get("principal"),
    idOf(context),
    context.req.param("handle") ?? "",
  )
  const end = Math.min(text.length, offset + limit)
  return context.json({
    object: "tool_result",
    handle,
    tool,
    text: text.slice(offset, end).toWellFormed(),
    offset,
    total_characters: text.length,
    next_offset: end < text.length ? end : null,
    level: label.integrity,
    sources: label.sources,
  })
}

/** R28: the window that a client goes on with in place of the whole conversation. */
async function compactInput(options: ResponseRoutesOptions, context: At): Promise<Response> {
  const { request } = await requestIn(options, context)
  return context.json(await options.compact(context.get("principal"), request, disconnection(context)))
}

/** R27: with the model's own tokenizer where it is at hand; a header says when it is an estimate. */
async function inputTokens(options: ResponseRoutesOptions, context: At): Promise<Response> {
  const { request } = await requestIn(options, context)
  const { tokens, estimated } = await options.responses.countInput(context.get("principal"), request, disconnection(context))
  context.header("x-perdure-tokens-estimated", String(estimated))
  return context.json({ object: "response.input_tokens", input_tokens: tokens })
}

async function requestIn({ shaping, memories, limits }: ResponseRoutesOptions, context: At): Promise<AskedResponse> {
  const { headers } = context.env.incoming
  return readResponseRequest(await readJsonObject(context), { shaping, memories, limits, principal: context.get("principal"), headers })
}

function idOf(context: At): string {
  return context.req.param("id") ?? ""
}
