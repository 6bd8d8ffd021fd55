// How fast one batch goes: fewer calls at once and a pause when it is refused, more again when it is let through.
import { sleep, type Clock } from "../core/index.ts"

const pauseMs = 1_000
const pauseMsMax = 60_000

export interface PaceOptions {
  callsMax: number
  clock: Pick<Clock, "monotonic">
}

export class Pace {
  readonly #options: PaceOptions
  #allowed: number
  #underWay = 0
  #pauseMs = 0
  #pausedUntil = 0
  #refusedAt = Number.NEGATIVE_INFINITY
  #faultsInRow = 0
  readonly #waiting: (() => void)[] = []

  constructor(options: PaceOptions) {
    this.#options = options
    this.#allowed = options.callsMax
  }

  /** Resolves with the time when a call may begin; rejects when `signal` aborts. */
  async enter(signal: AbortSignal): Promise<number> {
    for (;;) {
      signal.throwIfAborted()
      const now = this.#options.clock.monotonic()
      if (now < this.#pausedUntil) await sleep(this.#pausedUntil - now, signal)
      else if (this.#underWay >= this.#allowed) await this.#turn(signal)
      else {
        this.#underWay += 1
        return now
      }
    }
  }

  leave(): void {
    this.#underWay -= 1
    this.#next()
  }

  accepted(): void {
    this.#pauseMs = 0
    this.#faultsInRow = 0
    this.#allowed = Math.min(this.#options.callsMax, this.#allowed + 1)
    this.#next()
  }

  /** One that fails by itself holds nobody up; when nothing else comes, the provider is taken to be ill. */
  faulted(startedAt: number): void {
    this.#faultsInRow += 1
    if (this.#faultsInRow > this.#options.callsMax) this.refused(startedAt, null)
  }

  /** `startedAt`: of the call. Calls that were under way together are refused together: that is one refusal. */
  refused(startedAt: number, retryAfterMs: number | null): void {
    const now = this.#options.clock.monotonic()
    if (startedAt >= this.#refusedAt) {
      this.#refusedAt = now
      this.#pauseMs = Math.min(pauseMsMax, Math.max(pauseMs, this.#pauseMs * 2))
      this.#allowed = 1
    }
    // With an hour to wait the limit may be raised sooner: it is asked again each minute.
    const waitMs = retryAfterMs === null ? this.#pauseMs : Math.min(pauseMsMax, Math.max(1, retryAfterMs))
    this.#pausedUntil = Math.max(this.#pausedUntil, now + waitMs)
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason as Error)
      signal.addEventListener("abort", onAbort, { once: true })
      this.#waiting.push(() => {
        signal.removeEventListener("abort", onAbort)
        resolve()
      })
    })
  }

  #next(): void {
    for (let room = this.#allowed - this.#underWay; room > 0; room -= 1) this.#waiting.shift()?.()
  }
}
