// One counter of one limit, as this process sees it: what it may still hand out, what calls hold, what was used.
import { advanced, remaining, waitMs, type Rate } from "./gcra.ts"
import type { Refusal } from "./refusal.ts"
import type { BoundRule, LimitRule } from "./rules.ts"
import type { LimitWindow } from "./types.ts"
import { ratePeriodMs, type TimeWindow } from "./windows.ts"

/** What a call draws from. Amounts are whole numbers of the rule's unit, milliseconds are of the wall clock. */
export interface Counter {
  /** The same in every process and for one window only. */
  readonly id: string
  readonly bound: BoundRule
  readonly window: TimeWindow
  /** The same rule with another amount, after the configuration or the key was changed. */
  rebind(bound: BoundRule, now: number): void
  /** Why `amount` is not to be had now; undefined: it is. */
  refusal(amount: number, now: number): Refusal | undefined
  /** To be called in the same turn as `refusal`. */
  take(amount: number, now: number): void
  /** Ends what `take` began. */
  settle(taken: number, actual: number, now: number): void
  reading(now: number): LimitWindow & { used: number; reserved: number }
  /** Nothing is held and nothing would be forgotten with it. */
  isIdle(now: number): boolean
}

/** Calls under way give their room back within about that time. */
const heldRetryMs = 1_000

/** Budgets and calls under way: an amount that is used up (a call under way uses nothing when it ends). */
export class PoolCounter implements Counter {
  readonly id: string
  bound: BoundRule
  readonly window: TimeWindow
  #used = 0
  #reserved = 0

  constructor(id: string, bound: BoundRule, window: TimeWindow) {
    this.id = id
    this.bound = bound
    this.window = window
  }

  rebind(bound: BoundRule): void {
    this.bound = bound
  }

  refusal(amount: number): Refusal | undefined {
    const { bound } = this
    const { limit } = bound.rule
    if (amount === 0 || this.#used + this.#reserved + amount <= limit) return undefined
    const common = { bound, amount, used: this.#used }
    if (amount > limit) return { ...common, reason: "too large" }
    if (this.#used + amount > limit) return { ...common, reason: "used up", resetsAt: this.window.end }
    return { ...common, reason: "held", retryAfterMs: heldRetryMs }
  }

  take(amount: number): void {
    this.#reserved += amount
  }

  settle(taken: number, actual: number): void {
    this.#reserved -= taken
    if (this.bound.rule.kind === "budget") this.#used += actual
  }

  reading(now: number): LimitWindow & { used: number; reserved: number } {
    const { limit } = this.bound.rule
    const left = Math.max(0, limit - this.#used - this.#reserved)
    return { limit, remaining: left, resetMs: this.window.end - now, used: this.#used, reserved: this.#reserved }
  }

  isIdle(now: number): boolean {
    return this.#reserved === 0 && (this.#used === 0 || now >= this.window.end)
  }
}

/** A rate: what is used comes back with time. A call is charged when it is admitted, and corrected when it ends. */
export class RateCounter implements Counter {
  readonly id: string
  bound: BoundRule
  readonly window: TimeWindow = { start: 0, end: Infinity }
  #rate: Rate
  #arrival = 0

  constructor(bound: BoundRule) {
    this.id = bound.id
    this.bound = bound
    this.#rate = rateOf(bound.rule)
  }

  rebind(bound: BoundRule, now: number): void {
    const { intervalMs } = this.#rate
    this.bound = bound
    this.#rate = rateOf(bound.rule)
    // What was used stays used, at the new rate.
    this.#arrival = now + (this.#arrival - now) * (this.#rate.intervalMs / intervalMs)
  }

  refusal(amount: number, now: number): Refusal | undefined {
    const wait = waitMs(this.#arrival, amount, now, this.#rate)
    if (amount === 0 || wait <= 0) return undefined
    const common = { bound: this.bound, amount, used: this.reading(now).used }
    if (amount > this.#rate.burst) return { ...common, reason: "too large" }
    return { ...common, reason: "wait", retryAfterMs: wait }
  }

  take(amount: number, now: number): void {
    this.#arrival = advanced(this.#arrival, amount, now, this.#rate)
  }

  settle(taken: number, actual: number, now: number): void {
    if (actual !== taken) this.#arrival = advanced(this.#arrival, actual - taken, now, this.#rate)
  }

  reading(now: number): LimitWindow & { used: number; reserved: number } {
    const { burst } = this.#rate
    const left = remaining(this.#arrival, now, this.#rate)
    return { limit: this.bound.rule.limit, remaining: left, resetMs: Math.max(0, this.#arrival - now), used: burst - left, reserved: 0 }
  }

  isIdle(now: number): boolean {
    return this.#arrival <= now
  }
}

function rateOf(rule: LimitRule): Rate {
  if (rule.kind !== "rate") throw new Error(`the limit "${rule.name}" is not a rate`)
  return { intervalMs: ratePeriodMs[rule.per] / rule.limit, burst: rule.burst }
}
