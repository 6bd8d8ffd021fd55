// One try on a model of this process: its events go to the sink, held while the client reads slower than the model writes.
import { AppError, deferred, type Deferred } from "../../core/index.ts"
import { eventsOf, type Deployment, type ModelCall, type ModelEvent } from "../../inference/index.ts"
import type { Pausable } from "./client-stream.ts"
import type { EventSink } from "./event-sink.ts"
import type { Attempt, AttemptEnd } from "./forward.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"

export interface NativeAttemptOptions {
  dependencies: Pick<LightRunDependencies, "upstreams" | "natives" | "limits" | "newId">
  deployment: Deployment
  request: ModelCall
  sink: EventSink
  end: AttemptEnd
  feedFrom: (source: Pausable | undefined) => void
  /** In place of those of one call. */
  events?: (signal: AbortSignal) => AsyncIterable<ModelEvent>
}

export class NativeAttempt implements Attempt {
  readonly #options: NativeAttemptOptions
  readonly #stopped = new AbortController()
  over = false

  constructor(options: NativeAttemptOptions) {
    this.#options = options
  }

  get begun(): boolean {
    return this.#options.sink.begun
  }

  start(): void {
    const { dependencies, deployment, request, end } = this.#options
    const { signal } = this.#stopped
    const events = this.#options.events?.(signal) ?? eventsOf(dependencies, deployment, request, signal)
    void this.#run(events).catch((error: unknown) => end.failed(error))
  }

  stop(reason: unknown): void {
    this.over = true
    this.#stopped.abort(reason instanceof Error ? reason : new AppError("client_closed_request", "the call was stopped"))
  }

  async #run(events: ReturnType<typeof eventsOf>): Promise<void> {
    const gate = new Gate()
    this.#options.feedFrom(gate)
    for await (const event of events) {
      if (this.over) return
      this.#options.sink.take(event)
      await gate.open
    }
    if (this.over) return
    this.#options.sink.finish()
    this.over = true
  }
}

/** Holds the loop while the reader is slower than the model; a client that leaves opens it by ending the events. */
class Gate implements Pausable {
  #closed: Deferred<void> | undefined

  get open(): Promise<void> | undefined {
    return this.#closed?.promise
  }

  pause(): void {
    this.#closed ??= deferred<void>()
  }

  resume(): void {
    this.#closed?.resolve()
    this.#closed = undefined
  }
}
