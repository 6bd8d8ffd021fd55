// The main thread's side of the embedded engine: one connection, shared in turns, urgent work first, every wait limited.
import { setFlagsFromString } from "node:v8"
import { Worker } from "node:worker_threads"
import { AppError, deferred, type Deferred } from "../../core/index.ts"
import { explainDisk } from "../disk.ts"
import { connectionError, StoreError } from "../errors.ts"
import type { EngineOptions } from "../engine.ts"
import type { FromWorker, ToWorker, WorkerSettings } from "./messages.ts"

export type Priority = "urgent" | "normal"

export interface HostOptions extends EngineOptions {
  readonly settings: WorkerSettings
}

/** A turn on the only connection; `release` gives it back. */
export interface Turn {
  send(request: Uint8Array): Promise<Uint8Array>
  /** For migrations and maintenance: statements of this turn may run for as long as they need. */
  withoutLimit(): void
  release(): void
}

interface Waiting {
  readonly start: () => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/**
 * States of the thread: starting → ready → (busy ⇄ ready) → closed, or → dead from any of them.
 * Dead is final: in-flight requests are rejected with an unknown outcome, `onFatal` is called once, every later call is refused.
 */
export class PgliteHost {
  readonly #options: HostOptions
  readonly #worker: Worker
  readonly #ready = deferred<void>()
  readonly #closed = deferred<void>()
  readonly #inFlight = new Map<number, Deferred<readonly Uint8Array[]>>()
  readonly #queues: Record<Priority, Waiting[]> = { urgent: [], normal: [] }
  #taken = false
  #urgentInARow = 0
  #nextId = 1
  #dead: Error | undefined
  #closing = false
  /** Successful fsyncs of the engine so far. */
  fsyncs = 0

