// Counters of amounts that end: budgets, which are used up until their window ends, and calls under way, which use nothing when they end.
import type { LimitAnswer } from "../../store/index.ts"
import { Counter, type Sent, type Verdict } from "./counter.ts"
import { isEnforced, type BoundRule } from "./rules.ts"
import type { LimitWindow } from "./types.ts"

/** Calls under way give their room back within about that time. */
const heldRetryMs = 1_000

export class PoolCounter extends Counter {
  override rebind(bound: BoundRule): void {
    if (!this.lent) this.credit += bound.rule.limit - this.bound.rule.limit
    this.bound = bound
  }

  override verdict(amount: number, now: number, epoch: number): Verdict {
    if (amount === 0 || !isEnforced(this.bound.rule)) return undefined
    if (this.epoch === epoch && this.available >= amount) return undefined
    const { bound, window } = this
    const { limit } = bound.rule
    const common = { bound, amount, used: this.usedInAll }
    if (amount > limit) return { ...common, reason: "too large" }
    if (this.epoch === -1) return "ask"
    if (this.usedInAll + amount > limit) return { ...common, reason: "used up", resetsAt: window.end }
    if (!this.lent || this.knownShort(amount, now)) return { ...common, reason: "held", retryAfterMs: heldRetryMs }
    return "ask"
  }

  /** What never refuses needs no credit. */
  override wantsMore(now: number): boolean {
    return isEnforced(this.bound.rule) && super.wantsMore(now)
  }

  override take(amount: number, now: number): void {
    this.reserved += amount
    this.lastUseAt = now
  }

  override settle(taken: number, actual: number, now: number): void {
    this.reserved -= taken
    this.lastUseAt = now
    if (this.bound.rule.kind !== "budget") return
    this.used += actual
    this.credit -= actual
  }

  override reading(now: number): LimitWindow & { used: number; reserved: number } {
    const { limit } = this.bound.rule
    const left = Math.max(0, this.available + this.free)
    return { limit, remaining: left, resetMs: this.window.end - now, used: this.usedInAll, reserved: this.reserved }
  }

  protected override opened(answer: LimitAnswer, sent: Sent): void {
    this.credit = this.bound.rule.limit - answer.used - (this.used - sent.used)
  }
}
