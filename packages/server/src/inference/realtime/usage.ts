// Usage as realtime sessions report it: per answer in `response.done`, per utterance where speech is transcribed on the side.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { ModelUsage } from "../types.ts"

/** Of the `usage` of a response or of a transcription; undefined where nothing usable is reported. */
export function realtimeUsage(usage: JsonValue | undefined): ModelUsage | undefined {
  if (!isJsonObject(usage)) return undefined
  const none = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, estimated: false }
  const seconds = countOf(usage["seconds"])
  if (seconds !== undefined) return { ...none, seconds }
  const inputTokens = countOf(usage["input_tokens"])
  const outputTokens = countOf(usage["output_tokens"])
  if (inputTokens === undefined && outputTokens === undefined) return undefined
  const input = detailsOf(usage, "input_token_details")
  const cached = detailsOf(input, "cached_tokens_details")
  const cachedTokens = countOf(input["cached_tokens"]) ?? 0
  const [image, cachedAudio, cachedImage] = [input["image_tokens"], cached["audio_tokens"], cached["image_tokens"]].map(countOf)
  return {
    ...none,
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    cachedTokens,
    audioInputTokens: countOf(input["audio_tokens"]) ?? 0,
    audioOutputTokens: countOf(detailsOf(usage, "output_token_details")["audio_tokens"]) ?? 0,
    ...(image ? { imageInputTokens: image } : {}),
    ...(cachedAudio ? { cachedAudioTokens: cachedAudio } : {}),
    ...(cachedImage ? { cachedImageTokens: cachedImage } : {}),
  }
}

function detailsOf(of: JsonObject, name: string): JsonObject {
  const details = of[name]
  return isJsonObject(details) ? details : {}
}

function countOf(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined
}