  constructor(options: HostOptions) {
    this.#options = options
    compileInOneThread()
    reduceMemoryOfThreads(false)
    this.#worker = new Worker(workerUrl(), {
      workerData: options.settings,
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
      stdout: false,
      stderr: false,
    })
    for (const made of ["online", "exit"]) this.#worker.once(made, () => reduceMemoryOfThreads(true))
    this.#worker.on("message", (message: FromWorker) => this.#onMessage(message))
    this.#worker.on("error", (error) => this.#die(`The database's thread failed: ${error.message}`))
    this.#worker.on("exit", () => this.#onExit())
    this.#ready.promise.catch(() => undefined)
  }

  ready(): Promise<void> {
    return this.#ready.promise
  }

  /** Waits for the connection: urgent before normal, but a normal one after at most eight urgent ones. */
  async turn(priority: Priority): Promise<Turn> {
    if (this.#dead !== undefined) throw this.#dead
    if (this.#closing) throw connectionError("The store is closed", false)
    if (this.#taken) await this.#wait(priority)
    this.#taken = true
    let released = false
    let limitMs: number | undefined = this.#options.limits.queryTimeoutMs
    return {
      withoutLimit: () => {
        limitMs = undefined
      },
      send: (request) =>
        released
          ? Promise.reject(connectionError("The transaction has ended: a statement came after it", false))
          : this.#send(request, limitMs),
      release: () => {
        if (released) return
        released = true
        this.#next()
      },
    }
  }

  async close(): Promise<void> {
    if (this.#closing) return await this.#closed.promise
    this.#closing = true
    for (const waiting of [...this.#queues.urgent.splice(0), ...this.#queues.normal.splice(0)]) {
      clearTimeout(waiting.timer)
      waiting.reject(connectionError("The store is closed", false))
    }
    if (this.#dead === undefined) this.#post({ type: "close" })
    else this.#closed.resolve()
    const timer = setTimeout(() => void this.#worker.terminate(), this.#options.limits.queryTimeoutMs)
    await this.#closed.promise
    clearTimeout(timer)
    await this.#worker.terminate()
  }

  async #wait(priority: Priority): Promise<void> {
    const { databaseQueueMax, queryTimeoutMs } = this.#options.limits
    const queue = this.#queues[priority]
    if (queue.length >= databaseQueueMax) {
      throw new StoreError("overloaded", `${databaseQueueMax} statements wait for the database already`, { retryAfterMs: 1_000 })
    }
    const turn = deferred<void>()
    const timer = setTimeout(() => {
      const index = queue.indexOf(waiting)
      if (index < 0) return
      queue.splice(index, 1)
      turn.reject(
        new StoreError("database_timeout", `The database had no turn for this statement within ${queryTimeoutMs} ms`, {
          retryAfterMs: 1_000,
        }),
      )
    }, queryTimeoutMs)
    const waiting: Waiting = { start: () => turn.resolve(), reject: (error) => turn.reject(error), timer }
    queue.push(waiting)
    await turn.promise
  }

  #next(): void {
    const { urgent, normal } = this.#queues
    const takeNormal = urgent.length === 0 || (normal.length > 0 && this.#urgentInARow >= 8)
    const next = takeNormal ? normal.shift() : urgent.shift()
    this.#urgentInARow = takeNormal ? 0 : this.#urgentInARow + 1
    if (next === undefined) {
      this.#taken = false
      return
    }
    clearTimeout(next.timer)
    next.start()
  }

  async #send(request: Uint8Array, limitMs: number | undefined): Promise<Uint8Array> {
    if (this.#dead !== undefined) throw this.#dead
    const id = this.#nextId
    this.#nextId += 1
    const answer = deferred<readonly Uint8Array[]>()
    this.#inFlight.set(id, answer)
    this.#post({ type: "batch", id, requests: [request], isHousekeeping: limitMs === undefined })
    const timer = limitMs === undefined ? undefined : this.#watch(id, limitMs)
    try {
      const [reply] = await answer.promise
      return reply ?? new Uint8Array(0)
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * A statement inside the engine can't be interrupted: its thread is busy and nothing else runs. Past the limit the engine is given up;
   * the process ends and opens the database anew, which loses nothing that was acknowledged.
   */
  #watch(id: number, limitMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      const answer = this.#inFlight.get(id)
      answer?.reject(new StoreError("database_timeout", `A statement ran for more than ${limitMs} ms`, { outcome: "unknown" }))
      this.#die(`A statement ran for more than ${limitMs} ms inside the embedded database, which can't be interrupted`)
    }, limitMs)
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message)
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case "ready":
        this.fsyncs = message.fsyncs
        return this.#ready.resolve()
      case "failed":
        return this.#ready.reject(new EngineStartError(message.message, message.output))
      case "batch":
        this.fsyncs = message.fsyncs
        this.#inFlight.get(message.id)?.resolve(message.replies)
        this.#inFlight.delete(message.id)
        return
      case "died":
        return this.#die(`The embedded database died: ${message.message}`, message.output)
      case "closed":
        return this.#closed.resolve()
    }
  }

  #onExit(): void {
    this.#ready.reject(new EngineStartError("the thread ended while the database was opening", ""))
    if (!this.#closing) this.#die("The database's thread ended by itself")
    this.#closed.resolve()
  }

  #die(what: string, output = ""): void {
    if (this.#dead !== undefined || this.#closing) return
    this.#ready.reject(new EngineStartError(what, output))
    const explained = explainDisk(undefined, this.#options.settings.directory, output)
    const reason = explained instanceof AppError ? `${what}. ${explained.message}` : what
    const hint = explained instanceof AppError ? explained.hint : undefined
    const error = connectionError(reason, true)
    this.#dead = connectionError(`${reason}. Restart Perdure: what was acknowledged is safe`, false)
    for (const answer of this.#inFlight.values()) answer.reject(error)
    this.#inFlight.clear()
    for (const waiting of [...this.#queues.urgent.splice(0), ...this.#queues.normal.splice(0)]) {
      clearTimeout(waiting.timer)
      waiting.reject(this.#dead)
    }
    this.#options.logger.error({ output }, reason)
    void this.#worker.terminate()
    this.#options.onFatal(
      new AppError("database_unavailable", this.#dead.message, {
        hint: hint ?? "Start again: what was acknowledged is on disk. If it happens again: perdure doctor",
      }),
    )
  }
}

/** The engine didn't come up; `output` is what Postgres wrote. */
export class EngineStartError extends Error {
  override readonly name = "EngineStartError"
  readonly output: string

  constructor(message: string, output: string) {
    super(message)
    this.output = output
  }
}

/** Of the thread's JavaScript heap, which only ever passes messages on; V8's own limit is four times as much. */
const youngGenerationMb = 12

/**
 * V8 optimises the engine's functions while they run, the largest of them with 600 MB of working memory. By default any of four threads
 * does that, several at once, and what their allocators keep of it stays: about 80 MB more for as long as the process lives.
 */
function compileInOneThread(): void {
  setFlagsFromString("--wasm-num-compilation-tasks=1")
}

/**
 * Eight and again nine seconds after the start V8 would collect the thread's whole heap, to give memory back: 8 MB, for which its threads
 * keep answers waiting for a tenth of a second, in the first load after a start. It looks at this when the thread's heap is made.
 */
function reduceMemoryOfThreads(reduces: boolean): void {
  setFlagsFromString(reduces ? "--memory-reducer" : "--no-memory-reducer")
}

/** Beside this file, in TypeScript during development and compiled when published. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url)
}
