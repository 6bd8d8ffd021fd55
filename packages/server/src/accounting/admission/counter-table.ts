// The counters of bound rules, one for each value that a rule distinguishes: made when it is first bound, forgotten when nobody would miss it.
import type { Counter } from "./counter.ts"
import { PoolCounter } from "./pool-counter.ts"
import { LentRateCounter, RateCounter } from "./rate-counter.ts"
import type { BoundRule } from "./rules.ts"
import { windowAt } from "./windows.ts"

/** A bound rule with the counter of its present window. */
export interface Slot {
  bound: BoundRule
  counter: Counter
}

/** A sweep looks at every counter; those that calls hold stay, and are few. */
const sweepEveryMs = 1_000

export class CounterTable {
  readonly #countersMax: number
  readonly #lent: boolean
  readonly #slots = new Map<string, Slot>()
  #sweptAt = 0

  constructor({ countersMax, lent }: { countersMax: number; lent: boolean }) {
    this.#countersMax = countersMax
    this.#lent = lent
  }

  /** The slot of a bound rule; its counter goes on with what it counted. */
  slotOf(bound: BoundRule, now: number): Slot {
    const slot = this.#slots.get(bound.id)
    if (slot) {
      slot.bound = bound
      slot.counter.rebind(bound, now)
      return slot
    }
    const made = { bound, counter: this.#counterOf(bound, now) }
    this.#slots.set(bound.id, made)
    return made
  }

  /** Gives those whose window is over the counter of the present one. */
  renew(slots: readonly Slot[], now: number): void {
    for (const slot of slots) if (now >= slot.counter.window.end) slot.counter = this.#counterOf(slot.bound, now)
  }

  /** True where slots were forgotten for lack of room: whoever remembers some has to ask for them anew. */
  makeRoom(now: number): boolean {
    if (this.#slots.size < this.#countersMax || now < this.#sweptAt + sweepEveryMs) return false
    this.#sweptAt = now
    for (const [id, { counter }] of this.#slots) if (counter.isIdle()) this.#slots.delete(id)
    return true
  }

  #counterOf(bound: BoundRule, now: number): Counter {
    const { rule } = bound
    if (rule.kind === "rate") return this.#lent ? new LentRateCounter(bound) : new RateCounter(bound)
    if (rule.kind === "concurrent") return new PoolCounter(bound.id, bound, { start: 0, end: Infinity }, this.#lent)
    const window = windowAt(rule.per, now)
    return new PoolCounter(`${bound.id}@${window.start}`, bound, window, this.#lent)
  }
}
