// The limits that bind deployments and their providers, whoever asks them: looked at when a deployment is chosen, held while it is asked, charged when the call is settled.
import { costOf } from "../cost.ts"
import type { Price } from "../price-types.ts"
import type { PricedDeployment } from "../prices.ts"
import type { Counter } from "./counter.ts"
import { CounterTable, type Slot } from "./counter-table.ts"
import { demandOf, type Demand, type OutputHistory } from "./estimate.ts"
import type { Ledger } from "./ledger.ts"
import type { Refusal } from "./refusal.ts"
import type { Draw } from "./reservation.ts"
import { boundToUpstream, isOfUpstream, type LimitRule } from "./rules.ts"
import type { AdmissionRequest, BudgetWatch, DeploymentUse } from "./types.ts"

/** What the limits must know of deployments, which are made after them. */
export interface UpstreamFacts {
  /** Those that a call of a model may come to, its fallbacks included. */
  candidatesOf(model: string): readonly PricedDeployment[]
  priceOf(deployment: PricedDeployment): Price | undefined
}

/** Why a deployment may not be asked now. It says nothing of what was used, which others did too. */
export interface UpstreamRefusal {
  /** As declared. */
  limit: string
  /** Whether it is the limit of one deployment or of all of a provider. */
  of: "deployment" | "provider"
  reason: Refusal["reason"]
  /** Where it was declared. */
  origin: string
  /** Milliseconds after which it may be asked; undefined where a budget is used up, or the call larger than the whole limit. */
  retryAfterMs: number | undefined
  /** Epoch milliseconds at which a budget that is used up begins anew; null for never. */
  resetsAt: number | null
}

/** What an attempt holds of the limits of its deployment until it ends. */
export interface UpstreamHold {
  end(): void
}

export interface UpstreamLimits {
  /** Nothing limits any deployment, and nothing has to be asked. */
  readonly isEmpty: boolean
  /** Tells of deployments, once they are there. */
  know(facts: UpstreamFacts): void
  /** Fetches what only the database knows of the deployments that a call may come to; undefined where that needs no waiting. */
  prepare(request: AdmissionRequest): Promise<unknown> | undefined
  /** `expected` is the call as it was admitted; without it only what is used up refuses. */
  refusal(deployment: PricedDeployment, expected: AdmissionRequest | undefined): UpstreamRefusal | undefined
  begin(deployment: PricedDeployment, expected: AdmissionRequest | undefined): UpstreamHold | undefined
}

export interface UpstreamOptions {
  ledger: Ledger
  history: OutputHistory
  now: () => number
  assumedPrice: () => Price
  /** Counters, and deployments whose counters are remembered: patterns make more of them than anybody declared. */
  countersMax: number
  watch?: Pick<BudgetWatch, "refused"> | undefined
}

/** Of a call about which nothing is known: it passes until everything is used up. */
const least: Demand = { microUsd: 1, requests: 1, tokens: 1, inputTokens: 1, outputTokens: 1, concurrent: 1 }
const none: readonly Slot[] = []

export class LedgerUpstreamLimits implements UpstreamLimits {
  isEmpty = true
  readonly #options: UpstreamOptions
  #rules: readonly LimitRule[] = []
  #facts: UpstreamFacts = { candidatesOf: () => [], priceOf: () => undefined }
  readonly #table: CounterTable
  readonly #known = new Map<string, readonly Slot[]>()

  constructor(options: UpstreamOptions) {
    this.#options = options
    this.#table = new CounterTable({ countersMax: options.countersMax, lent: options.ledger.lends })
  }

  /** Counters of rules that stay go on with what they counted. */
  replace(rules: readonly LimitRule[]): void {
    this.#rules = rules.filter(isOfUpstream)
    this.isEmpty = this.#rules.length === 0
    this.#known.clear()
  }

  know(facts: UpstreamFacts): void {
    this.#facts = facts
  }

