// The retry budget of one model: each call pays in a share, each attempt that burdens a failing provider once more takes one out.

/** Counted in hundredths, so that shares add up exactly. */
const whole = 100

export class RetryBudget {
  readonly #share: number
  readonly #max: number
  #level: number

  constructor({ retryBudgetPercent, retryBudgetBurst }: { retryBudgetPercent: number; retryBudgetBurst: number }) {
    this.#share = retryBudgetPercent
    this.#max = retryBudgetBurst * whole
    this.#level = this.#max
  }

  called(): void {
    this.#level = Math.min(this.#max, this.#level + this.#share)
  }

  take(): boolean {
    if (this.#level < whole) return false
    this.#level -= whole
    return true
  }
}
