// Averages that forget: of what was measured lately, and of how many calls failed lately.

/** Weight of a new value. */
const share = 0.2

/** An exponentially weighted average; undefined until something was measured. */
export class MovingAverage {
  value: number | undefined

  add(measured: number): void {
    this.value = this.value === undefined ? measured : this.value + share * (measured - this.value)
  }
}

/** Two counts that halve with every `halfLifeMs`. */
export class RecentOutcomes {
  readonly #halfLifeMs: number
  #good = 0
  #bad = 0
  #at = 0

  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs
  }

  add(isGood: boolean, now: number): void {
    this.#decay(now)
    if (isGood) this.#good += 1
    else this.#bad += 1
  }

  clear(): void {
    this.#good = 0
    this.#bad = 0
  }

  calls(now: number): number {
    this.#decay(now)
    return this.#good + this.#bad
  }

  /** 0 to 1; 0 without calls. */
  errorRate(now: number): number {
    const calls = this.calls(now)
    return calls < 0.01 ? 0 : this.#bad / calls
  }

  #decay(now: number): void {
    const passedMs = now - this.#at
    if (passedMs <= 0) return
    this.#at = now
    if (this.#good + this.#bad === 0) return
    const left = 0.5 ** (passedMs / this.#halfLifeMs)
    this.#good *= left
    this.#bad *= left
  }
}
