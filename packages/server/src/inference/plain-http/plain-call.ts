// One request and what becomes of it: the controller that its handler has, in undici's words.
import type { IncomingHttpHeaders } from "node:http"
import { errors, type Dispatcher } from "undici"
import type { AnswerHead } from "./answer-head.ts"

/** The connection that carries a call, as far as the call steers it. */
export interface Carrier {
  pause(): void
  resume(): void
  /** Cuts it: nothing of the call may be left on it for the next one. */
  cut(): void
}

/** What a call may take of time; 0 where it may take any. */
export interface CallWaits {
  headersMs: number
  bodyMs: number
}

const noTrailers: IncomingHttpHeaders = {}

export class PlainCall implements Dispatcher.DispatchController {
  bytes: readonly Buffer[]
  readonly waits: CallWaits
  readonly #handler: Dispatcher.DispatchHandler
  #carrier: Carrier | undefined
  #queue: PlainCall[] | undefined
  aborted = false
  paused = false
  reason: Error | null = null
  /** Completed, failed or aborted: the handler hears nothing more. */
  over = false
  headSeen = false

  constructor(bytes: readonly Buffer[], waits: CallWaits, handler: Dispatcher.DispatchHandler) {
    this.bytes = bytes
    this.waits = waits
    this.#handler = handler
  }

  /** Waits for a connection; it can be given up from now on, which takes it out of the queue. */
  enqueue(queue: PlainCall[]): void {
    this.#queue = queue
    queue.push(this)
    this.#handler.onRequestStart?.(this, null)
  }

  /** False when it was given up. */
  starts(carrier: Carrier): boolean {
    this.#queue = undefined
    this.#carrier = carrier
    return !this.over
  }

  head({ status, headers }: AnswerHead): void {
    this.headSeen = true
    this.#handler.onResponseStart?.(this, status, headers)
  }

  body(bytes: Buffer): void {
    this.#handler.onResponseData?.(this, bytes)
  }

  completed(): void {
    if (this.over) return
    this.over = true
    this.#handler.onResponseEnd?.(this, noTrailers)
  }

  failed(error: Error): void {
    if (this.over) return
    this.over = true
    this.#handler.onResponseError?.(this, error)
  }

  abort(reason: Error = new errors.RequestAbortedError()): void {
    if (this.over) return
    this.aborted = true
    this.reason = reason
    this.#leaveQueue()
    this.failed(reason)
    this.#carrier?.cut()
  }

  #leaveQueue(): void {
    const at = this.#queue?.indexOf(this) ?? -1
    if (at < 0) return
    this.#queue?.splice(at, 1)
    this.bytes = []
  }

  pause(): void {
    if (this.over || this.paused) return
    this.paused = true
    this.#carrier?.pause()
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    if (!this.over) this.#carrier?.resume()
  }
}
