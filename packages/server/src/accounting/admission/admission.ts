// Admission of calls: every limit that binds a call is reserved before it and settled after it, in memory, without waiting.
import type { Clock, Limits } from "../../core/index.ts"
import { costOf, type Price } from "../prices.ts"
import type { Counter } from "./counter.ts"
import { createOutputHistory, demandOf, type OutputHistory } from "./estimate.ts"
import { LimitError } from "./refusal.ts"
import { CounterRegistry, type Slot } from "./registry.ts"
import { Held, stateOf, type Draw, type HoldingOf } from "./reservation.ts"
import type { LimitRule } from "./rules.ts"
import type { ActualUsage, Admission, AdmissionRequest, LimitStatus, Reservation } from "./types.ts"

export interface AdmissionOptions {
  rules: readonly LimitRule[]
  limits: Pick<Limits, "limitCountersMax" | "outputTokensAssumed">
  clock: Clock
  /** Taken where nobody knows the price, so that no call passes a budget of money for free. */
  assumedPrice: Price
}

export function createAdmission(options: AdmissionOptions): Admission {
  return new MemoryAdmission(options)
}

class MemoryAdmission implements Admission, HoldingOf {
  readonly #registry: CounterRegistry
  readonly #history: OutputHistory
  readonly #options: AdmissionOptions

  constructor(options: AdmissionOptions) {
    this.#options = options
    this.#registry = new CounterRegistry(options.rules, options.limits.limitCountersMax)
    this.#history = createOutputHistory(options.limits.outputTokensAssumed)
  }

  now(): number {
    return this.#options.clock.now()
  }

  reserve(request: AdmissionRequest): Reservation {
    const now = this.now()
    const slots = this.#registry.slotsOf(request, now)
    return new Held(this, request, slots.length === 0 ? noDraws : this.#take(request, slots, now))
  }

  onSettled({ model, outputTokensMax }: AdmissionRequest, actual: ActualUsage): void {
    if (outputTokensMax !== 0) this.#history.observe(model, actual.outputTokens)
  }

  microUsdOf({ price }: AdmissionRequest, actual: ActualUsage): number {
    return price ? actual.costMicroUsd : costOf({ ...actual, cachedTokens: 0 }, this.#options.assumedPrice).costMicroUsd
  }

  async status(projectId: string): Promise<LimitStatus[]> {
    const now = this.now()
    const own = this.#registry.counters().filter(({ bound: { scope } }) => scope.project === null || scope.project === projectId)
    return own.map((counter) => statusOf(counter, now))
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** All or nothing: it happens in one turn. */
  #take(request: AdmissionRequest, slots: readonly Slot[], now: number): Draw[] {
    const demand = demandOf(request, this.#history, this.#options.assumedPrice)
    for (const { counter } of slots) {
      const refusal = counter.refusal(demand[counter.bound.rule.unit], now)
      if (refusal) throw new LimitError(refusal, stateOf(slots, now))
    }
    return slots.map(({ counter }) => {
      const amount = demand[counter.bound.rule.unit]
      counter.take(amount, now)
      return { counter, amount }
    })
  }
}

const noDraws: readonly Draw[] = []

function statusOf(counter: Counter, now: number): LimitStatus {
  const { rule, scope } = counter.bound
  const { limit, remaining, resetMs, used, reserved } = counter.reading(now)
  const resetsAt = rule.kind === "concurrent" || !Number.isFinite(resetMs) ? null : now + resetMs
  return { name: rule.name, scope, unit: rule.unit, per: rule.per, limit, used, reserved, left: remaining, resetsAt }
}
