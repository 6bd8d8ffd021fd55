// Which parameters of requests the configuration may set, by the type of a provider, and why some are the client's alone.
import { providerType, type ProviderTypeName } from "./provider-types.ts"

/** Told to every dialect in its own words, or left out where it has none for it. */
export const chatParameters: ReadonlySet<string> = new Set([
  "temperature",
  "top_p",
  "top_k",
  "max_tokens",
  "max_completion_tokens",
  "seed",
  "stop",
  "presence_penalty",
  "frequency_penalty",
  "reasoning_effort",
  "response_format",
])

/** The same for calls that make vectors. */
export const embeddingParameters: ReadonlySet<string> = new Set(["dimensions", "encoding_format"])

/** The same for pictures and sounds, each for the calls that know it. `speed` is none of them: chats with Claude have one of that name. */
const ofMedia: Readonly<Record<MediaService, readonly string[]>> = {
  images: ["size", "quality", "style", "output_format", "output_compression", "input_fidelity", "strength"],
  speech: ["voice", "language"],
  transcription: ["language"],
}

export type MediaService = "images" | "speech" | "transcription"

const mediaServices = ["images", "speech", "transcription"] as const

/** The calls that a parameter is for; none where it is no parameter of media. */
export function mediaServicesOf(name: string): readonly MediaService[] {
  return mediaServices.filter((service) => ofMedia[service].includes(name))
}

/** Those that a type of provider is asked with here; `undefined` for what runs in this process. */
export function mediaParametersOf(type: ProviderTypeName | undefined): readonly string[] {
  if (type === undefined) return []
  const { serves } = providerType(type)
  return [...new Set(mediaServices.filter((service) => serves?.includes(service) ?? true).flatMap((service) => ofMedia[service]))]
}

const conversation = "it is what the client asks"
const sending = "how an answer is delivered is the client's choice"
const answering = "the client counts its answers, and one is held of its budget"

/** Why nothing may be set for all. */
const reserved: ReadonlyMap<string, string> = new Map([
  ["model", "the deployment names its model"],
  ...["messages", "input", "prompt", "suffix", "system", "instructions", "contents"].map((name) => [name, conversation] as const),
  ...["tools", "tool_choice", "functions", "function_call"].map((name) => [name, "the client answers the calls of its tools"] as const),
  ...["stream", "stream_options", "background"].map((name) => [name, sending] as const),
  ...["n", "best_of", "candidate_count"].map((name) => [name, answering] as const),
  ["user", "limits and records go by the user that the client or its key names"],
  ["perdure", "it is said to this server and never goes upstream"],
])

/** Left out, the request would be none; or this server itself lives by them. */
const needed: ReadonlySet<string> = new Set(["model", "messages", "input", "prompt", "contents", "stream", "stream_options", "perdure"])

export function whyNotSet(name: string): string | undefined {
  return reserved.get(name)
}

export function whyNotDropped(name: string): string | undefined {
  return needed.has(name) ? reserved.get(name) : undefined
}

const anthropic = ["thinking", "output_config", "service_tier", "cache_control", "context_management", "inference_geo", "container"]
const gemini = ["generationConfig", "safetySettings", "cachedContent", "labels", "serviceTier"]

/** What else providers of other dialects take at the top of a request. */
const own: Readonly<Partial<Record<ProviderTypeName, readonly string[]>>> = {
  anthropic,
  gemini,
  bedrock: ["additionalModelRequestFields", "guardrailConfig", "performanceConfig", "requestMetadata", "serviceTier"],
  cohere: ["safety_mode", "citation_options", "thinking", "priority", "input_type", "truncate", "max_tokens_per_doc"],
  "ai-sdk": ["providerOptions"],
}

/** The further names that may be set; `any` where unknown ones are passed on. `type` is undefined for what runs in this process. */
export function ownParameters(type: ProviderTypeName | undefined, model: string): readonly string[] | "any" {
  if (type === undefined) return []
  if (type === "vertex") return /^claude/i.test(model) ? anthropic : /^[a-z0-9-]+\/[^/]+$/.test(model) ? "any" : gemini
  return own[type] ?? "any"
}