  prepare(request: AdmissionRequest): Promise<unknown> | undefined {
    if (this.isEmpty) return undefined
    const { ledger } = this.#options
    const waits = new Map<Counter, Promise<void>>()
    for (const deployment of this.#facts.candidatesOf(request.model))
      this.#eachOf(deployment, request, (counter, amount, now) => {
        if (waits.has(counter) || counter.verdict(amount, now, ledger.epoch) !== "ask") return
        const wait = ledger.ask(counter, amount)
        if (wait) waits.set(counter, wait)
      })
    return waits.size === 0 ? undefined : Promise.all(waits.values())
  }

  refusal(deployment: PricedDeployment, expected: AdmissionRequest | undefined): UpstreamRefusal | undefined {
    if (this.isEmpty) return undefined
    const { ledger } = this.#options
    let longest: UpstreamRefusal | undefined
    this.#eachOf(deployment, expected, (counter, amount, now) => {
      const verdict = counter.verdict(amount, now, ledger.epoch)
      // Its credit went to others since the call was admitted: it passes, and `begin` fetches more.
      if (verdict === undefined || verdict === "ask") return
      if (verdict.reason === "used up") this.#options.watch?.refused(counter, verdict.used)
      const refusal = refusalOf(verdict, counter)
      if (longest === undefined || waitOf(refusal) > waitOf(longest)) longest = refusal
    })
    return longest
  }

  begin(deployment: PricedDeployment, expected: AdmissionRequest | undefined): UpstreamHold | undefined {
    if (this.isEmpty) return undefined
    const { ledger } = this.#options
    const draws: Draw[] = []
    this.#eachOf(deployment, expected, (counter, amount, now) => {
      if (counter.verdict(amount, now, ledger.epoch) === "ask") ledger.ask(counter, amount)?.catch(() => undefined) // whoever waits for credit is told
      counter.take(amount, now)
      ledger.touched(counter, now)
      draws.push({ counter, amount })
    })
    return draws.length === 0 ? undefined : new Hold(this.#options, draws)
  }

  charge(uses: readonly DeploymentUse[]): void {
    if (this.isEmpty) return
    const { ledger, now } = this.#options
    const moment = now()
    for (const use of uses)
      for (const { counter } of this.#slotsOf(use.deployment.id, moment)) {
        const amount = this.#used(use)[counter.bound.rule.unit]
        if (amount === 0) continue
        counter.settle(0, amount, moment)
        ledger.touched(counter, moment)
      }
  }

  /** Requests and calls under way are counted by attempts, whether or not they are billed. */
  #used({ usage, costMicroUsd, costKnown }: DeploymentUse): Demand {
    const { inputTokens, outputTokens } = usage
    const assumed = (): number => costOf({ ...usage, cachedTokens: 0 }, this.#options.assumedPrice()).costMicroUsd
    const microUsd = costKnown ? costMicroUsd : Math.max(costMicroUsd, assumed())
    return { microUsd, requests: 0, tokens: inputTokens + outputTokens, inputTokens, outputTokens, concurrent: 0 }
  }

  #eachOf(
    deployment: PricedDeployment,
    expected: AdmissionRequest | undefined,
    each: (counter: Counter, amount: number, now: number) => void,
  ): void {
    const now = this.#options.now()
    const slots = this.#slotsOf(deployment.id, now)
    if (slots.length === 0) return
    const demand = this.#demand(deployment, expected)
    for (const { counter } of slots) each(counter, demand[counter.bound.rule.unit], now)
  }

  /** At the deployment's own price: what another one would cost does not matter to it. */
  #demand(deployment: PricedDeployment, expected: AdmissionRequest | undefined): Demand {
    if (!expected) return least
    const { history, assumedPrice } = this.#options
    return demandOf({ ...expected, price: this.#facts.priceOf(deployment) }, history, assumedPrice())
  }

  #slotsOf(id: string, now: number): readonly Slot[] {
    let slots = this.#known.get(id)
    if (!slots) {
      slots = this.#bind(id, now)
      if (this.#known.size >= this.#options.countersMax) this.#known.clear()
      this.#known.set(id, slots)
    }
    this.#table.renew(slots, now)
    return slots
  }

  #bind(id: string, now: number): readonly Slot[] {
    const bound = this.#rules.flatMap((rule) => boundToUpstream(rule, id) ?? [])
    if (bound.length === 0) return none
    if (this.#table.makeRoom(now)) this.#known.clear()
    return bound.map((each) => this.#table.slotOf(each, now))
  }
}

class Hold implements UpstreamHold {
  readonly #options: UpstreamOptions
  readonly #draws: readonly Draw[]
  #ended = false

  constructor(options: UpstreamOptions, draws: readonly Draw[]) {
    this.#options = options
    this.#draws = draws
  }

  /** A request stays one; money and tokens are charged when the call is settled. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    const now = this.#options.now()
    for (const { counter, amount } of this.#draws) {
      counter.settle(amount, counter.bound.rule.unit === "requests" ? amount : 0, now)
      this.#options.ledger.touched(counter, now)
    }
  }
}

function refusalOf(verdict: Refusal, { bound: { rule, scope } }: Counter): UpstreamRefusal {
  const common = {
    limit: rule.name,
    of: scope.deployment === null ? "provider" : "deployment",
    origin: rule.origin,
    reason: verdict.reason,
  } as const
  if (verdict.reason === "wait" || verdict.reason === "held") return { ...common, retryAfterMs: verdict.retryAfterMs, resetsAt: null }
  const resetsAt = verdict.reason === "used up" && Number.isFinite(verdict.resetsAt) ? verdict.resetsAt : null
  return { ...common, retryAfterMs: undefined, resetsAt }
}

function waitOf({ retryAfterMs }: UpstreamRefusal): number {
  return retryAfterMs ?? Infinity
}
