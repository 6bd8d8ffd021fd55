// Reads files in worker threads: a few at once, projects in turn, within limits of time and memory.
import { AppError, type Limits } from "../../core/index.ts"
import type { IndexPart } from "../retrieval/index-entry.ts"
import { FairQueue } from "./fair-queue.ts"
import type { ChunkOptions, DocumentFailure, ReadDocument } from "./types.ts"
import { WorkerThread, type WorkerAnswer } from "./worker-thread.ts"
import type { WorkerTask } from "./worker.ts"

export type DocumentOutcome<T> = { outcome: "done"; result: T } | { outcome: "failed"; failure: DocumentFailure }

export interface Documents extends AsyncDisposable {
  /** `load` is called when the file's turn has come, so that waiting files take no memory. */
  read(
    owner: string,
    file: { filename: string; load: () => Promise<Uint8Array> },
    options: ChunkOptions,
    signal: AbortSignal,
  ): Promise<DocumentOutcome<ReadDocument>>
  /** The terms of some texts. */
  terms(owner: string, texts: readonly string[], signal: AbortSignal): Promise<IndexPart[]>
}

export type DocumentLimits = Pick<
  Limits,
  "parseTimeoutMs" | "parseWorkersMax" | "parseMemoryMb" | "filePagesMax" | "fileCharactersMax" | "fileUnpackedBytesMax"
>

export function openDocuments(limits: DocumentLimits): Documents {
  return new DocumentReader(limits)
}

interface Job {
  task: () => Promise<WorkerTask>
  signal: AbortSignal
  settle: PromiseWithResolvers<WorkerAnswer>
}

class DocumentReader implements Documents {
  readonly #limits: DocumentLimits
  readonly #queue = new FairQueue<Job>()
  readonly #idle: WorkerThread[]
  readonly #threads: readonly WorkerThread[]
  #closed = false

  constructor(limits: DocumentLimits) {
    this.#limits = limits
    const { parseWorkersMax, parseTimeoutMs, parseMemoryMb } = limits
    this.#threads = Array.from({ length: parseWorkersMax }, () => new WorkerThread(parseTimeoutMs, parseMemoryMb))
    this.#idle = [...this.#threads]
  }

  async read(
    owner: string,
    { filename, load }: { filename: string; load: () => Promise<Uint8Array> },
    options: ChunkOptions,
    signal: AbortSignal,
  ): Promise<DocumentOutcome<ReadDocument>> {
    const { filePagesMax: pagesMax, fileCharactersMax: charactersMax, fileUnpackedBytesMax: unpackedBytesMax } = this.#limits
    const limits = { pagesMax, charactersMax, unpackedBytesMax }
    const answer = await this.#ask(owner, async () => ({ type: "read", bytes: await load(), filename, options, limits }), signal)
    if (answer.type !== "answered") return { outcome: "failed", failure: { code: "invalid_file", message: this.#why(answer) } }
    const { message } = answer
    if ("result" in message) return { outcome: "done", result: message.result as ReadDocument } // a "read" is answered by a document
    const failure = "failure" in message ? message.failure : undefined
    const unknown = "error" in message ? message.error : ""
    return {
      outcome: "failed",
      failure: failure ?? { code: "invalid_file", message: `The file '${filename}' could not be parsed: ${unknown}.` },
    }
  }

  async terms(owner: string, texts: readonly string[], signal: AbortSignal): Promise<IndexPart[]> {
    const answer = await this.#ask(owner, () => Promise.resolve({ type: "terms", texts }), signal)
    if (answer.type === "answered" && "result" in answer.message) return answer.message.result as IndexPart[] // "terms" are answered by terms
    const why = answer.type !== "answered" ? this.#why(answer) : "error" in answer.message ? answer.message.error : "no answer"
    throw new AppError("server_error", `The words of a chunk could not be counted: ${why}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    for (const job of this.#queue.drain()) job.settle.reject(shuttingDown())
    await Promise.all(this.#threads.map((thread) => thread.end()))
  }

  async #ask(owner: string, task: Job["task"], signal: AbortSignal): Promise<WorkerAnswer> {
    if (this.#closed) throw shuttingDown()
    const job: Job = { task, signal, settle: Promise.withResolvers() }
    this.#queue.push(owner, job)
    this.#next()
    const answer = await job.settle.promise
    if (this.#closed && answer.type === "broken") throw shuttingDown()
    return answer
  }

  #next(): void {
    if (this.#idle.length === 0) return
    const job = this.#queue.shift()
    if (job === undefined) return
    const thread = this.#idle.pop()
    if (thread === undefined) return
    void this.#work(thread, job).finally(() => {
      this.#idle.push(thread)
      this.#next()
    })
  }

  async #work(thread: WorkerThread, { task, signal, settle }: Job): Promise<void> {
    try {
      signal.throwIfAborted()
      settle.resolve(await thread.ask(await task()))
    } catch (error) {
      settle.reject(error)
    }
  }

  #why(answer: Exclude<WorkerAnswer, { type: "answered" }>): string {
    const { parseTimeoutMs, parseMemoryMb } = this.#limits
    if (answer.type === "timed_out") return `Reading the file took longer than ${parseTimeoutMs / 1000} s. Split it into smaller files.`
    if (answer.type === "too_large") return `Reading the file needs more than ${parseMemoryMb} MB of memory. Split it into smaller files.`
    return `The file breaks its parser: ${answer.reason}.`
  }
}

function shuttingDown(): AppError {
  return new AppError("shutting_down", "The server is shutting down.")
}
