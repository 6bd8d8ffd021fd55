// Usage as Cohere reports it: what is billed, and what was processed with its own instructions around the request.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { ModelUsage } from "../../types.ts"
import { countOf } from "../usage.ts"

/** What is billed counts, where it is told; the cache is part of what was processed, never of the bill. */
export function cohereUsage(usage: JsonValue | undefined): ModelUsage | undefined {
  if (!isJsonObject(usage)) return undefined
  const billed = objectOf(usage["billed_units"])
  const processed = objectOf(usage["tokens"])
  const input = countOf(billed["input_tokens"]) ?? countOf(processed["input_tokens"])
  const output = countOf(billed["output_tokens"]) ?? countOf(processed["output_tokens"])
  if (input === undefined && output === undefined) return undefined
  return { inputTokens: input ?? 0, outputTokens: output ?? 0, cachedTokens: 0, reasoningTokens: 0, estimated: false }
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}
