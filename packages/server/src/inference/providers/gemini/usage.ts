// Usage as Gemini reports it: thoughts stand beside the answer's tokens, what is cached is within the prompt's.
import { isJsonObject, type JsonValue } from "../../../core/index.ts"
import type { ModelUsage } from "../../types.ts"
import { tierTold } from "../service-tier.ts"
import { countOf } from "../usage.ts"

/** Undefined where nothing usable was reported. */
export function geminiUsage(usage: JsonValue | undefined): ModelUsage | undefined {
  if (!isJsonObject(usage)) return undefined
  const prompt = countOf(usage["promptTokenCount"])
  const answer = countOf(usage["candidatesTokenCount"])
  if (prompt === undefined && answer === undefined) return undefined
  const thoughts = countOf(usage["thoughtsTokenCount"]) ?? 0
  const inputTokens = (prompt ?? 0) + (countOf(usage["toolUsePromptTokenCount"]) ?? 0)
  const audioInput = tokensOf(usage["promptTokensDetails"], "AUDIO")
  const audioOutput = tokensOf(usage["candidatesTokensDetails"], "AUDIO")
  const imageOutput = tokensOf(usage["candidatesTokensDetails"], "IMAGE")
  const cachedAudio = tokensOf(usage["cacheTokensDetails"], "AUDIO")
  // The second is Vertex'.
  const tier = tierTold(usage["serviceTier"] ?? usage["trafficType"])
  return {
    inputTokens,
    outputTokens: (answer ?? 0) + thoughts,
    cachedTokens: Math.min(countOf(usage["cachedContentTokenCount"]) ?? 0, inputTokens),
    reasoningTokens: thoughts,
    ...(audioInput > 0 ? { audioInputTokens: audioInput } : {}),
    ...(audioOutput > 0 ? { audioOutputTokens: audioOutput } : {}),
    ...(imageOutput > 0 ? { imageOutputTokens: imageOutput } : {}),
    ...(cachedAudio > 0 ? { cachedAudioTokens: cachedAudio } : {}),
    ...(tier === undefined ? {} : { serviceTier: tier }),
    estimated: false,
  }
}

export function tokensOf(details: JsonValue | undefined, modality: string): number {
  if (!Array.isArray(details)) return 0
  const counts = (details as readonly JsonValue[]).map((each) =>
    isJsonObject(each) && each["modality"] === modality ? (countOf(each["tokenCount"]) ?? 0) : 0,
  )
  return counts.reduce((sum, count) => sum + count, 0)
}
