// What a provider says that it charged for a call, in the words of those that tell it.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { ModelUsage } from "../types.ts"

const microUsdPerUsd = 1_000_000
/** xAI counts in ten thousand millionths of a dollar. */
const ticksPerMicroUsd = 10_000

/** Micro-dollars, or undefined where the usage has none that can be understood. */
export function costTold(usage: JsonObject): number | undefined {
  const { cost, cost_in_usd_ticks: ticks } = usage
  if (cost === undefined && ticks === undefined) return undefined
  const inTicks = amountOf(ticks)
  if (inTicks !== undefined) return inTicks / ticksPerMicroUsd
  const usd = isJsonObject(cost) ? totalOf(cost) : chargedOf(usage)
  return usd === undefined ? undefined : usd * microUsdPerUsd
}

/** The usage with it, if there is any. */
export function withCostTold(read: ModelUsage, usage: JsonValue | undefined): ModelUsage {
  const told = isJsonObject(usage) ? costTold(usage) : undefined
  if (told !== undefined) read.toldMicroUsd = told
  return read
}

/** Perplexity's, whose fees of requests stand in no other place. */
function totalOf({ total_cost: total, currency = "USD" }: JsonObject): number | undefined {
  return currency === "USD" ? amountOf(total) : undefined
}

/** OpenRouter's. Of a call by a key of one's own it charges a fee, and the maker of the model the rest. */
function chargedOf({ cost, cost_details: details, is_byok: isByOwnKey }: JsonObject): number | undefined {
  const charged = amountOf(cost)
  if (charged === undefined) return undefined
  if (isByOwnKey === true) {
    const rest = isJsonObject(details) ? amountOf(details["upstream_inference_cost"]) : undefined
    return rest === undefined ? undefined : charged + rest
  }
  // A nought that nothing stands behind may be a place that nobody filled.
  return charged > 0 || isByOwnKey === false || isJsonObject(details) ? charged : undefined
}

function amountOf(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined
}
