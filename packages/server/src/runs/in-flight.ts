// What of a run is in flight when it stops, its body and its steps: both are waited for, for a while.
import { deferred } from "../core/index.ts"

export class InFlight {
  readonly #drainMs: number
  readonly #body = deferred<void>()
  readonly #steps = new Set<Promise<unknown>>()
  /** Those of the steps that are in doubt: they never settle. */
  #doubted = 0

  constructor(drainMs: number) {
    this.#drainMs = drainMs
  }

  /** A step in flight: the end of the run waits for it. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#steps.add(work)
    return work.finally(() => this.#steps.delete(work))
  }

  doubt(): void {
    this.#doubted += 1
  }

  bodyDone(): void {
    this.#body.resolve()
  }

  bodySettled(): Promise<void> {
    return Promise.race([this.#body.promise, wait(this.#drainMs)])
  }

  /** Side effects in flight are journaled if their results arrive in time. */
  async stepsSettled(): Promise<void> {
    if (this.#steps.size === this.#doubted) return
    let isLate = false
    const late = wait(this.#drainMs).then(() => (isLate = true))
    while (!isLate && this.#steps.size > this.#doubted) await Promise.race([late, ...[...this.#steps].map(quietly)])
  }
}

function quietly(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch(() => undefined)
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
