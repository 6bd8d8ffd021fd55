// Batches of files in vector stores: create, retrieve, cancel, list their files.
import { Hono } from "hono"
import type { FileBatch, FileBatches } from "../../context/index.ts"
import type { Limits } from "../../core/index.ts"
import type { HttpEnv } from "../env.ts"
import { readBody, readQuery } from "../request-body.ts"
import { cursorPage, jsonAnswer, pageQuery, seconds } from "./files-answers.ts"
import { callerOf, createWrite, type FileWriteOptions } from "./files-gate.ts"
import { pollAfter, wireFile } from "./vector-stores-answers.ts"
import { addedFile, batchBody, listQuery } from "./vector-stores-schemas.ts"

export interface VectorStoreBatchRoutesOptions extends FileWriteOptions {
  fileBatches: FileBatches
  limits: Pick<Limits, "pageRowsMax">
}

export function vectorStoreBatchRoutes(options: VectorStoreBatchRoutesOptions): Hono<HttpEnv> {
  const { fileBatches, limits } = options
  const write = createWrite(options)
  const routes = new Hono<HttpEnv>()
  const batches = "/v1/vector_stores/:id/file_batches"
  routes.post(batches, async (context) => {
    const id = context.req.param("id")
    const body = await readBody(context, batchBody)
    const shared = { attributes: body.attributes, chunking_strategy: body.chunking_strategy }
    const files = body.files ?? (body.file_ids ?? []).map((file_id) => ({ ...shared, file_id }))
    const added = files.map(addedFile)
    const create = (): Promise<FileBatch> => fileBatches.create(callerOf(context), id, added)
    return batchAnswer(await write(context, { name: "vector_store.file_batch.create", target: id }, create))
  })
  routes.get(`${batches}/:batch`, async (context) => {
    const { id, batch } = context.req.param()
    return batchAnswer(await fileBatches.get(callerOf(context), id, batch))
  })
  routes.post(`${batches}/:batch/cancel`, async (context) => {
    const { id, batch } = context.req.param()
    const cancel = (): Promise<FileBatch> => fileBatches.cancel(callerOf(context), id, batch)
    return batchAnswer(await write(context, { name: "vector_store.file_batch.cancel", target: id }, cancel))
  })
  routes.get(`${batches}/:batch/files`, async (context) => {
    const { id, batch } = context.req.param()
    const query = readQuery(context, listQuery)
    const page = pageQuery(query, limits.pageRowsMax)
    const request = { ...page, status: query.filter, limit: page.limit + 1 }
    const rows = await fileBatches.listFiles(callerOf(context), id, batch, request)
    return jsonAnswer(cursorPage(rows.map(wireFile), page.limit))
  })
  return routes
}

function batchAnswer({ batch, counts }: FileBatch): Response {
  const status = batch.isCancelled
    ? "cancelled"
    : counts.in_progress > 0
      ? "in_progress"
      : counts.failed === batch.filesTotal
        ? "failed"
        : "completed"
  const body = {
    id: batch.id,
    // Its name in the schema, whatever the description beside it says.
    object: "vector_store.files_batch",
    created_at: seconds(batch.createdAt),
    vector_store_id: batch.vectorStoreId,
    status,
    file_counts: { ...counts, total: batch.filesTotal },
    perdure: { run_id: batch.runId },
  }
  return jsonAnswer(body, pollAfter(status))
}
