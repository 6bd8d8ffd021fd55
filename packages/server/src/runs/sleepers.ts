// Wakes what waits for a time: one timer for the earliest run that is due, whoever let it go to sleep.
import type { Clock } from "../core/index.ts"
import { executors, type Store } from "../store/index.ts"

export interface SleepersOptions {
  store: Store
  clock: Clock
  /** Some run is queued again. */
  onWoken: () => void
  onError: (what: string, error: unknown) => void
}

export class Sleepers {
  readonly #options: SleepersOptions
  #timer: NodeJS.Timeout | undefined
  #at = Number.POSITIVE_INFINITY
  #stopping = false

  constructor(options: SleepersOptions) {
    this.#options = options
  }

  arm(inMs: number): void {
    const { clock, onError } = this.#options
    const at = clock.monotonic() + Math.max(0, inMs)
    if (at >= this.#at || this.#stopping) return
    this.#at = at
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(
      () => void this.wakeDue().catch((error: unknown) => onError("waking of sleepers", error)),
      Math.min(Math.max(0, inMs) + 1, timerMsMax),
    )
  }

  async wakeDue(): Promise<void> {
    this.#at = Number.POSITIVE_INFINITY
    const { woken, nextInMs } = await executors.wakeDue(this.#options.store.system)
    if (nextInMs !== null) this.arm(nextInMs)
    if (woken > 0) this.#options.onWoken()
  }

  /** No new timer from here on. */
  stop(): void {
    this.#stopping = true
  }

  clear(): void {
    if (this.#timer) clearTimeout(this.#timer)
  }
}

const timerMsMax = 2 ** 31 - 1
