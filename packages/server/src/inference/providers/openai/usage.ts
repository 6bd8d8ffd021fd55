// Usage as chat completions and embeddings report it: prompt tokens include the cached ones.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { ModelUsage } from "../../types.ts"
import { withCostTold } from "../told-cost.ts"
import { countOf } from "../usage.ts"

/** Undefined where nothing usable was reported. */
export function usageOf(usage: JsonValue | undefined): ModelUsage | undefined {
  if (!isJsonObject(usage)) return undefined
  const inputTokens = countOf(usage["prompt_tokens"])
  const reported = countOf(usage["completion_tokens"])
  if (inputTokens === undefined && reported === undefined) return undefined
  const prompt = objectOf(usage["prompt_tokens_details"] ?? usage["prompt_token_details"])
  const completion = objectOf(usage["completion_tokens_details"])
  const reasoningTokens = countOf(completion["reasoning_tokens"]) ?? 0
  const outputTokens = withReasoning(reported ?? 0, reasoningTokens, (countOf(usage["total_tokens"]) ?? 0) - (inputTokens ?? 0))
  const cached = countOf(prompt["cached_tokens"]) ?? firstCount(usage, cachedElsewhere)
  const read: ModelUsage = {
    inputTokens: inputTokens ?? 0,
    outputTokens,
    cachedTokens: Math.min(cached ?? 0, inputTokens ?? 0),
    reasoningTokens,
    estimated: false,
  }
  const writtenLong = countOf(prompt["cache_write_12h_tokens"]) ?? 0
  setSome(read, "cacheWriteTokens", (countOf(prompt["cache_write_tokens"]) ?? 0) + writtenLong)
  setSome(read, "cacheWriteLongTokens", writtenLong)
  setSome(read, "audioInputTokens", prompt["audio_tokens"])
  setSome(read, "audioOutputTokens", completion["audio_tokens"])
  setSome(read, "imageInputTokens", prompt["image_tokens"])
  setSome(read, "imageOutputTokens", completion["image_tokens"])
  // Of xAI's searches, which it bills by what they found.
  const sources = countOf(usage["num_sources_used"]) ?? 0
  if (sources > 0) read.toolCalls = { live_search: sources }
  return withCostTold(read, usage)
}

/** Of vectors, which have no output: some tell the total alone. */
export function embeddingsUsageOf(usage: JsonValue | undefined): ModelUsage | undefined {
  const told = usageOf(usage)
  const total = isJsonObject(usage) ? countOf(usage["total_tokens"]) : undefined
  if (told !== undefined || total === undefined) return told
  return withCostTold({ inputTokens: total, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, estimated: false }, usage)
}

/** DeepSeek's, Mistral's and Moonshot's names. */
const cachedElsewhere = ["prompt_cache_hit_tokens", "num_cached_tokens", "cached_tokens"]

/** xAI counts thoughts beside the output; only the total shows it. */
function withReasoning(outputTokens: number, reasoningTokens: number, allButInput: number): number {
  return reasoningTokens > 0 && allButInput === outputTokens + reasoningTokens ? allButInput : outputTokens
}

function firstCount(usage: JsonObject, names: readonly string[]): number | undefined {
  return names.map((name) => countOf(usage[name])).find((count) => count !== undefined)
}

type Optional =
  | "cacheWriteTokens"
  | "cacheWriteLongTokens"
  | "audioInputTokens"
  | "audioOutputTokens"
  | "imageInputTokens"
  | "imageOutputTokens"

function setSome(usage: ModelUsage, name: Optional, value: JsonValue | undefined): void {
  const count = countOf(value) ?? 0
  if (count > 0) usage[name] = count
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}
