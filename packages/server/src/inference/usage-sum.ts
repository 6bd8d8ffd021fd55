// Usage of several calls or attempts, added up with every piece that a provider bills.
import { usualTier } from "../accounting/index.ts"
import type { ModelUsage } from "./types.ts"

export const noUsage: ModelUsage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, estimated: false }

const pieces = [
  "cacheWriteTokens",
  "cacheWriteLongTokens",
  "audioInputTokens",
  "audioOutputTokens",
  "imageInputTokens",
  "imageOutputTokens",
  "cachedAudioTokens",
  "cachedImageTokens",
  "imageCount",
  "characters",
  "seconds",
  "searchUnits",
] as const satisfies readonly (keyof ModelUsage)[]

const words = ["serviceTier", "servedIn", "imageKind"] as const satisfies readonly (keyof ModelUsage)[]

/** Of what was served in two ways: it has no price. */
const mixed = "mixed"

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
  for (const name of words) {
    const word = wordOf(name, a, b)
    if (word !== undefined) sum[name] = word
  }
  const toldMicroUsd = toldOf(a, b)
  if (toldMicroUsd !== undefined) sum.toldMicroUsd = toldMicroUsd
  const toolCalls = callsOf(a, b)
  return toolCalls ? { ...sum, toolCalls } : sum
}

/** Of a part alone it would be taken for all. */
function toldOf(a: ModelUsage, b: ModelUsage): number | undefined {
  const [of, and] = [a.toldMicroUsd, b.toldMicroUsd]
  if (of !== undefined && and !== undefined) return of + and
  return usedNothing(b) ? of : usedNothing(a) ? and : undefined
}

function wordOf(name: (typeof words)[number], a: ModelUsage, b: ModelUsage): string | undefined {
  const [of, and] = [a[name], b[name]]
  if (of === and || usedNothing(b)) return of
  if (usedNothing(a)) return and
  if (name === "serviceTier" && (of ?? usualTier) === (and ?? usualTier)) return usualTier
  return mixed
}

function usedNothing({ inputTokens, outputTokens, imageCount = 0 }: ModelUsage): boolean {
  return inputTokens === 0 && outputTokens === 0 && imageCount === 0
}

function callsOf({ toolCalls: a }: ModelUsage, { toolCalls: b }: ModelUsage): ModelUsage["toolCalls"] {
  if (!a || !b) return a ?? b
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return Object.fromEntries([...names].map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]))
}
