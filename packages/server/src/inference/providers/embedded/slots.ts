// A number of places of which each call takes one; a bounded queue of calls waits for them, first come first served.
import { AppError } from "../../../core/index.ts"

export class Slots {
  readonly #waitingMax: number
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(slots: number, waitingMax: number) {
    this.#free = slots
    this.#waitingMax = waitingMax
  }

  /** Resolves with the function that gives the place back. */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (this.#free > 0) this.#free--
    else await this.#wait(signal)
    return () => this.#leave()
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) {
      throw new AppError("overloaded", `The model is busy: ${this.#waiting.length} calls wait for it already.`, { retryAfterMs: 1_000 })
    }
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener("abort", onAbort)
        resolve()
      }
      const onAbort = (): void => {
        const at = this.#waiting.indexOf(enter)
        if (at >= 0) this.#waiting.splice(at, 1)
        reject(signal.reason as Error)
      }
      this.#waiting.push(enter)
      signal.addEventListener("abort", onAbort, { once: true })
    })
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
}
