// Usage as chat completions and embeddings report it: prompt tokens include the cached ones.
import { isJsonObject, type JsonValue } from "../../../core/index.ts"
import type { ModelUsage } from "../../types.ts"
import { countOf } from "../usage.ts"

/** Undefined where nothing usable was reported. */
export function usageOf(usage: JsonValue | undefined): ModelUsage | undefined {
  if (!isJsonObject(usage)) return undefined
  const inputTokens = countOf(usage["prompt_tokens"])
  const outputTokens = countOf(usage["completion_tokens"])
  if (inputTokens === undefined && outputTokens === undefined) return undefined
  const prompt = isJsonObject(usage["prompt_tokens_details"]) ? usage["prompt_tokens_details"] : {}
  const completion = isJsonObject(usage["completion_tokens_details"]) ? usage["completion_tokens_details"] : {}
  return {
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    cachedTokens: Math.min(countOf(prompt["cached_tokens"]) ?? 0, inputTokens ?? 0),
    reasoningTokens: countOf(completion["reasoning_tokens"]) ?? 0,
    estimated: false,
  }
}
