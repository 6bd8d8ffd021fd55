// The model as its users see it: a queue in this thread in front of one worker thread.
import { Worker } from "node:worker_threads"
import type { Tokenizer } from "@huggingface/tokenizers"
import { countTokens, dimensions, tokensMax, type Passage, type PassageVectors } from "./encode.ts"
import { MiniLmError } from "./errors.ts"
import { FairQueue, type PassageRequest } from "./fair-queue.ts"
import { checkModelFile, modelDirectory, readTokenizer } from "./model-files.ts"
import { loadRuntime } from "./runtime.ts"
import { runningFlag, stopFlag, type FromWorker, type ToWorker, type WorkerStart } from "./protocol.ts"

/** Texts that may wait; a call that would exceed it is refused with `queue_full`. */
export const textsWaitingMax = 20_000

/** One text runs while the next lies ready, so that a busy asking thread does not starve the model. */
const inFlightMax = 2

/** Longest wait for the run under way when the process exits; one takes 50 ms. */
const runWaitMs = 2_000

export interface MiniLm extends AsyncDisposable {
  readonly dimensions: number
  readonly tokensMax: number
  /** One vector of length 1 per text, in order. A longer text is cut to `tokensMax` tokens. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>
  /**
   * Each text read after what stood before it, and with a small vector per token as well, for late-interaction reranking. `isUrgent`: somebody waits
   * for it, so it goes before what is only to be indexed.
   */
  embedPassages(passages: readonly Passage[], signal?: AbortSignal, options?: { isUrgent?: boolean }): Promise<PassageVectors[]>
  /** Tokens of the text without `[CLS]` and `[SEP]`. */
  countTokens(text: string): number
}

export interface OpenMiniLmOptions {
  signal?: AbortSignal
  /** Where the model files are; those of the package when absent. */
  directory?: string
  /** Overrides `textsWaitingMax`. */
  textsWaitingMax?: number
}

/**
 * Resolves when the model is known to run here; rejects with a `MiniLmError` that says why not. The files are checked and the native
 * library is loaded; the thread that holds the weights (some 120 MB) starts with the first text.
 */
export async function openMiniLm(options: OpenMiniLmOptions = {}): Promise<MiniLm> {
  const { signal, directory = modelDirectory } = options
  signal?.throwIfAborted()
  const checks = Promise.all([readTokenizer(directory), checkModelFile(directory, "model.onnx"), loadRuntime()])
  const [tokenizer] = await (signal ? Promise.race([checks, rejectsOnAbort(signal)]) : checks)
  return new WorkerMiniLm(directory, tokenizer, options.textsWaitingMax ?? textsWaitingMax)
}

function rejectsOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }))
}

interface RunResult {
  text: Float32Array
  tokens: PassageVectors["tokens"] | null
}

interface Request extends PassageRequest {
  readonly tokens: boolean
  readonly results: RunResult[]
  left: number
  resolve(results: RunResult[]): void
  reject(error: unknown): void
}

class WorkerMiniLm implements MiniLm {
  readonly dimensions = dimensions
  readonly tokensMax = tokensMax
  readonly #directory: string
  readonly #tokenizer: Tokenizer
  readonly #queue: FairQueue<Request>
  readonly #inFlight = new Map<number, { request: Request; position: number }>()
  readonly #flags = new Int32Array(new SharedArrayBuffer(8))
  #worker: Worker | undefined
  #starting: Promise<void> | undefined
  #nextId = 0
  #closed = false

