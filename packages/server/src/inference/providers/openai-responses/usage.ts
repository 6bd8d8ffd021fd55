// Usage as Responses report it: input tokens include the cached ones.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { ModelUsage } from "../../types.ts"
import { withCostTold } from "../told-cost.ts"
import { countOf } from "../usage.ts"

/** Undefined where nothing usable was reported. */
export function responsesUsageOf(usage: JsonValue | undefined): ModelUsage | undefined {
  if (!isJsonObject(usage)) return undefined
  const inputTokens = countOf(usage["input_tokens"])
  const outputTokens = countOf(usage["output_tokens"])
  if (inputTokens === undefined && outputTokens === undefined) return undefined
  const input = objectOf(usage["input_tokens_details"])
  const writtenLong = countOf(input["cache_write_12h_tokens"]) ?? 0
  const written = (countOf(input["cache_write_tokens"]) ?? 0) + writtenLong
  const read: ModelUsage = {
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    cachedTokens: countOf(input["cached_tokens"]) ?? 0,
    reasoningTokens: countOf(objectOf(usage["output_tokens_details"])["reasoning_tokens"]) ?? 0,
    ...(written > 0 ? { cacheWriteTokens: written } : {}),
    ...(writtenLong > 0 ? { cacheWriteLongTokens: writtenLong } : {}),
    estimated: false,
  }
  return withCostTold(read, usage)
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}
