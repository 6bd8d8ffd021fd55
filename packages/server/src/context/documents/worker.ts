// The worker thread of documents: parsing and chunking are CPU work on hostile input, kept away from the event loop of the server.
import { parentPort } from "node:worker_threads"
import { messageOf } from "../../core/index.ts"
import { countTerms } from "../retrieval/analyze.ts"
import type { IndexPart } from "../retrieval/index-entry.ts"
import { chunkDocument } from "./chunk.ts"
import { parseDocument } from "./parse.ts"
import { DocumentError, type ChunkOptions, type DocumentFailure, type ParseLimits, type ReadDocument } from "./types.ts"

/** Without its number. */
export type WorkerTask =
  | { type: "read"; bytes: Uint8Array; filename: string; options: ChunkOptions; limits: ParseLimits }
  | { type: "terms"; texts: readonly string[] }
export type ToWorker = WorkerTask & { id: number }
export type FromWorker =
  | { id: number; result: ReadDocument | IndexPart[] }
  | { id: number; failure: DocumentFailure }
  | { id: number; error: string }

parentPort?.on("message", (message: ToWorker) => void answer(message))

async function answer(message: ToWorker): Promise<void> {
  parentPort?.postMessage(await work(message))
}

async function work(message: ToWorker): Promise<FromWorker> {
  const { id } = message
  try {
    if (message.type === "terms") return { id, result: message.texts.map(partOf) }
    const { bytes, filename, limits, options } = message
    const parsed = await parseDocument(bytes, filename, limits)
    const chunks = chunkDocument(parsed, options)
    return { id, result: { mediaType: parsed.mediaType, characters: parsed.text.length, chunks } }
  } catch (error) {
    if (error instanceof DocumentError) return { id, failure: { code: error.code, message: error.message } }
    return { id, error: messageOf(error) }
  }
}

function partOf(text: string): IndexPart {
  const { frequencies: terms, length } = countTerms(text)
  return { terms, length }
}
