// The worker thread of documents: parsing and chunking are CPU work on hostile input, kept away from the event loop of the server.
import { parentPort } from "node:worker_threads"
import { chunkDocument } from "./chunk.ts"
import { parseDocument } from "./parse.ts"
import { DocumentError, type ChunkedDocument, type ChunkOptions, type DocumentFailure, type ParsedDocument } from "./types.ts"

export type ToWorker =
  | { type: "parse"; id: number; bytes: Uint8Array; filename: string }
  | { type: "chunk"; id: number; document: ParsedDocument; options: ChunkOptions }
export type FromWorker =
  | { id: number; result: ParsedDocument | ChunkedDocument }
  | { id: number; failure: DocumentFailure }
  | { id: number; error: string }

parentPort?.on("message", (message: ToWorker) => void answer(message))

async function answer(message: ToWorker): Promise<void> {
  parentPort?.postMessage(await work(message))
}

async function work(message: ToWorker): Promise<FromWorker> {
  try {
    if (message.type === "parse") return { id: message.id, result: await parseDocument(message.bytes, message.filename) }
    return { id: message.id, result: chunkDocument(message.document, message.options) }
  } catch (error) {
    if (error instanceof DocumentError) return { id: message.id, failure: { code: error.code, message: error.message } }
    return { id: message.id, error: error instanceof Error ? error.message : String(error) }
  }
}
