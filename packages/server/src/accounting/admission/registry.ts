// The counters that bind each kind of call, found by one look-up: rules are matched when a caller is new, not for each of its calls.
import type { Counter } from "./counter.ts"
import { PoolCounter } from "./pool-counter.ts"
import { LentRateCounter, RateCounter } from "./rate-counter.ts"
import { boundTo, isOfUpstream, rulesOfKey, type BoundRule, type LimitRule } from "./rules.ts"
import type { AdmissionRequest } from "./types.ts"
import { windowAt } from "./windows.ts"

/** A bound rule with the counter of its present window. */
export interface Slot {
  bound: BoundRule
  counter: Counter
}

interface Known {
  keyLimits: AdmissionRequest["keyLimits"]
  slots: readonly Slot[]
}

const none: readonly Slot[] = []
/** A sweep looks at every counter; those that calls hold stay, and are few. */
const sweepEveryMs = 1_000

export class CounterRegistry {
  rules: readonly LimitRule[] = []
  /** Without those of deployments, which are looked at elsewhere. */
  #ofCallers: readonly LimitRule[] = []
  readonly #countersMax: number
  readonly #lent: boolean
  readonly #slots = new Map<string, Slot>()
  #sweptAt = 0
  readonly #known = new Map<string, Known>()
  /** What callers are told apart by: only what some rule looks at. */
  #looksAt = { user: false, model: false, tag: false }

  constructor({ rules, countersMax, lent }: { rules: readonly LimitRule[]; countersMax: number; lent: boolean }) {
    this.#countersMax = countersMax
    this.#lent = lent
    this.replace(rules)
  }

  /** Counters of rules that stay go on with what they counted; those of rules that went are forgotten when nobody holds them. */
  replace(rules: readonly LimitRule[]): void {
    this.rules = rules
    this.#ofCallers = rules.filter((rule) => !isOfUpstream(rule))
    const someFor = (member: "user" | "model" | "tag"): boolean => rules.some((rule) => rule.for[member] !== undefined)
    this.#looksAt = { user: someFor("user"), model: someFor("model"), tag: someFor("tag") }
    this.#known.clear()
  }

  slotsOf(request: AdmissionRequest, now: number): readonly Slot[] {
    if (this.#ofCallers.length === 0 && request.keyLimits === null) return none
    const name = this.#nameOf(request)
    let known = this.#known.get(name)
    if (!known || known.keyLimits !== request.keyLimits) {
      known = { keyLimits: request.keyLimits, slots: this.#bind(request, now) }
      if (this.#known.size >= this.#countersMax) this.#known.clear()
      this.#known.set(name, known)
    }
    for (const slot of known.slots) if (now >= slot.counter.window.end) slot.counter = counterOf(slot.bound, now, this.#lent)
    return known.slots
  }

  #nameOf({ projectId, principalId, user, model, tags }: AdmissionRequest): string {
    const { user: byUser, model: byModel, tag: byTag } = this.#looksAt
    let name = `${projectId}\n${principalId}`
    if (byModel) name += `\nm${model}`
    if (byUser) name += `\nu${user ?? ""}`
    if (byTag) name += `\nt${tags.join("\n")}`
    return name
  }

  #bind(request: AdmissionRequest, now: number): Slot[] {
    const own = request.keyLimits === null ? [] : rulesOfKey(request.principalId, request.keyLimits)
    if (this.#slots.size >= this.#countersMax && now >= this.#sweptAt + sweepEveryMs) this.#sweep(now)
    return [...own, ...this.#ofCallers].flatMap((rule) => boundTo(rule, request)).map((bound) => this.#slotOf(bound, now))
  }

  #slotOf(bound: BoundRule, now: number): Slot {
    const slot = this.#slots.get(bound.id)
    if (slot) {
      slot.bound = bound
      slot.counter.rebind(bound, now)
      return slot
    }
    const made = { bound, counter: counterOf(bound, now, this.#lent) }
    this.#slots.set(bound.id, made)
    return made
  }

  /** Forgets the counters that nobody would miss. */
  #sweep(now: number): void {
    this.#sweptAt = now
    for (const [id, { counter }] of this.#slots) if (counter.isIdle()) this.#slots.delete(id)
    this.#known.clear()
  }
}

export function counterOf(bound: BoundRule, now: number, lent: boolean): Counter {
  const { rule } = bound
  if (rule.kind === "rate") return lent ? new LentRateCounter(bound) : new RateCounter(bound)
  if (rule.kind === "concurrent") return new PoolCounter(bound.id, bound, { start: 0, end: Infinity }, lent)
  const window = windowAt(rule.per, now)
  return new PoolCounter(`${bound.id}@${window.start}`, bound, window, lent)
}
