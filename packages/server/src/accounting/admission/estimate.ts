// What a call will probably use, before it is made: output from what the caller allows, else from the model's history, else a named default.
import { costOf } from "../cost.ts"
import type { Price } from "../price-types.ts"
import type { AdmissionRequest, LimitUnit } from "./types.ts"

/** Amounts of one call by unit. */
export type Demand = Readonly<Record<LimitUnit, number>>

/** What output of a model may be expected to stay below, learnt from its finished calls; old ones fade. */
export interface OutputHistory {
  expected(model: string): number
  observe(model: string, outputTokens: number): void
}

/** Half octaves: bucket n ends below 2^((n + 1) / 2) tokens; the last one is above eight million. */
const bucketCount = 48
const quantile = 0.95
/** Observations before history is believed, and those after which all weights are halved. */
const believedFrom = 8
const halvedAt = 512
const modelsMax = 1_000

export function createOutputHistory(outputTokensAssumed: number): OutputHistory {
  const models = new Map<string, History>()
  return {
    expected: (model) => models.get(model)?.expected() ?? outputTokensAssumed,
    observe(model, outputTokens) {
      let history = models.get(model)
      if (!history) {
        if (models.size >= modelsMax) for (const oldest of models.keys()) if (models.delete(oldest)) break
        models.set(model, (history = new History()))
      }
      history.observe(outputTokens)
    },
  }
}

class History {
  readonly #weights = new Float64Array(bucketCount)
  #total = 0
  /** Reading is rarer to change than to ask. */
  #expected: number | undefined

  observe(outputTokens: number): void {
    const bucket = Math.min(bucketCount - 1, Math.floor(2 * Math.log2(Math.max(1, outputTokens))))
    this.#weights[bucket]! += 1
    this.#total += 1
    this.#expected = undefined
    if (this.#total < halvedAt) return
    for (let index = 0; index < bucketCount; index += 1) this.#weights[index]! /= 2
    this.#total /= 2
  }

  expected(): number | undefined {
    if (this.#total < believedFrom) return undefined
    return (this.#expected ??= this.#quantile())
  }

  #quantile(): number {
    let above = this.#total * (1 - quantile)
    for (let bucket = bucketCount - 1; bucket >= 0; bucket -= 1) {
      above -= this.#weights[bucket] ?? 0
      if (above < 0) return Math.ceil(2 ** ((bucket + 1) / 2))
    }
    return 1
  }
}

/** Where the price is unknown the assumed one is taken: a request that cannot be estimated is reserved all the same. */
export function demandOf(request: AdmissionRequest, history: OutputHistory, assumed: Price): Demand {
  const inputTokens = Math.max(0, Math.ceil(request.inputTokensEstimated))
  const outputTokens = Math.max(0, Math.ceil(request.outputTokensMax ?? history.expected(request.model)))
  const calls = callsOf(request)
  return {
    microUsd: worstCost(request, { inputTokens, outputTokens }, assumed),
    requests: calls,
    tokens: inputTokens + outputTokens,
    inputTokens,
    outputTokens,
    concurrent: calls,
  }
}

/** How many requests, and calls under way, it counts as. */
export function callsOf({ isInternal }: AdmissionRequest): number {
  return isInternal === true ? 0 : 1
}

/** Nothing is taken for cached, all of it may be written to the cache. A tier that nobody knows the price of costs what is assumed, or what is usual if that is more. */
function worstCost({ price, pieces, served }: AdmissionRequest, tokens: Tokens, assumed: Price): number {
  const usage = { ...tokens, cachedTokens: 0, cacheWriteTokens: tokens.inputTokens, ...pieces }
  const usual = costOf(usage, price ?? assumed).costMicroUsd
  if (!price || !served) return Math.ceil(usual)
  const asked = costOf({ ...usage, ...served }, price)
  return Math.ceil(asked.costKnown ? asked.costMicroUsd : Math.max(usual, costOf(usage, assumed).costMicroUsd))
}

type Tokens = Pick<Demand, "inputTokens" | "outputTokens">
