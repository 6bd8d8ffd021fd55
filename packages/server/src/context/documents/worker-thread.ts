// One worker thread of documents: asked one thing at a time, ended when it takes too long or too much memory.
import { Worker } from "node:worker_threads"
import { messageOf } from "../../core/index.ts"
import type { FromWorker, ToWorker, WorkerTask } from "./worker.ts"

export type WorkerAnswer =
  | { type: "answered"; message: FromWorker }
  | { type: "timed_out" }
  | { type: "too_large" }
  | { type: "broken"; reason: string }

/** Unbuilt the thread's file is TypeScript, built it is JavaScript. */
const workerFile = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url)
/** Between two looks at the memory of a thread at work. What is unpacked lies outside of the heap, where no limit of the engine's holds. */
const watchMs = 50
const bytesPerMb = 1024 * 1024

export class WorkerThread {
  readonly #timeoutMs: number
  readonly #memoryMb: number
  #worker: Worker | undefined
  #nextId = 1

  constructor(timeoutMs: number, memoryMb: number) {
    this.#timeoutMs = timeoutMs
    this.#memoryMb = memoryMb
  }

  /** A thread that broke a limit is replaced by the next question. */
  async ask(task: WorkerTask): Promise<WorkerAnswer> {
    const worker = (this.#worker ??= this.#start())
    const answer = await this.#answerOf(worker, { ...task, id: this.#nextId++ })
    if (answer.type !== "answered") await this.end()
    return answer
  }

  async end(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(workerFile, { resourceLimits: { maxOldGenerationSizeMb: this.#memoryMb }, name: "documents" })
    worker.unref() // an idle worker does not keep the process alive; a waiting question does
    return worker
  }

  #answerOf(worker: Worker, message: ToWorker): Promise<WorkerAnswer> {
    return new Promise((resolve) => {
      const end = (answer: WorkerAnswer): void => {
        clearTimeout(timer)
        clearInterval(watch)
        worker.off("message", onMessage).off("error", onError).off("exit", onExit).unref()
        resolve(answer)
      }
      const onMessage = (answer: FromWorker): void => (answer.id === message.id ? end({ type: "answered", message: answer }) : undefined)
      const onError = (error: unknown): void =>
        end(isOutOfMemory(error) ? { type: "too_large" } : { type: "broken", reason: messageOf(error) })
      const onExit = (code: number): void => end({ type: "broken", reason: `the thread ended with code ${code}` })
      const timer = setTimeout(() => end({ type: "timed_out" }), this.#timeoutMs)
      const watch = setInterval(() => void look(), watchMs)
      const look = async (): Promise<void> => {
        const heap = await worker.getHeapStatistics().catch(() => undefined) // a thread that has ended says so itself
        if ((heap?.external_memory ?? 0) > this.#memoryMb * bytesPerMb) end({ type: "too_large" })
      }
      worker.on("message", onMessage).on("error", onError).on("exit", onExit).ref()
      worker.postMessage(message)
    })
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY"
}
