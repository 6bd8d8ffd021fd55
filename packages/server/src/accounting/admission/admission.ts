// Admission of calls: every limit that binds a call is reserved before it and settled after it, in memory, out of credit of the ledger.
import { AppError, type Clock, type Limits } from "../../core/index.ts"
import { costOf } from "../cost.ts"
import type { Price } from "../price-types.ts"
import type { Counter } from "./counter.ts"
import type { Slot } from "./counter-table.ts"
import { createOutputHistory, demandOf, type Demand, type OutputHistory } from "./estimate.ts"
import type { Ledger } from "./ledger.ts"
import { LimitError } from "./refusal.ts"
import { CounterRegistry } from "./registry.ts"
import { Held, stateOf, type Draw, type HoldingOf } from "./reservation.ts"
import type { LimitRule } from "./rules.ts"
import { LedgerUpstreamLimits } from "./upstream.ts"
import type { Tally } from "../tally.ts"
import type { ActualUsage, Admission, AdmissionRequest, BudgetWatch, Reservation } from "./types.ts"

export interface AdmissionOptions {
  rules: readonly LimitRule[]
  ledger: Ledger
  /** Told of every call that is let in, and of its end. */
  tally?: Pick<Tally, "callBegan" | "callEnded">
  limits: Pick<Limits, "limitCountersMax" | "outputTokensAssumed">
  clock: Clock
  watch?: Pick<BudgetWatch, "refused"> | undefined
  /** Taken where nobody knows the price, so that no call passes a budget of money for free. */
  assumedPrice: Price
}

export function createAdmission(options: AdmissionOptions): Admission {
  return new LedgerAdmission(options)
}

/** Rounds in which a call may find that others took what it waited for. */
const roundsMax = 50

class LedgerAdmission implements Admission, HoldingOf {
  readonly #registry: CounterRegistry
  readonly #history: OutputHistory
  readonly #options: AdmissionOptions
  readonly upstream: LedgerUpstreamLimits
  #assumedPrice: Price

  constructor(options: AdmissionOptions) {
    this.#options = options
    this.#assumedPrice = options.assumedPrice
    const { rules, limits, ledger, watch } = options
    this.#registry = new CounterRegistry({ rules, countersMax: limits.limitCountersMax, lent: ledger.lends })
    this.#history = createOutputHistory(limits.outputTokensAssumed)
    this.upstream = new LedgerUpstreamLimits({
      ledger,
      history: this.#history,
      now: () => this.now(),
      assumedPrice: () => this.#assumedPrice,
      countersMax: limits.limitCountersMax,
      watch,
    })
    this.upstream.replace(rules)
  }

  replace({ rules, assumedPrice }: Pick<AdmissionOptions, "rules" | "assumedPrice">): void {
    this.#registry.replace(rules)
    this.upstream.replace(rules)
    this.#assumedPrice = assumedPrice
  }

  get rules(): readonly LimitRule[] {
    return this.#registry.rules
  }

  now(): number {
    return this.#options.clock.now()
  }

  reserve(request: AdmissionRequest): Reservation | Promise<Reservation> {
    const prepared = this.upstream.prepare(request)
    return prepared ? prepared.then(() => this.#reserve(request)) : this.#reserve(request)
  }

  #reserve(request: AdmissionRequest): Reservation | Promise<Reservation> {
    const slots = this.#registry.slotsOf(request, this.now())
    if (slots.length === 0) return this.#held(request, noDraws)
    const demand = demandOf(request, this.#history, this.#assumedPrice)
    const draws = this.#take(slots, demand)
    if (draws) return this.#held(request, draws)
    const asked = this.#ask(slots, demand)
    return asked ? this.#reserveAfter(asked, request, demand) : this.#reserve(request)
  }

  report(): Promise<void> {
    return this.#options.ledger.report()
  }

  onEnded(): void {
    this.#options.tally?.callEnded()
  }

  onSettled({ model, outputTokensMax }: AdmissionRequest, actual: ActualUsage): void {
    if (outputTokensMax !== 0) this.#history.observe(model, actual.outputTokens)
    if (actual.by) this.upstream.charge(actual.by)
  }

  microUsdOf({ price, pieces }: AdmissionRequest, actual: ActualUsage): number {
    if (actual.costKnown ?? price !== undefined) return actual.costMicroUsd
    // What is known of it is a lower bound.
    return Math.max(actual.costMicroUsd, costOf({ ...actual, ...pieces, cachedTokens: 0 }, this.#assumedPrice).costMicroUsd)
  }

  touched(counter: Counter, now: number): void {
    this.#options.ledger.touched(counter, now)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.ledger[Symbol.asyncDispose]()
  }

  #held(request: AdmissionRequest, draws: readonly Draw[]): Held {
    this.#options.tally?.callBegan()
    return new Held(this, request, draws)
  }

  /** All or nothing, in one turn; undefined where the ledger must be asked. */
  #take(slots: readonly Slot[], demand: Demand): Draw[] | undefined {
    const now = this.now()
    const { epoch } = this.#options.ledger
    let mustAsk = false
    for (const { counter } of slots) {
      const verdict = counter.verdict(demand[counter.bound.rule.unit], now, epoch)
      if (verdict === "ask") mustAsk = true
      else if (verdict) {
        if (verdict.reason === "used up") this.#options.watch?.refused(counter, verdict.used)
        throw new LimitError(verdict, stateOf(slots, now))
      }
    }
    if (mustAsk) return undefined
    return slots.map(({ counter }) => {
      const amount = demand[counter.bound.rule.unit]
      counter.take(amount, now)
      this.touched(counter, now)
      return { counter, amount }
    })
  }

  #ask(slots: readonly Slot[], demand: Demand): Promise<unknown> | undefined {
    const { ledger } = this.#options
    const now = this.now()
    const waits: Promise<void>[] = []
    for (const { counter } of slots) {
      const amount = demand[counter.bound.rule.unit]
      const wait = counter.verdict(amount, now, ledger.epoch) === "ask" ? ledger.ask(counter, amount) : undefined
      if (wait) waits.push(wait)
    }
    return waits.length === 0 ? undefined : Promise.all(waits)
  }

  async #reserveAfter(asked: Promise<unknown>, request: AdmissionRequest, demand: Demand): Promise<Reservation> {
    await asked
    for (let round = 0; round < roundsMax; round += 1) {
      const slots = this.#registry.slotsOf(request, this.now())
      const draws = this.#take(slots, demand)
      if (draws) return this.#held(request, draws)
      await this.#ask(slots, demand)
    }
    const hint = "Try again in a moment."
    throw new AppError("rate_limit_exceeded", "Too many calls wait for the same limits.", { hint, retryAfterMs: 1_000 })
  }
}

const noDraws: readonly Draw[] = []
