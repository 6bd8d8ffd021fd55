// The model's files, checked against their published SHA-256 before anything is made of them.
import { createHash, hash } from "node:crypto"
import { createReadStream } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import { fileURLToPath } from "node:url"
import { Tokenizer } from "@huggingface/tokenizers"
import { MiniLmError } from "./errors.ts"

const sha256Of = {
  "model.onnx": "92eeaf268ee0d167b09e8013b395f438c18983becbe7b57117bb8c778cd88cd3",
  "tokenizer.json": "07805d116826679de90b4edeb2222269c4b8753bc0981be4399f732b2708e904",
  "tokenizer_config.json": "e10bb633ba0d7f69ed342ae7de607f36b39ce53b455fbda69c71700bf57e6f66",
  "token-projection.f32": "241767995f1ce3b76f5ce6291a49ee9b0ae00790f61c1b6bc318759d06de9544",
} as const

/** Of the weights that make the vectors: vectors of other weights are not to be compared with these. */
export const weightsHash: string = sha256Of["model.onnx"]

export type ModelFile = keyof typeof sha256Of

/** Where the package keeps them; the same from `src/` and from `dist/`. */
export const modelDirectory = fileURLToPath(new URL("../model/", import.meta.url))

/** The bytes of one file; the very bytes that were checked are the ones that are used. */
export async function readModelFile(directory: string, name: ModelFile): Promise<Uint8Array> {
  const path = join(directory, name)
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  check(path, name, hash("sha256", bytes))
  return bytes
}

/** The same check without keeping the file in memory. */
export async function checkModelFile(directory: string, name: ModelFile): Promise<void> {
  const path = join(directory, name)
  const digest = createHash("sha256")
  try {
    await pipeline(createReadStream(path, { highWaterMark: checkedBytesAtOnce }), digest)
  } catch (cause) {
    throw unreadable(path, cause)
  }
  check(path, name, digest.digest("hex"))
}

const checkedBytesAtOnce = 256 * 1024

function unreadable(path: string, cause: unknown): MiniLmError {
  return new MiniLmError("file_missing", `The model file ${path} cannot be read. Install @perdure/minilm again.`, { cause })
}

function check(path: string, name: ModelFile, found: string): void {
  const expected = sha256Of[name]
  if (found === expected) return
  throw new MiniLmError(
    "hash_mismatch",
    `The model file ${path} is not the published one: its SHA-256 should be ${expected} but is ${found}. Install @perdure/minilm again.`,
  )
}

export async function readTokenizer(directory: string): Promise<Tokenizer> {
  const [tokenizer, config] = await Promise.all([
    readModelFile(directory, "tokenizer.json"),
    readModelFile(directory, "tokenizer_config.json"),
  ])
  return new Tokenizer(parse(tokenizer), parse(config))
}

/** For the tokens' small vectors; made by `bench/retrieval/fit-token-projection.ts`. */
export async function readProjection(directory: string): Promise<Float32Array> {
  const bytes = await readModelFile(directory, "token-projection.f32")
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

function parse(bytes: Uint8Array): object {
  return JSON.parse(new TextDecoder().decode(bytes)) as object // checked by its hash
}
