// What one call holds of its counters, from its admission to its end.
import type { Counter } from "./counter.ts"
import { callsOf, type Demand } from "./estimate.ts"
import { isEnforced } from "./rules.ts"
import type { ActualUsage, AdmissionRequest, LimitState, LimitWindow, Reservation } from "./types.ts"

/** What a call drew from one counter. */
export interface Draw {
  counter: Counter
  amount: number
}

/** What all reservations share. */
export interface HoldingOf {
  now(): number
  /** Credit of it was taken or settled. */
  touched(counter: Counter, now: number): void
  /** Of the end of any call. */
  onEnded(): void
  /** Of the end of a call that used something. */
  onSettled(request: AdmissionRequest, actual: ActualUsage): void
  /** What is taken from money budgets: not the given cost where the price is unknown. */
  microUsdOf(request: AdmissionRequest, actual: ActualUsage): number
}

const nothing: Demand = { microUsd: 0, requests: 0, tokens: 0, inputTokens: 0, outputTokens: 0, concurrent: 0 }

export class Held implements Reservation {
  readonly #shared: HoldingOf
  readonly request: AdmissionRequest
  readonly #draws: readonly Draw[]
  #ended = false

  constructor(shared: HoldingOf, request: AdmissionRequest, draws: readonly Draw[]) {
    this.#shared = shared
    this.request = request
    this.#draws = draws
  }

  get state(): LimitState {
    return stateOf(this.#draws, this.#shared.now())
  }

  settle(actual: ActualUsage): void {
    if (this.#ended) return
    this.#ended = true
    this.#shared.onEnded()
    this.#shared.onSettled(this.request, actual)
    if (this.#draws.length === 0) return
    const { inputTokens, outputTokens } = actual
    const microUsd = this.#shared.microUsdOf(this.request, actual)
    this.#giveBack({
      microUsd,
      requests: callsOf(this.request),
      tokens: inputTokens + outputTokens,
      inputTokens,
      outputTokens,
      concurrent: 0,
    })
  }

  release(): void {
    if (this.#ended) return
    this.#ended = true
    this.#shared.onEnded()
    if (this.#draws.length > 0) this.#giveBack(nothing)
  }

  #giveBack(used: Demand): void {
    const now = this.#shared.now()
    for (const { counter, amount } of this.#draws) {
      counter.settle(amount, used[counter.bound.rule.unit], now)
      this.#shared.touched(counter, now)
    }
  }
}

/** Of several limits of one unit the one with the least left. */
export function stateOf(draws: readonly Pick<Draw, "counter">[], now: number): LimitState {
  const state: LimitState = { requests: null, tokens: null, inputTokens: null, outputTokens: null }
  for (const { counter } of draws) {
    const { rule } = counter.bound
    const { unit } = rule
    if (unit === "microUsd" || unit === "concurrent" || !isEnforced(rule)) continue
    const { limit, remaining, resetMs }: LimitWindow = counter.reading(now)
    const tightest = state[unit]
    if (tightest === null || remaining < tightest.remaining) state[unit] = { limit, remaining, resetMs }
  }
  return state
}