  constructor(directory: string, tokenizer: Tokenizer, waitingMax: number) {
    this.#directory = directory
    this.#tokenizer = tokenizer
    this.#queue = new FairQueue(waitingMax)
    process.on("exit", this.#onProcessExit)
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const passages = texts.map((text) => ({ text }))
    return (await this.#enqueue(passages, { tokens: false, isUrgent: false }, signal)).map((result) => result.text)
  }

  async embedPassages(
    passages: readonly Passage[],
    signal?: AbortSignal,
    { isUrgent = false }: { isUrgent?: boolean } = {},
  ): Promise<PassageVectors[]> {
    const results = await this.#enqueue(passages, { tokens: true, isUrgent }, signal)
    return results.map(({ text, tokens }) => ({ text, tokens: tokens ?? { vectors: new Int8Array(), weights: new Float32Array() } }))
  }

  countTokens(text: string): number {
    return countTokens(this.#tokenizer, text)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    process.off("exit", this.#onProcessExit)
    const worker = this.#worker
    this.#fail(new MiniLmError("closed", "The embedding model was closed."))
    if (!worker) return
    const exited = new Promise<void>((resolve) => void worker.once("exit", () => resolve()))
    worker.ref()
    worker.postMessage({ type: "close" } satisfies ToWorker)
    await exited
  }

  /** onnxruntime aborts the process when its thread is torn down in the middle of a run, so `process.exit()` waits for that run. */
  readonly #onProcessExit = (): void => {
    Atomics.store(this.#flags, stopFlag, 1)
    Atomics.wait(this.#flags, runningFlag, 1, runWaitMs)
  }

  /** Starts the worker unless it runs; it is started again by the next call after it died. */
  #start(): Promise<void> {
    this.#starting ??= this.#startWorker()
    return this.#starting
  }

  #enqueue(passages: readonly Passage[], how: Pick<Request, "tokens" | "isUrgent">, signal: AbortSignal | undefined): Promise<RunResult[]> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error)
    if (this.#closed) return Promise.reject(new MiniLmError("closed", "The embedding model was closed."))
    if (passages.length === 0) return Promise.resolve([])
    const { promise, resolve, reject } = Promise.withResolvers<RunResult[]>()
    const request: Request = { ...how, passages: [...passages], taken: 0, results: [], left: passages.length, resolve, reject }
    if (!this.#queue.add(request)) return Promise.reject(this.#full(passages.length))
    const onAbort = (): void => {
      this.#queue.remove(request)
      reject(signal?.reason)
    }
    signal?.addEventListener("abort", onAbort, { once: true })
    this.#start().then(
      () => this.#pump(),
      (error: unknown) => this.#fail(error),
    )
    return promise.finally(() => signal?.removeEventListener("abort", onAbort))
  }

  #full(texts: number): MiniLmError {
    const waiting = this.#queue.waiting
    return new MiniLmError("queue_full", `The embedding queue is full: ${waiting} texts wait, ${texts} more do not fit. Try again later.`)
  }

  #pump(): void {
    const worker = this.#worker
    // While it closes, the worker keeps the process alive until it has ended.
    if (!worker || this.#closed) return
    while (this.#inFlight.size < inFlightMax) {
      const next = this.#queue.take()
      if (!next) break
      const id = this.#nextId++
      this.#inFlight.set(id, next)
      worker.postMessage({ type: "run", id, passage: next.passage, tokens: next.request.tokens } satisfies ToWorker)
    }
    // An idle model does not keep a program alive.
    if (this.#inFlight.size > 0) worker.ref()
    else worker.unref()
  }

  #receive(message: FromWorker): void {
    if (message.type !== "vectors" && message.type !== "run-failed") return
    const entry = this.#inFlight.get(message.id)
    this.#inFlight.delete(message.id)
    if (entry && message.type === "vectors") {
      const { request, position } = entry
      request.results[position] = { text: message.text, tokens: message.tokens }
      if (--request.left === 0) request.resolve(request.results)
    } else if (entry && message.type === "run-failed") {
      this.#queue.remove(entry.request)
      entry.request.reject(new MiniLmError("inference_failed", `The embedding model failed on a text: ${message.message}`))
    }
    this.#pump()
  }

  #startWorker(): Promise<void> {
    Atomics.store(this.#flags, runningFlag, 0)
    const file = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js"
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData: { directory: this.#directory, flags: this.#flags } satisfies WorkerStart,
      name: "perdure-minilm",
      execArgv: [],
    })
    this.#worker = worker
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    worker.on("message", (message: FromWorker) => {
      if (message.type === "ready") resolve()
      else if (message.type === "load-failed") reject(new MiniLmError(message.code, message.message))
      else this.#receive(message)
    })
    worker.once("error", (cause: unknown) => this.#ended(worker, reject, cause))
    worker.once("exit", (code) => this.#ended(worker, reject, new Error(`exit code ${code}`)))
    return promise
  }

  #ended(worker: Worker, reject: (error: unknown) => void, cause: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#starting = undefined
    const reason = cause instanceof Error ? cause.message : String(cause)
    const error = new MiniLmError("worker_ended", `The embedding model's thread ended: ${reason}. The next call starts it again.`, {
      cause,
    })
    reject(error)
    this.#fail(error)
  }

  #fail(error: unknown): void {
    const requests = new Set([...this.#inFlight.values()].map((entry) => entry.request).concat(this.#queue.clear()))
    this.#inFlight.clear()
    for (const request of requests) request.reject(error)
  }
}
