// OpenAI's Batch API: create, retrieve, list, cancel.
import { Hono } from "hono"
import { z } from "zod"
import type { Batches } from "../../batches/index.ts"
import type { Limits } from "../../core/index.ts"
import type { StoredBatch } from "../../store/index.ts"
import type { HttpEnv } from "../env.ts"
import { readBody, readQuery } from "../request-body.ts"
import { cursorPage, ownerFields, jsonAnswer, seconds, wireOwner } from "./files-answers.ts"
import { createWrite, newTarget, type FileWriteOptions } from "./files-gate.ts"

export interface BatchRoutesOptions extends FileWriteOptions {
  batches: Batches
  limits: Pick<Limits, "pageRowsMax">
}

export function batchRoutes(options: BatchRoutesOptions): Hono<HttpEnv> {
  const { batches, limits } = options
  const write = createWrite(options)
  const routes = new Hono<HttpEnv>()
  routes.post("/v1/batches", async (context) => {
    const body = await readBody(context, createBody)
    // Its results are files of the project, so whoever makes it must be allowed to write files.
    const batch = await write(context, { name: "batch.create", target: newTarget }, () =>
      batches.create(context.get("principal"), {
        endpoint: body.endpoint,
        inputFileId: body.input_file_id,
        completionWindow: body.completion_window,
        metadata: body.metadata ?? null,
        outputExpiresAfterS: body.output_expires_after?.seconds ?? null,
        owner: body.perdure?.owner,
      }),
    )
    return jsonAnswer(wireBatch(batch))
  })
  routes.get("/v1/batches", async (context) => {
    const { after, limit = 20 } = readQuery(context, listQuery)
    const rowsMax = Math.min(limit, limits.pageRowsMax)
    const rows = await batches.list(context.get("principal"), { dialect: "openai", after, limit: rowsMax + 1 })
    return jsonAnswer(cursorPage(rows.map(wireBatch), rowsMax))
  })
  routes.get("/v1/batches/:id", async (context) => {
    return jsonAnswer(wireBatch(await batches.get(context.get("principal"), "openai", context.req.param("id"))))
  })
  routes.post("/v1/batches/:id/cancel", async (context) => {
    return jsonAnswer(wireBatch(await batches.cancel(context.get("principal"), "openai", context.req.param("id"))))
  })
  return routes
}

const metadata = z
  .record(z.string().min(1).max(64), z.string().max(512))
  .refine((value) => Object.keys(value).length <= 16, "at most 16 keys")

const createBody = z.looseObject({
  input_file_id: z.string().min(1),
  endpoint: z.string(),
  completion_window: z.string(),
  metadata: metadata.nullish(),
  perdure: ownerFields,
  output_expires_after: z.object({ anchor: z.literal("created_at"), seconds: z.int().min(3_600).max(2_592_000) }).nullish(),
})

const listQuery = z.looseObject({ after: z.string().optional(), limit: z.coerce.number().int().min(1).max(100).optional() })

function wireBatch(batch: StoredBatch): { id: string } & Record<string, unknown> {
  const { status, endedAt, inputTokens, outputTokens } = batch
  const at = (time: number | null): number | null => (time === null ? null : seconds(time))
  const endedAs = (end: StoredBatch["status"]): number | null => (status === end ? at(endedAt) : null)
  const hasEnded = endedAt !== null
  return {
    id: batch.id,
    object: "batch",
    endpoint: batch.endpoint,
    model: batch.model,
    errors: batch.errors === null ? null : { object: "list", data: batch.errors },
    input_file_id: batch.inputFileId,
    completion_window: batch.completionWindow,
    status,
    output_file_id: hasEnded ? batch.outputFileId : null,
    error_file_id: hasEnded ? batch.errorFileId : null,
    created_at: seconds(batch.createdAt),
    in_progress_at: at(batch.inProgressAt),
    expires_at: seconds(batch.expiresAt),
    finalizing_at: at(batch.finalizingAt),
    completed_at: endedAs("completed"),
    failed_at: endedAs("failed"),
    expired_at: endedAs("expired"),
    cancelling_at: at(batch.cancellingAt),
    cancelled_at: endedAs("cancelled"),
    request_counts: { total: batch.linesTotal, completed: batch.linesSucceeded, failed: batch.linesErrored },
    usage: {
      input_tokens: inputTokens,
      input_tokens_details: { cached_tokens: batch.cachedTokens },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: batch.reasoningTokens },
      total_tokens: inputTokens + outputTokens,
    },
    metadata: batch.metadata,
    ...wireOwner(batch),
  }
}
