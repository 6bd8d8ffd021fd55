// Files in vector stores: add, list, retrieve, change attributes, read the chunks, remove.
import { Hono } from "hono"
import { z } from "zod"
import type { VectorStores } from "../../context/index.ts"
import type { Limits } from "../../core/index.ts"
import type { StoredVectorStoreFile } from "../../store/index.ts"
import type { HttpEnv } from "../env.ts"
import { readBody, readQuery } from "../request-body.ts"
import { cursorPage, jsonAnswer, pageQuery } from "./files-answers.ts"
import { callerOf, createWrite, type FileWriteOptions } from "./files-gate.ts"
import { pollAfter, wireFile } from "./vector-stores-answers.ts"
import { addedFile, addFileBody, listQuery, updateFileBody } from "./vector-stores-schemas.ts"

export interface VectorStoreFileRoutesOptions extends FileWriteOptions {
  vectorStores: VectorStores
  limits: Pick<Limits, "pageRowsMax">
}

/** OpenAI's clients read only the first page of a file's content, so it is a large one. */
const contentChunksMax = 5_000

export function vectorStoreFileRoutes(options: VectorStoreFileRoutesOptions): Hono<HttpEnv> {
  const { vectorStores, limits } = options
  const write = createWrite(options)
  const routes = new Hono<HttpEnv>()
  const files = "/v1/vector_stores/:id/files"
  routes.post(files, async (context) => {
    const id = context.req.param("id")
    const file = addedFile(await readBody(context, addFileBody))
    const add = (): Promise<StoredVectorStoreFile> => vectorStores.addFile(callerOf(context), id, file)
    return fileAnswer(await write(context, { name: "vector_store.file.add", target: id }, add))
  })
  routes.get(files, async (context) => {
    const query = readQuery(context, listQuery)
    const page = pageQuery(query, limits.pageRowsMax)
    const request = { ...page, status: query.filter, limit: page.limit + 1 }
    const rows = await vectorStores.listFiles(callerOf(context), context.req.param("id"), request)
    return jsonAnswer(cursorPage(rows.map(wireFile), page.limit))
  })
  routes.get(`${files}/:file`, async (context) => {
    const { id, file } = context.req.param()
    return fileAnswer(await vectorStores.getFile(callerOf(context), id, file))
  })
  routes.post(`${files}/:file`, async (context) => {
    const { id, file } = context.req.param()
    const { attributes } = await readBody(context, updateFileBody)
    const update = (): Promise<StoredVectorStoreFile> => vectorStores.updateFile(callerOf(context), id, file, attributes ?? {})
    return fileAnswer(await write(context, { name: "vector_store.file.update", target: id }, update))
  })
  routes.delete(`${files}/:file`, async (context) => {
    const { id, file } = context.req.param()
    await write(context, { name: "vector_store.file.remove", target: id }, () => vectorStores.removeFile(callerOf(context), id, file))
    return jsonAnswer({ id: file, object: "vector_store.file.deleted", deleted: true })
  })
  routes.get(`${files}/:file/content`, async (context) => {
    const { id, file } = context.req.param()
    const from = readQuery(context, contentQuery).page ?? 0
    const rows = await vectorStores.chunks(callerOf(context), id, file, from, contentChunksMax + 1)
    const hasMore = rows.length > contentChunksMax
    const data = rows.slice(0, contentChunksMax).map((chunk) => ({ type: "text", text: chunk.body }))
    const nextPage = hasMore ? String(from + contentChunksMax) : null
    return jsonAnswer({ object: "vector_store.file_content.page", data, has_more: hasMore, next_page: nextPage })
  })
  return routes
}

const contentQuery = z.looseObject({ page: z.coerce.number().int().min(0).optional() })

function fileAnswer(file: StoredVectorStoreFile): Response {
  return jsonAnswer(wireFile(file), pollAfter(file.status))
}
