// Owns the worker thread that counts tokens: one question at a time, each within its time; idle for long, it is ended and its memory comes back.
import { Worker } from "node:worker_threads"
import { messageOf, type Limits } from "../../core/index.ts"
import type { Vocabulary } from "./types.ts"
import type { FromWorker, ToWorker } from "./worker.ts"

export interface Tokenizer extends AsyncDisposable {
  /** Undefined when the time was not enough, or the thread failed. */
  count(vocabulary: Vocabulary, texts: readonly string[], signal: AbortSignal): Promise<number | undefined>
}

export interface TokenizerOptions {
  limits: Pick<Limits, "tokenCountTimeoutMs" | "tokenizerIdleMs">
  onError: (what: string, error: unknown) => void
}

/** Unbuilt the thread's file is TypeScript, built it is JavaScript. */
const workerFile = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url)
const workerMemoryMb = 512

export function createTokenizer(options: TokenizerOptions): Tokenizer {
  return new ThreadedTokenizer(options)
}

class ThreadedTokenizer implements Tokenizer {
  readonly #options: TokenizerOptions
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined
  #tail: Promise<unknown> = Promise.resolve()
  #nextId = 1
  #closed = false

  constructor(options: TokenizerOptions) {
    this.#options = options
  }

  count(vocabulary: Vocabulary, texts: readonly string[], signal: AbortSignal): Promise<number | undefined> {
    const deadline = performance.now() + this.#options.limits.tokenCountTimeoutMs
    const turn = this.#tail.then(() => {
      signal.throwIfAborted()
      const leftMs = deadline - performance.now()
      return this.#closed || leftMs <= 0 ? undefined : this.#ask({ id: this.#nextId++, vocabulary, texts }, leftMs)
    })
    this.#tail = turn.catch(() => undefined)
    return turn
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#drop()
  }

  async #ask(question: ToWorker, leftMs: number): Promise<number | undefined> {
    clearTimeout(this.#idle)
    const answer = await answerOf((this.#worker ??= startWorker()), question, leftMs)
    if (answer === "too slow" || "broken" in answer) await this.#drop()
    else this.#idle = setTimeout(() => void this.#drop(), this.#options.limits.tokenizerIdleMs).unref()
    if (answer === "too slow" || "tokens" in answer) return answer === "too slow" ? undefined : answer.tokens
    if (!this.#closed) this.#options.onError("counting tokens", "broken" in answer ? answer.broken : answer.error)
    return undefined
  }

  async #drop(): Promise<void> {
    clearTimeout(this.#idle)
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }
}

function startWorker(): Worker {
  const worker = new Worker(workerFile, { resourceLimits: { maxOldGenerationSizeMb: workerMemoryMb }, name: "tokenizer" })
  worker.unref() // an idle thread does not keep the process alive; a waiting question does
  return worker
}

type Answer = FromWorker | "too slow" | { broken: string }

function answerOf(worker: Worker, question: ToWorker, leftMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const end = (answer: Answer): void => {
      clearTimeout(timer)
      worker.off("message", onMessage).off("error", onError).off("exit", onExit).unref()
      resolve(answer)
    }
    const onMessage = (answer: FromWorker): void => (answer.id === question.id ? end(answer) : undefined)
    const onError = (error: unknown): void => end({ broken: messageOf(error) })
    const onExit = (code: number): void => end({ broken: `the thread ended with code ${code}` })
    const timer = setTimeout(() => end("too slow"), leftMs)
    worker.on("message", onMessage).on("error", onError).on("exit", onExit).ref()
    worker.postMessage(question)
  })
}
