// Bodies that come compressed are unpacked before anything reads them, up to the limit that holds for others.
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib"
import { AppError, messageOf } from "../core/index.ts"

export interface UnpackOptions {
  bytesMax: number
  /** What is thrown where the unpacked body is larger. */
  tooLarge: () => AppError
}

export type Unpack = (pieces: readonly Uint8Array[], options: UnpackOptions, done: (body: Buffer<ArrayBuffer> | AppError) => void) => void

type Decoder = (
  bytes: Buffer,
  options: { maxOutputLength: number },
  done: (error: Error | null, result: Buffer<ArrayBuffer>) => void,
) => void

const decoders: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  ["deflate", inflate],
  ["br", brotliDecompress],
  ["zstd", zstdDecompress],
])

/** Undefined where the body is sent as it is; throws for an encoding that is not known here. */
export function unpackerOf(contentEncoding: string | undefined): Unpack | undefined {
  if (contentEncoding === undefined) return undefined
  const name = contentEncoding.trim().toLowerCase()
  if (name === "" || name === "identity") return undefined
  const decoder = decoders.get(name)
  if (decoder) return unpacking(name, decoder)
  throw new AppError("unsupported_media_type", `the request body has the content-encoding "${contentEncoding.slice(0, 60)}"`, {
    hint: "Send it as gzip, deflate, br or zstd, or as it is, without that header.",
  })
}

function unpacking(name: string, decoder: Decoder): Unpack {
  return (pieces, { bytesMax, tooLarge }, done) =>
    decoder(Buffer.concat(pieces), { maxOutputLength: bytesMax }, (error, body) => {
      if (!error) return done(body)
      const isTooLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" // every error of zlib has a code
      done(isTooLarge ? tooLarge() : notSo(name, error))
    })
}

function notSo(name: string, error: Error): AppError {
  return new AppError("invalid_request", `the request body is not ${name}, as its content-encoding says: ${messageOf(error)}`, {
    hint: `Compress the whole body with ${name}, or leave the header out.`,
  })
}
