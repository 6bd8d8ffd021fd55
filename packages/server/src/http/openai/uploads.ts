// OpenAI's Uploads API: a file sent in parts.
import { Hono } from "hono"
import { z } from "zod"
import { fileTooLarge, type Upload, type Uploads } from "../../context/index.ts"
import { AppError, type Limits } from "../../core/index.ts"
import type { StoredUploadPart } from "../../store/index.ts"
import type { HttpEnv } from "../env.ts"
import { readBody } from "../request-body.ts"
import { jsonAnswer, ownerFields, seconds, wireOwner, wireUploadedFile } from "./files-answers.ts"
import { callerOf, createWrite, newTarget, type FileWriteOptions } from "./files-gate.ts"
import { readParts } from "./multipart-stream.ts"

export interface UploadRoutesOptions extends FileWriteOptions {
  uploads: Uploads
  limits: Pick<Limits, "uploadPartBytesMax">
}

/** Room for the form around the part. */
const formOverheadBytes = 64 * 1024
const partsMax = 10_000

const createBody = z.looseObject({
  filename: z.string().min(1).max(1_024),
  purpose: z.string(),
  bytes: z.int().min(0),
  mime_type: z.string().max(255),
  perdure: ownerFields,
  expires_after: z.looseObject({ anchor: z.literal("created_at"), seconds: z.int().min(3_600).max(2_592_000) }).nullish(),
})
const completeBody = z.looseObject({ part_ids: z.array(z.string()).max(partsMax), md5: z.string().nullish() })

export function uploadRoutes(options: UploadRoutesOptions): Hono<HttpEnv> {
  const { uploads, limits } = options
  const write = createWrite(options)
  const routes = new Hono<HttpEnv>()
  routes.post("/v1/uploads", async (context) => {
    const { filename, purpose, bytes, mime_type: mediaType, expires_after, perdure } = await readBody(context, createBody)
    const request = { filename, purpose, bytes, mediaType, fileExpiresAfterS: expires_after?.seconds ?? null, owner: perdure?.owner }
    const create = (): Promise<Upload> => uploads.create(callerOf(context), request)
    return uploadAnswer(await write(context, { name: "upload.create", target: newTarget }, create))
  })
  routes.post("/v1/uploads/:id/parts", async (context) => {
    const id = context.req.param("id")
    const add = async (): Promise<StoredUploadPart> => {
      const tooLarge = (): AppError => fileTooLarge(limits.uploadPartBytesMax, "uploadPartBytesMax")
      for await (const { name, content } of readParts(context.req.raw, limits.uploadPartBytesMax + formOverheadBytes, tooLarge))
        if (name === "data") return uploads.addPart(callerOf(context), id, content)
      throw new AppError("missing_required_parameter", "The form field `data` is missing: the bytes of the part.", { param: "data" })
    }
    const part = await write(context, { name: "upload.part.add", target: id }, add)
    return jsonAnswer({ id: part.id, object: "upload.part", created_at: seconds(part.createdAt), upload_id: part.uploadId })
  })
  routes.post("/v1/uploads/:id/complete", async (context) => {
    const id = context.req.param("id")
    const { part_ids, md5 } = await readBody(context, completeBody)
    const complete = (): Promise<Upload> => uploads.complete(callerOf(context), id, part_ids, md5 ?? null)
    return uploadAnswer(await write(context, { name: "upload.complete", target: id }, complete))
  })
  routes.post("/v1/uploads/:id/cancel", async (context) => {
    const id = context.req.param("id")
    const cancel = (): Promise<Upload> => uploads.cancel(callerOf(context), id)
    return uploadAnswer(await write(context, { name: "upload.cancel", target: id }, cancel))
  })
  return routes
}

function uploadAnswer({ upload, isExpired, file }: Upload): Response {
  return jsonAnswer({
    id: upload.id,
    object: "upload",
    bytes: upload.bytes,
    created_at: seconds(upload.createdAt),
    expires_at: seconds(upload.expiresAt),
    filename: upload.filename,
    purpose: upload.purpose,
    status: isExpired ? "expired" : upload.status,
    ...wireOwner(upload),
    // Null is what a file says alone; here it is left out, as the description has it.
    ...(file === null ? {} : { file: { ...wireUploadedFile(file), status_details: undefined } }),
  })
}
