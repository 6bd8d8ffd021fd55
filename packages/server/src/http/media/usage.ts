// What pictures, sounds, moderation and ranking used: in tokens where the provider counts them, else in what it bills.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import { withCostTold, type ModelUsage } from "../../inference/index.ts"

const nothing: ModelUsage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, estimated: false }

/** GPT image models count tokens; older ones bill each picture by its quality and size. */
export function imageUsage(answer: JsonObject, request: JsonObject): ModelUsage {
  const data: readonly unknown[] = Array.isArray(answer["data"]) ? answer["data"] : []
  const usage = namedAsOpenAiDoes(answer["usage"])
  const kind = imageKind({ ...request, ...answer })
  const read: ModelUsage = { ...nothing, ...tokensIn(usage), ...pictureTokensIn(usage), imageCount: data.length, imageKind: kind }
  return withCostTold(read, answer["usage"])
}

/** OpenRouter tells the tokens of pictures by the names of those of chats. */
function namedAsOpenAiDoes(usage: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(usage) || usage["input_tokens"] !== undefined || usage["prompt_tokens"] === undefined) return usage
  const { prompt_tokens: input, completion_tokens: output, prompt_tokens_details: given, completion_tokens_details: made } = usage
  return { input_tokens: input, output_tokens: output ?? 0, input_tokens_details: given ?? {}, output_tokens_details: made ?? {} }
}

/** `hd 1024x1792`; what is left to the provider is its usual one. */
export function imageKind({ quality, size }: JsonObject): string {
  return `${chosen(quality) ?? "standard"} ${chosen(size) ?? "1024x1024"}`
}

function chosen(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" && value !== "auto" ? value.toLowerCase().slice(0, 40) : undefined
}

/** What is not told apart in the output is pictures. */
function pictureTokensIn(usage: JsonValue | undefined): Partial<ModelUsage> {
  if (!isJsonObject(usage)) return {}
  const input = objectIn(usage, "input_tokens_details")
  const output = objectIn(usage, "output_tokens_details")
  const imageInputTokens = countOf(input["image_tokens"])
  const imageOutputTokens = countOf(output["image_tokens"]) ?? countOf(usage["output_tokens"])
  const cachedImageTokens = countOf(objectIn(input, "cached_tokens_details")["image_tokens"])
  return {
    cachedTokens: countOf(input["cached_tokens"]) ?? 0,
    ...(imageInputTokens === undefined ? {} : { imageInputTokens }),
    ...(imageOutputTokens === undefined ? {} : { imageOutputTokens }),
    ...(cachedImageTokens === undefined ? {} : { cachedImageTokens }),
  }
}

function objectIn(of: JsonObject, name: string): JsonObject {
  const value = of[name]
  return isJsonObject(value) ? value : {}
}

/** Tokens, or seconds of sound. */
export function transcriptionUsage(answer: JsonObject): ModelUsage | undefined {
  const read = soundUsage(answer)
  return read && withCostTold(read, answer["usage"])
}

function soundUsage({ usage, duration }: JsonObject): ModelUsage | undefined {
  const told = isJsonObject(usage) ? usage : {}
  const tokens = tokensIn(usage)
  if (tokens) return { ...nothing, ...tokens, ...audioIn(usage) }
  // Mistral bills the seconds, and tells its tokens as of chats beside them.
  const own = countOf(told["prompt_audio_seconds"])
  if (own !== undefined)
    return {
      ...nothing,
      inputTokens: countOf(told["prompt_tokens"]) ?? 0,
      outputTokens: countOf(told["completion_tokens"]) ?? 0,
      seconds: own,
    }
  const seconds = countOf(told["seconds"])
  const length = seconds ?? countOf(duration)
  return length === undefined ? undefined : { ...nothing, seconds: length }
}

/** Speech is billed by the characters that are spoken. */
export function speechUsage(request: JsonObject): ModelUsage {
  const { input } = request
  return { ...nothing, characters: typeof input === "string" ? input.length : 0 }
}

/** Providers do not bill it. */
export function moderationUsage(): ModelUsage {
  return nothing
}

/** Cohere bills searches, others tokens. */
export function rerankUsage(answer: JsonObject): ModelUsage {
  const meta = isJsonObject(answer["meta"]) ? answer["meta"] : {}
  const billed = isJsonObject(meta["billed_units"]) ? meta["billed_units"] : {}
  const searches = countOf(billed["search_units"])
  const { usage } = answer
  const tokens = isJsonObject(usage) ? (countOf(usage["total_tokens"]) ?? countOf(usage["prompt_tokens"])) : undefined
  const read: ModelUsage = { ...nothing, inputTokens: tokens ?? 0, ...(searches === undefined ? {} : { searchUnits: searches }) }
  return withCostTold(read, usage)
}

/** `{input_tokens, output_tokens}` */
export function tokensIn(usage: JsonValue | undefined): Pick<ModelUsage, "inputTokens" | "outputTokens"> | undefined {
  if (!isJsonObject(usage)) return undefined
  const inputTokens = countOf(usage["input_tokens"])
  const outputTokens = countOf(usage["output_tokens"])
  return inputTokens === undefined ? undefined : { inputTokens, outputTokens: outputTokens ?? 0 }
}

function audioIn(usage: JsonValue | undefined): Pick<ModelUsage, "audioInputTokens"> {
  const details = isJsonObject(usage) && isJsonObject(usage["input_token_details"]) ? usage["input_token_details"] : {}
  const audioInputTokens = countOf(details["audio_tokens"])
  return audioInputTokens === undefined ? {} : { audioInputTokens }
}

function countOf(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined
}
