// Reads the body of a raw request up to a limit; what is larger is refused before it is all here.
import { AppError, countBuffer } from "../../core/index.ts"
import { tooLarge } from "../api.ts"
import { unpackerOf, type Unpack } from "../content-encoding.ts"
import type { HotRequest } from "../hot-exchange.ts"
import { BodyBytes } from "./body-bytes.ts"
import { withModel } from "./named-model.ts"

/** Calls `done` with the bytes or the refusal, once; never when the client leaves before the end. */
export function readBodyBytes(request: HotRequest, sizeBytesMax: number, done: (bytes: BodyBytes | AppError) => void): void {
  if (Number(request.headers["content-length"] ?? 0) > sizeBytesMax) return refuse(request, sizeBytesMax, done)
  let unpack: Unpack | undefined
  try {
    unpack = unpackerOf(request.headers["content-encoding"])
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    request.resume()
    return done(error)
  }
  const chunks: Buffer[] = []
  let sizeBytes = 0
  request.on("data", (chunk: Buffer) => {
    sizeBytes += chunk.length
    countBuffer(chunk.length)
    if (sizeBytes <= sizeBytesMax) chunks.push(chunk)
    else if (sizeBytes - chunk.length <= sizeBytesMax) refuse(request, sizeBytesMax, done)
  })
  request.on("end", () => {
    if (sizeBytes > sizeBytesMax) return
    const { modelOfPath } = request
    const whole = modelOfPath === undefined ? done : named(modelOfPath, done)
    if (unpack) unpacked(unpack, chunks, sizeBytesMax, whole)
    else whole(new BodyBytes(chunks))
  })
}

function named(model: string, done: (bytes: BodyBytes | AppError) => void): typeof done {
  return (bytes) => done(bytes instanceof AppError ? bytes : withModel(bytes, model))
}

function unpacked(unpack: Unpack, chunks: readonly Buffer[], bytesMax: number, done: (bytes: BodyBytes | AppError) => void): void {
  unpack(chunks, { bytesMax, tooLarge: () => tooLarge(bytesMax, "requestBodyBytesMax") }, (body) => {
    if (body instanceof AppError) return done(body)
    countBuffer(body.length)
    done(new BodyBytes([body]))
  })
}

/** The rest is read and thrown away, so that the client gets to read the refusal. */
function refuse(request: HotRequest, sizeBytesMax: number, done: (refusal: AppError) => void): void {
  request.resume()
  done(tooLarge(sizeBytesMax, "requestBodyBytesMax"))
}
