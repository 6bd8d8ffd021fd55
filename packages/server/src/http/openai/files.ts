// OpenAI's Files API: upload, list, retrieve, content, delete.
import { ReadableStream as NodeReadableStream } from "node:stream/web"
import { Hono } from "hono"
import { z } from "zod"
import { fileTooLarge, type ActingCaller, type Files, type FileWriter, type Memories } from "../../context/index.ts"
import { AppError, type Limits } from "../../core/index.ts"
import { userLabel, type Principal } from "../../security/index.ts"
import type { StoredFile } from "../../store/index.ts"
import type { HttpEnv } from "../env.ts"
import { memoryCaller } from "../memory-caller.ts"
import { readQuery } from "../request-body.ts"
import { cursorPage, jsonAnswer, pageQuery, wireUploadedFile } from "./files-answers.ts"
import { callerOf, createWrite, newTarget, type FileWriteOptions } from "./files-gate.ts"
import { readParts } from "./multipart-stream.ts"

export interface FilesRoutesOptions extends FileWriteOptions {
  files: Files
  /** Takes back what was remembered with a file; throws where the caller may not. */
  memories: Pick<Memories, "revoke">
  limits: Pick<Limits, "fileBytesMax" | "batchFileBytesMax" | "pageRowsMax">
}

/** Room for the form around the file. */
const formOverheadBytes = 64 * 1024
const fieldBytesMax = 16 * 1024

export function filesRoutes(options: FilesRoutesOptions): Hono<HttpEnv> {
  const { files, limits } = options
  const write = createWrite(options)
  const routes = new Hono<HttpEnv>()
  routes.post("/v1/files", async (context) => {
    const file = await write(context, { name: "file.upload", target: newTarget }, () =>
      receive(options, callerOf(context), context.req.raw),
    )
    return jsonAnswer(wireUploadedFile(file))
  })
  routes.get("/v1/files", async (context) => {
    const query = readQuery(context, listQuery)
    const page = pageQuery(query, limits.pageRowsMax)
    const rows = await files.list(callerOf(context), { ...page, purpose: query.purpose, limit: page.limit + 1 })
    return jsonAnswer(cursorPage(rows.map(wireUploadedFile), page.limit))
  })
  routes.get("/v1/files/:id", async (context) => {
    return jsonAnswer(wireUploadedFile(await files.get(callerOf(context), context.req.param("id"))))
  })
  routes.get("/v1/files/:id/content", async (context) => {
    const { file, parts } = await files.content(callerOf(context), context.req.param("id"))
    return contentAnswer(file, parts)
  })
  routes.delete("/v1/files/:id", async (context) => {
    const id = context.req.param("id")
    const { derived } = readQuery(context, deleteQuery)
    const principal = context.get("principal")
    await write(context, { name: "file.delete", target: id }, async () => {
      await files.requireWritable(callerOf(context), id)
      // First, so that a crash in between leaves a file that can be deleted again, and not what nobody takes back any more.
      if (derived === "revoke") await revokeDerived(options, principal, id)
      await files.delete(callerOf(context), id)
    })
    return jsonAnswer({ id, object: "file", deleted: true })
  })
  return routes
}

/** An addition to OpenAI's: what was remembered with the file before whoever said it stays, or is taken back with it. */
const deleteQuery = z.looseObject({ derived: z.enum(["keep", "revoke"]).default("keep") })

async function revokeDerived({ memories, gate }: FilesRoutesOptions, principal: Principal, id: string): Promise<void> {
  const { projectId, id: key } = principal
  gate.require({ projectId, principal: key, label: userLabel(key), runId: null, action: "memory.delete", target: "project" })
  await memories.revoke(memoryCaller(gate, principal), id, "its file was deleted")
}

const listQuery = z.looseObject({
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(10_000).optional(),
  order: z.enum(["asc", "desc"]).optional(),
  purpose: z.string().optional(),
})

/** The file is stored as it comes, before its purpose may be known: nobody sees it until it is complete. */
async function receive({ files, limits }: FilesRoutesOptions, caller: ActingCaller, request: Request): Promise<StoredFile> {
  const bytesMax = Math.max(limits.fileBytesMax, limits.batchFileBytesMax)
  const fields = new Map<string, string>()
  let arrived: FileWriter | undefined
  try {
    for await (const { name, filename, content } of readParts(request, bytesMax + formOverheadBytes, () =>
      fileTooLarge(bytesMax, "batchFileBytesMax"),
    )) {
      if (name !== "file" || arrived) {
        fields.set(name, await fieldText(name, content))
        continue
      }
      arrived = files.begin(caller, { filename: filename ?? "file", purpose: "" })
      for await (const piece of content) await arrived.write(piece)
    }
    if (!arrived) throw missing("file", "the file to upload, with a file name")
    const purpose = fields.get("purpose")
    if (purpose === undefined) throw missing("purpose", "what the file is for, such as `assistants` or `user_data`")
    const owner = await files.ownerOf(caller, fields.get("perdure[owner]"))
    return await files.complete(arrived, { purpose, owner, expiresAfterSeconds: expiry((name) => fields.get(name)) })
  } catch (error) {
    await arrived?.discard()
    throw error
  }
}

async function fieldText(name: string, content: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = []
  let sizeBytes = 0
  for await (const piece of content) {
    sizeBytes += piece.length
    if (sizeBytes > fieldBytesMax)
      throw new AppError("invalid_request", `The form field \`${name.slice(0, 100)}\` has more than ${fieldBytesMax} bytes.`, {
        hint: "Send the file itself as form field `file`.",
      })
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString("utf8")
}

function expiry(field: (name: string) => string | undefined): number | undefined {
  const text = field("expires_after[seconds]")
  if (text === undefined) return undefined
  const anchor = field("expires_after[anchor]") ?? "created_at"
  const value = Number(text)
  if (anchor !== "created_at")
    throw new AppError("unsupported_value", "`expires_after.anchor` must be `created_at`.", { param: "expires_after.anchor" })
  if (Number.isInteger(value) && value >= 3_600 && value <= 2_592_000) return value
  throw new AppError("unsupported_value", `\`expires_after.seconds\` must be 3600 to 2592000; got '${text.slice(0, 20)}'.`, {
    param: "expires_after.seconds",
  })
}

function missing(param: string, what: string): AppError {
  return new AppError("missing_required_parameter", `The form field \`${param}\` is missing: ${what}.`, { param })
}

/** As bytes to be saved, never as something that a browser renders: the content is a stranger's. */
function contentAnswer(file: StoredFile, parts: AsyncIterable<Uint8Array>): Response {
  const body = NodeReadableStream.from(parts) as unknown as ReadableStream // the same class, under the name that has a type for `from`
  return new Response(body, {
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(file.bytes),
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(file.filename)}`,
      "x-content-type-options": "nosniff",
    },
  })
}
