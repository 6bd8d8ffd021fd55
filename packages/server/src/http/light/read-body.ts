// Reads the body of a raw request up to a limit; what is larger is refused before it is all here.
import { countBuffer, type AppError } from "../../core/index.ts"
import { tooLarge } from "../api.ts"
import type { HotRequest } from "../hot-exchange.ts"
import { BodyBytes } from "./body-bytes.ts"

/** Calls `done` with the bytes or the refusal, once; never when the client leaves before the end. */
export function readBodyBytes(request: HotRequest, sizeBytesMax: number, done: (bytes: BodyBytes | AppError) => void): void {
  if (Number(request.headers["content-length"] ?? 0) > sizeBytesMax) return refuse(request, sizeBytesMax, done)
  const chunks: Buffer[] = []
  let sizeBytes = 0
  request.on("data", (chunk: Buffer) => {
    sizeBytes += chunk.length
    countBuffer(chunk.length)
    if (sizeBytes <= sizeBytesMax) chunks.push(chunk)
    else if (sizeBytes - chunk.length <= sizeBytesMax) refuse(request, sizeBytesMax, done)
  })
  request.on("end", () => {
    if (sizeBytes <= sizeBytesMax) done(new BodyBytes(chunks))
  })
}

/** The rest is read and thrown away, so that the client gets to read the refusal. */
function refuse(request: HotRequest, sizeBytesMax: number, done: (refusal: AppError) => void): void {
  request.resume()
  done(tooLarge(sizeBytesMax, "requestBodyBytesMax"))
}
