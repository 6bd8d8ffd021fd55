// Counters of rates: what is used comes back with time. A call is charged when it is admitted, and corrected when it ends.
import type { LimitAnswer } from "../../store/index.ts"
import { Counter, type Sent, type Verdict } from "./counter.ts"
import { advanced, rateOf, remaining, waitMs, type Rate } from "./gcra.ts"
import type { BoundRule } from "./rules.ts"
import type { LimitWindow } from "./types.ts"

const forever = { start: 0, end: Infinity }

/** Of an only process: the algorithm runs here, the database remembers. */
export class RateCounter extends Counter {
  #rate: Rate
  #arrival = 0
  #lastAt = 0

  constructor(bound: BoundRule) {
    super(bound.id, bound, forever, false)
    this.#rate = rateOf(bound.rule)
  }

  override rebind(bound: BoundRule, now: number): void {
    const { intervalMs } = this.#rate
    this.#follow(now)
    this.bound = bound
    this.#rate = rateOf(bound.rule)
    // What was used stays used, at the new rate.
    this.#arrival = now + (this.#arrival - now) * (this.#rate.intervalMs / intervalMs)
  }

  override verdict(amount: number, now: number, epoch: number): Verdict {
    if (amount === 0) return undefined
    this.#follow(now)
    const common = { bound: this.bound, amount, used: 0 }
    if (amount > this.#rate.burst) return { ...common, reason: "too large" }
    if (this.epoch !== epoch) return "ask"
    const wait = waitMs(this.#arrival, amount, now, this.#rate)
    return wait <= 0 ? undefined : { ...common, reason: "wait", retryAfterMs: wait }
  }

  override take(amount: number, now: number): void {
    this.lastUseAt = now
    this.#charge(amount, now)
  }

  override settle(taken: number, actual: number, now: number): void {
    if (actual !== taken) this.#charge(actual - taken, now)
  }

  override reading(now: number): LimitWindow & { used: number; reserved: number } {
    this.#follow(now)
    const left = remaining(this.#arrival, now, this.#rate)
    const resetMs = Math.max(0, this.#arrival - now)
    return { limit: this.bound.rule.limit, remaining: left, resetMs, used: this.#rate.burst - left, reserved: 0 }
  }

  protected override opened(answer: LimitAnswer, _sent: Sent, now: number): void {
    this.#follow(now)
    // The moment that is stored may be of a clock that was wrong.
    this.#arrival = now + Math.min(answer.debtMs, 2 * this.#rate.burst * this.#rate.intervalMs)
  }

  /** What is owed moves with a wall clock that is set back: nobody waits for as long as it was wrong. */
  #follow(now: number): void {
    if (now < this.#lastAt) this.#arrival -= this.#lastAt - now
    this.#lastAt = now
  }

  #charge(amount: number, now: number): void {
    this.#follow(now)
    this.used += amount
    this.#arrival = advanced(this.#arrival, amount, now, this.#rate)
  }
}

/** Of one process among several: the algorithm runs in the database, which lends from it. */
export class LentRateCounter extends Counter {
  #rate: Rate
  /** When all of it is there again, and when the amount that was short is, by the last answer. */
  #fullAt = 0
  #enoughAt = 0
  #enough = 0

  constructor(bound: BoundRule) {
    super(bound.id, bound, forever, true)
    this.#rate = rateOf(bound.rule)
  }

  override rebind(bound: BoundRule): void {
    this.bound = bound
    this.#rate = rateOf(bound.rule)
  }

  override verdict(amount: number, now: number, epoch: number): Verdict {
    if (amount === 0) return undefined
    if (this.epoch === epoch && this.available >= amount) return undefined
    const { bound } = this
    const { intervalMs, burst } = this.#rate
    if (amount > burst) return { bound, amount, used: 0, reason: "too large" }
    if (this.epoch !== epoch || !this.knownShort(amount, now)) return "ask"
    const retryAfterMs = Math.max(1, this.#enoughAt + (amount - this.#enough) * intervalMs - now)
    return { bound, amount, used: 0, reason: "wait", retryAfterMs }
  }

  override take(amount: number, now: number): void {
    this.lastUseAt = now
    this.#charge(amount)
  }

  override settle(taken: number, actual: number): void {
    this.#charge(actual - taken)
  }

  override accept(...given: Parameters<Counter["accept"]>): void {
    const [answer, , now] = given
    super.accept(...given)
    this.#fullAt = now + answer.debtMs
    this.#enoughAt = now + answer.waitMs
  }

  override isShort(amount: number, until: number): void {
    super.isShort(amount, Math.min(until, this.#enoughAt))
    this.#enough = amount
  }

  override reading(now: number): LimitWindow & { used: number; reserved: number } {
    const { limit } = this.bound.rule
    const left = Math.max(0, Math.min(this.#rate.burst, this.available + this.free))
    return { limit, remaining: left, resetMs: Math.max(0, this.#fullAt - now), used: this.#rate.burst - left, reserved: 0 }
  }

  protected override opened(): void {}

  #charge(amount: number): void {
    this.used += amount
    this.credit -= amount
  }
}
