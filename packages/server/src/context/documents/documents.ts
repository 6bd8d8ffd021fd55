// Owns the worker thread that parses and chunks: one file at a time, within limits of time and memory; a worker that breaks them is replaced.
import { Worker } from "node:worker_threads"
import { AppError, messageOf, type Limits } from "../../core/index.ts"
import type { ChunkedDocument, ChunkOptions, DocumentFailure, ParsedDocument } from "./types.ts"
import type { FromWorker, ToWorker } from "./worker.ts"

export type DocumentOutcome<T> = { outcome: "done"; result: T } | { outcome: "failed"; failure: DocumentFailure }

export interface Documents extends AsyncDisposable {
  /** `load` is called when the file's turn has come, so that waiting files take no memory. */
  parse(filename: string, load: () => Promise<Uint8Array>, signal: AbortSignal): Promise<DocumentOutcome<ParsedDocument>>
  chunk(document: ParsedDocument, options: ChunkOptions, signal: AbortSignal): Promise<DocumentOutcome<ChunkedDocument>>
}

const workerMemoryMb = 512
/** Unbuilt the thread's file is TypeScript, built it is JavaScript. */
const workerFile = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url)

export function openDocuments(limits: Pick<Limits, "parseTimeoutMs">): Documents {
  return new DocumentWorker(limits.parseTimeoutMs)
}

class DocumentWorker implements Documents {
  readonly #timeoutMs: number
  #worker: Worker | undefined
  #tail: Promise<unknown> = Promise.resolve()
  #nextId = 1
  #closed = false

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  parse(filename: string, load: () => Promise<Uint8Array>, signal: AbortSignal): Promise<DocumentOutcome<ParsedDocument>> {
    const message = async (id: number): Promise<ToWorker> => ({ type: "parse", id, bytes: await load(), filename })
    return this.#inTurn(message, signal) as Promise<DocumentOutcome<ParsedDocument>> // a "parse" is answered by a document
  }

  chunk(document: ParsedDocument, options: ChunkOptions, signal: AbortSignal): Promise<DocumentOutcome<ChunkedDocument>> {
    const message = (id: number): Promise<ToWorker> => Promise.resolve({ type: "chunk", id, document, options })
    return this.#inTurn(message, signal) as Promise<DocumentOutcome<ChunkedDocument>> // a "chunk" is answered by chunks
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#drop()
  }

  #inTurn(message: (id: number) => Promise<ToWorker>, signal: AbortSignal): Promise<DocumentOutcome<ParsedDocument | ChunkedDocument>> {
    const turn = this.#tail.then(async () => {
      signal.throwIfAborted()
      if (this.#closed) throw new AppError("shutting_down", "The server is shutting down.")
      return this.#ask(await message(this.#nextId++))
    })
    this.#tail = turn.catch(() => undefined)
    return turn
  }

  async #ask(message: ToWorker): Promise<DocumentOutcome<ParsedDocument | ChunkedDocument>> {
    const worker = (this.#worker ??= startWorker())
    const answer = await answerOf(worker, message, this.#timeoutMs)
    if (answer.type === "answered") return outcomeOf(answer.message)
    await this.#drop()
    if (answer.type === "timed_out") {
      return failed(`Reading the file took longer than ${this.#timeoutMs / 1000} s. Split it into smaller files.`)
    }
    if (this.#closed) throw new AppError("shutting_down", "The server is shutting down.")
    return failed(`Reading the file needs more than ${workerMemoryMb} MB, or breaks the parser: ${answer.reason}.`)
  }

  async #drop(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }
}

function startWorker(): Worker {
  const worker = new Worker(workerFile, { resourceLimits: { maxOldGenerationSizeMb: workerMemoryMb }, name: "documents" })
  worker.unref() // an idle worker does not keep the process alive; a waiting question does
  return worker
}

type WorkerAnswer = { type: "answered"; message: FromWorker } | { type: "timed_out" } | { type: "broken"; reason: string }

function answerOf(worker: Worker, message: ToWorker, timeoutMs: number): Promise<WorkerAnswer> {
  return new Promise((resolve) => {
    const end = (answer: WorkerAnswer): void => {
      clearTimeout(timer)
      worker.off("message", onMessage).off("error", onError).off("exit", onExit).unref()
      resolve(answer)
    }
    const onMessage = (answer: FromWorker): void => (answer.id === message.id ? end({ type: "answered", message: answer }) : undefined)
    const onError = (error: unknown): void => end({ type: "broken", reason: messageOf(error) })
    const onExit = (code: number): void => end({ type: "broken", reason: `the thread ended with code ${code}` })
    const timer = setTimeout(() => end({ type: "timed_out" }), timeoutMs)
    worker.on("message", onMessage).on("error", onError).on("exit", onExit).ref()
    worker.postMessage(message)
  })
}

function outcomeOf(message: FromWorker): DocumentOutcome<ParsedDocument | ChunkedDocument> {
  if ("result" in message) return { outcome: "done", result: message.result }
  return "failure" in message ? { outcome: "failed", failure: message.failure } : failed(`The file could not be parsed: ${message.error}.`)
}

function failed(message: string): { outcome: "failed"; failure: DocumentFailure } {
  return { outcome: "failed", failure: { code: "invalid_file", message } }
}
