// Usage of several calls or attempts, added up with every piece that a provider bills.
import type { ModelUsage } from "./types.ts"

export const noUsage: ModelUsage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, estimated: false }

const pieces = [
  "cacheWriteTokens",
  "cacheWriteLongTokens",
  "audioInputTokens",
  "audioOutputTokens",
  "imageCount",
  "characters",
  "seconds",
  "searchUnits",
] as const satisfies readonly (keyof ModelUsage)[]

/** A piece that neither has is not in the sum. */
export function addUsage(a: ModelUsage, b: ModelUsage): ModelUsage {
  const sum: ModelUsage = {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    estimated: a.estimated || b.estimated,
  }
  for (const piece of pieces) {
    const [of, and] = [a[piece], b[piece]]
    if (of !== undefined || and !== undefined) sum[piece] = (of ?? 0) + (and ?? 0)
  }
  return sum
}
