// Usage as Converse reports it: what was read from and written to the cache stands beside the input.
import { isJsonObject, type JsonValue } from "../../../core/index.ts"
import type { ModelUsage } from "../../types.ts"
import { countOf } from "../usage.ts"

/** Undefined where nothing usable was reported. */
export function converseUsage(usage: JsonValue | undefined): ModelUsage | undefined {
  if (!isJsonObject(usage)) return undefined
  const input = countOf(usage["inputTokens"])
  const output = countOf(usage["outputTokens"])
  if (input === undefined && output === undefined) return undefined
  const read = countOf(usage["cacheReadInputTokens"]) ?? 0
  const written = countOf(usage["cacheWriteInputTokens"]) ?? 0
  const writtenLong = longWrites(usage["cacheDetails"])
  return {
    inputTokens: (input ?? 0) + read + written,
    outputTokens: output ?? 0,
    cachedTokens: read,
    reasoningTokens: 0,
    ...(written > 0 ? { cacheWriteTokens: written } : {}),
    ...(writtenLong > 0 ? { cacheWriteLongTokens: writtenLong } : {}),
    estimated: false,
  }
}

function longWrites(details: JsonValue | undefined): number {
  if (!Array.isArray(details)) return 0
  const counts = (details as readonly JsonValue[]).map((each) =>
    isJsonObject(each) && each["ttl"] === "1h" ? (countOf(each["inputTokens"]) ?? 0) : 0,
  )
  return counts.reduce((sum, count) => sum + count, 0)
}
