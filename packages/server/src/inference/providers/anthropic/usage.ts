// Usage as Anthropic reports it: input tokens without what was read from or written to its cache. Ours includes both.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { ModelUsage } from "../../types.ts"
import { regionTold, tierTold } from "../service-tier.ts"
import { countOf } from "../usage.ts"

/** Containers that ran code: each is paid, not what ran in it. */
export const containerCalls = "code_execution"

/** Undefined where nothing usable was reported. `hasContainer`: the answer names one, of which its usage may not tell. */
export function anthropicUsageOf(usage: JsonValue | undefined, hasContainer = false): ModelUsage | undefined {
  if (!isJsonObject(usage)) return undefined
  const input = countOf(usage["input_tokens"])
  const output = countOf(usage["output_tokens"])
  if (input === undefined && output === undefined) return undefined
  const cachedTokens = countOf(usage["cache_read_input_tokens"]) ?? 0
  const written = isJsonObject(usage["cache_creation"]) ? usage["cache_creation"] : {}
  const cacheWriteLongTokens = countOf(written["ephemeral_1h_input_tokens"]) ?? 0
  const cacheWriteTokens =
    countOf(usage["cache_creation_input_tokens"]) ?? (countOf(written["ephemeral_5m_input_tokens"]) ?? 0) + cacheWriteLongTokens
  const read: ModelUsage = {
    inputTokens: (input ?? 0) + cachedTokens + cacheWriteTokens,
    outputTokens: output ?? 0,
    cachedTokens,
    reasoningTokens: thinkingTokensOf(usage),
    ...(cacheWriteTokens > 0 ? { cacheWriteTokens } : {}),
    ...(cacheWriteLongTokens > 0 ? { cacheWriteLongTokens } : {}),
    estimated: false,
  }
  const tier = usage["speed"] === "fast" ? "fast" : tierTold(usage["service_tier"])
  if (tier !== undefined) read.serviceTier = tier
  const region = regionTold(usage["inference_geo"])
  if (region !== undefined) read.servedIn = region
  let toolCalls = isJsonObject(usage["server_tool_use"]) ? toolCallsIn(usage["server_tool_use"]) : undefined
  if (hasContainer || toolCalls?.[containerCalls] !== undefined) toolCalls = { ...toolCalls, [containerCalls]: 1 }
  if (toolCalls) read.toolCalls = toolCalls
  return read
}

/** `{web_search_requests: 2}` */
function toolCallsIn(used: JsonObject): Record<string, number> | undefined {
  let calls: Record<string, number> | undefined
  for (const [name, value] of Object.entries(used)) {
    const count = countOf(value) ?? 0
    if (count > 0) (calls ??= {})[name.replace(/_requests$/, "")] = count
  }
  return calls
}

/** A part of the output tokens. */
function thinkingTokensOf({ output_tokens_details: details }: JsonObject): number {
  return isJsonObject(details) ? (countOf(details["thinking_tokens"]) ?? 0) : 0
}

/** The other way round. */
export function anthropicUsage(usage: ModelUsage): JsonObject {
  const { inputTokens, outputTokens, cachedTokens, cacheWriteTokens = 0 } = usage
  return {
    input_tokens: Math.max(0, inputTokens - cachedTokens - cacheWriteTokens),
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cachedTokens,
    output_tokens: outputTokens,
  }
}
