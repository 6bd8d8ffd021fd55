// One counter of one limit, as this process sees it: what it may still hand out, what calls hold, what was used and what of it is reported.
import type { LimitAnswer } from "../../store/index.ts"
import type { Refusal } from "./refusal.ts"
import type { BoundRule } from "./rules.ts"
import type { LimitWindow } from "./types.ts"
import type { TimeWindow } from "./windows.ts"

/** `ask`: only the database knows. undefined: it fits. */
export type Verdict = Refusal | "ask" | undefined

/** What was said in an exchange whose answer is awaited. */
export interface Sent {
  used: number
  epoch: number
}

const shortMsMax = 1_000

/**
 * What a call draws from. Amounts are whole numbers of the rule's unit, moments are of the wall clock in milliseconds.
 * `lent`: other processes draw from it too, and this one has only the credit that the database lent it.
 */
export abstract class Counter {
  /** The same in every process and for one window only. */
  readonly id: string
  readonly window: TimeWindow
  readonly lent: boolean
  bound: BoundRule
  /** Since when credit counts: another epoch of the ledger means that it may have been lent to somebody else. -1: never asked. */
  epoch = -1
  /** All that was used here, and what of it the database knows. */
  used = 0
  reported = 0
  /** Unspent credit, with what calls hold of it. */
  credit = 0
  /** Held by calls under way. */
  reserved = 0
  lastUseAt = 0
  /** By all processes, as the database said last. */
  protected usedByAll = 0
  protected free = 0
  #sliced = 0
  /** Until then it is known that amounts from `#shortFrom` on are not to be had. */
  #shortUntil = 0
  #shortFrom = 0

  constructor(id: string, bound: BoundRule, window: TimeWindow, lent: boolean) {
    this.id = id
    this.bound = bound
    this.window = window
    this.lent = lent
  }

  /** The same rule with another amount, after the configuration or the key was changed. */
  abstract rebind(bound: BoundRule, now: number): void
  /** Why `amount` is not to be had now. */
  abstract verdict(amount: number, now: number, epoch: number): Verdict
  /** In the same turn as the verdict that it fits. */
  abstract take(amount: number, now: number): void
  /** Ends what `take` began. */
  abstract settle(taken: number, actual: number, now: number): void
  abstract reading(now: number): LimitWindow & { used: number; reserved: number }
  /** Of the first answer of an only process. */
  protected abstract opened(answer: LimitAnswer, sent: Sent, now: number): void

  get available(): number {
    return this.credit - this.reserved
  }

  /** Credit without which `amount` is not to be had, beside what calls hold. */
  lacking(amount: number): number {
    return Math.max(0, amount + this.reserved - Math.max(0, this.credit))
  }

  accept(answer: LimitAnswer, sent: Sent, now: number): void {
    const first = this.epoch === -1
    this.epoch = sent.epoch
    this.reported = sent.used
    this.usedByAll = answer.used
    if (!this.lent) return first ? this.opened(answer, sent, now) : undefined
    this.credit = answer.kept - (this.used - sent.used)
    this.free = answer.free
    if (answer.granted > 0) this.#sliced = answer.granted
  }

  /** Nobody gives `amount` before `until`. */
  isShort(amount: number, until: number): void {
    this.#shortFrom = amount
    this.#shortUntil = until
  }

  protected knownShort(amount: number, now: number): boolean {
    return this.#isShortAt(now) && amount >= this.#shortFrom
  }

  /** Known for a moment only: a wall clock that was set back would make an hour of it. */
  #isShortAt(now: number): boolean {
    return now < this.#shortUntil && this.#shortUntil - now <= shortMsMax
  }

  /** Credit ends soon and there is more: the time to ask is before a call has to wait for it. */
  wantsMore(now: number): boolean {
    return this.lent && this.epoch !== -1 && this.free > 0 && !this.#isShortAt(now) && this.available < this.#sliced / 2
  }

  /** Nothing is held here, and the database knows the rest. */
  isIdle(): boolean {
    return this.reserved === 0 && this.used === this.reported && (!this.lent || this.credit <= 0)
  }

  protected get usedInAll(): number {
    return this.usedByAll + this.used - this.reported
  }
}
