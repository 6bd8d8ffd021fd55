// Model events as chat completions: the chunks of a stream, or one JSON object.
import { sseData, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { ModelEvent, ModelUsage } from "../../inference/index.ts"
import { CustomCalls, inputIn } from "./chat-custom-calls.ts"
import { reasoningDetails, ReasoningPieces } from "./chat-reasoning.ts"

export interface ChatRenderOptions {
  id: string
  /** Epoch milliseconds. */
  createdAt: number
  model: string
  usageAsked: boolean
}

/** A function from each event to its frames; the head's frame comes before the first. The caller adds `[DONE]`. */
export function chatChunks({ id, createdAt, model, usageAsked }: ChatRenderOptions): (event: ModelEvent) => string[] {
  const base = { id, object: "chat.completion.chunk", created: Math.floor(createdAt / 1000), model }
  const noUsage = usageAsked ? { usage: null } : {}
  const chunk = (delta: object, finishReason: string | null = null): string =>
    sseData({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }], ...noUsage })
  const pieces = new ReasoningPieces()
  const custom = new CustomCalls()
  let begun = false
  const frames = (event: ModelEvent): string[] => {
    if (event.type !== "finished") return (custom.take(event) ?? [deltaOf(event, pieces)]).flatMap((delta) => (delta ? [chunk(delta)] : []))
    const last = [...custom.rest().map((delta) => chunk(delta)), chunk({}, event.reason)]
    return usageAsked ? [...last, sseData({ ...base, choices: [], usage: chatUsage(event.usage) })] : last
  }
  return (event) => {
    if (begun) return frames(event)
    begun = true
    return [chunk({ role: "assistant", content: "", refusal: null }), ...frames(event)]
  }
}

/** Undefined for what chat completions have no place for. */
function deltaOf(event: Exclude<ModelEvent, { type: "finished" }>, pieces: ReasoningPieces): object | undefined {
  if (event.type === "text-delta") return { content: event.text }
  // No official field: clients read one or the other.
  if (event.type === "reasoning-delta")
    return { reasoning_content: event.text, reasoning: event.text, reasoning_details: [pieces.take(event)] }
  if (event.type === "refusal-delta") return { refusal: event.text }
  if (event.type === "citation") return { annotations: [annotationOf(event.citation)] }
  if (event.type === "reasoning-ended") return { reasoning_details: [pieces.take(event)] }
  if (event.type === "image") return { images: [imageOf(event)] }
  if (event.type === "tool-call-delta") return { tool_calls: [{ index: event.index, function: { arguments: event.arguments } }] }
  if (event.type === "annotation") return { annotations: [event.annotation] }
  if (event.type !== "tool-call-started") return undefined
  const { index, callId, name, signature } = event
  return { tool_calls: [{ index, id: callId, type: "function", function: { name, arguments: "" }, ...signed(signature) }] }
}

function imageOf({ mediaType, data }: Extract<ModelEvent, { type: "image" }>): JsonValue {
  return { type: "image_url", image_url: { url: `data:${mediaType};base64,${data}` } }
}

/** Where Gemini's own OpenAI-compatible answers carry it. */
function signed(signature: string | undefined): JsonObject {
  return signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } }
}

/** All events of one call as a `chat.completion`. */
export function chatCompletion({ id, createdAt, model }: Omit<ChatRenderOptions, "usageAsked">, events: readonly ModelEvent[]): JsonValue {
  const text = joined(events, "text-delta")
  const reasoning = joined(events, "reasoning-delta")
  const refusal = joined(events, "refusal-delta")
  const calls = toolCalls(events)
  const annotations = events.flatMap((event) => (event.type === "citation" ? [annotationOf(event.citation)] : []))
  const images = events.flatMap((event) => (event.type === "image" ? [imageOf(event)] : []))
  const details = reasoningDetails(events)
  const finished = events.find((event) => event.type === "finished")
  const message = {
    role: "assistant",
    content: text === "" && (calls.length > 0 || refusal !== "") ? null : text,
    refusal: refusal === "" ? null : refusal,
    annotations,
    ...(reasoning === "" ? {} : { reasoning_content: reasoning, reasoning }),
    ...(details.length > 0 ? { reasoning_details: details } : {}),
    ...(images.length > 0 ? { images } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  }
  return {
    id,
    object: "chat.completion",
    created: Math.floor(createdAt / 1000),
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finished?.reason ?? "stop" }],
    ...(finished ? { usage: chatUsage(finished.usage) } : {}),
  }
}

export function chatUsage(usage: ModelUsage): JsonValue {
  const { cacheWriteTokens: written = 0 } = usage
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens, ...(written > 0 ? { cache_write_tokens: written } : {}) },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  }
}

function annotationOf({ fileId, filename, index }: Extract<ModelEvent, { type: "citation" }>["citation"]): JsonValue {
  return { type: "file_citation", file_id: fileId, filename, index }
}

function joined(events: readonly ModelEvent[], type: "text-delta" | "reasoning-delta" | "refusal-delta"): string {
  return events.map((event) => (event.type === type ? event.text : "")).join("")
}

function toolCalls(events: readonly ModelEvent[]): JsonValue[] {
  const calls = new Map<number, { id: string; name: string; text: string; signature: string | undefined; custom: boolean }>()
  for (const event of events) {
    if (event.type === "tool-call-started")
      calls.set(event.index, { id: event.callId, name: event.name, text: "", signature: event.signature, custom: event.custom === true })
    const call = event.type === "tool-call-delta" ? calls.get(event.index) : undefined
    if (call && event.type === "tool-call-delta") call.text += event.arguments
  }
  return [...calls.values()].map(({ id, name, text, signature, custom }) =>
    custom
      ? { id, type: "custom", custom: { name, input: inputIn(text) } }
      : { id, type: "function", function: { name, arguments: text === "" ? "{}" : text }, ...signed(signature) },
  )
}
