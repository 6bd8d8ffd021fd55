// The messages of a call as the AI SDK's prompt, in the shape of the model's specification.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import type { ModelContent, ModelMessage, ModelReasoning, ModelToolCall } from "../../message-types.ts"
import { cannotSend, mediaOf, type MediaContent } from "../media.ts"
import { withPassages } from "../passages.ts"
import type { SpecificationVersion, SupportedUrls } from "./spec.ts"

export interface PromptContext {
  deployment: Deployment
  version: SpecificationVersion
  supportedUrls: SupportedUrls
}

export function promptOf(call: ModelCall, context: PromptContext): JsonObject[] {
  const names = new Map<string, string>()
  const prompt: JsonObject[] = []
  for (const message of withPassages(call.messages, call.passages)) {
    if (message.role === "assistant") for (const { callId, name } of message.toolCalls) names.set(callId, name)
    const next = messageOf(message, names, context)
    const last = prompt.at(-1)
    // The results of one turn are one message.
    if (next["role"] === "tool" && last?.["role"] === "tool")
      prompt[prompt.length - 1] = { ...last, content: [...listOf(last["content"]), ...listOf(next["content"])] }
    else prompt.push(next)
  }
  return prompt
}

function messageOf(message: ModelMessage, names: ReadonlyMap<string, string>, context: PromptContext): JsonObject {
  if (message.role === "system")
    return { role: "system", content: message.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n") }
  if (message.role === "tool") return { role: "tool", content: [resultOf(message, names.get(message.callId) ?? message.callId, context)] }
  if (message.role === "assistant") return { role: "assistant", content: answerParts(message, context) }
  return { role: "user", content: message.content.map((part) => partOf(part, context)) }
}

function answerParts(message: Extract<ModelMessage, { role: "assistant" }>, context: PromptContext): JsonObject[] {
  const reasoning = (message.reasoning ?? []).filter(({ dialect }) => dialect === "ai-sdk").map(reasoningOf)
  const content = message.content.filter((part) => part.type !== "text" || part.text !== "").map((part) => partOf(part, context))
  return [...reasoning, ...content, ...message.toolCalls.map(callOf)]
}

function reasoningOf({ text, signature }: ModelReasoning): JsonObject {
  return { type: "reasoning", text, ...metadataIn(signature) }
}

function callOf({ callId, name, arguments: text, signature }: ModelToolCall): JsonObject {
  return { type: "tool-call", toolCallId: callId, toolName: name, input: inputOf(text), ...metadataIn(signature) }
}

/** What the provider said beside it, as the reader of its answer wrote it down. */
function metadataIn(signature: string | undefined): JsonObject {
  if (signature === undefined || !signature.startsWith("{")) return {}
  try {
    return { providerOptions: JSON.parse(signature) as JsonValue }
  } catch {
    return {} // another provider's signature
  }
}

function inputOf(text: string): JsonValue {
  try {
    const value: unknown = JSON.parse(text === "" ? "{}" : text)
    return isJsonObject(value) ? value : { arguments: value as JsonValue } // JSON.parse gives JSON
  } catch {
    return { arguments: text }
  }
}

function resultOf(message: Extract<ModelMessage, { role: "tool" }>, toolName: string, context: PromptContext): JsonObject {
  const media = (message.parts ?? []).filter((part): part is MediaContent => part.type !== "text")
  const text = { type: message.isError ? "error-text" : "text", value: message.content }
  const output =
    media.length === 0 ? text : { type: "content", value: [...spoken(message.content), ...media.map((part) => resultMedia(part, context))] }
  return { type: "tool-result", toolCallId: message.callId, toolName, output }
}

function spoken(text: string): JsonObject[] {
  return text === "" ? [] : [{ type: "text", text }]
}

/** Each version names it differently. */
function resultMedia(part: MediaContent, { version, deployment }: PromptContext): JsonObject {
  const media = mediaOf(part)
  if (!("base64" in media)) throw cannotSend(deployment, "a tool's result that is only an address")
  const { base64: data, mediaType } = media
  if (version === "v2") return { type: "media", data, mediaType }
  if (version === "v3") return { type: mediaType.startsWith("image/") ? "image-data" : "file-data", data, mediaType }
  return { type: "file", data: { type: "data", data }, mediaType }
}

function partOf(part: ModelContent, context: PromptContext): JsonObject {
  if (part.type === "text") return { type: "text", text: part.text }
  const media = mediaOf(part)
  const name = part.type === "file" ? { filename: part.name } : {}
  if ("base64" in media) {
    const { base64: data, mediaType } = media
    return { type: "file", mediaType, data: context.version === "v4" ? { type: "data", data } : data, ...name }
  }
  const mediaType = media.mediaType ?? (part.type === "image" ? "image/*" : "application/octet-stream")
  if (!fetches(context.supportedUrls, mediaType, media.address))
    throw cannotSend(
      context.deployment,
      "a part that is only an address",
      "This provider fetches no such address: send the content as a data URL.",
    )
  // A URL object is what the specification wants; it is no JSON, but nothing is serialised on the way.
  const url = new URL(media.address) as unknown as JsonObject
  return { type: "file", mediaType, data: context.version === "v4" ? { type: "url", url } : url, ...name }
}

function fetches(supported: SupportedUrls, mediaType: string, address: string): boolean {
  return Object.entries(supported).some(([pattern, addresses]) => {
    const fits =
      pattern === "*" || pattern === "*/*" || (pattern.endsWith("/*") ? mediaType.startsWith(pattern.slice(0, -1)) : pattern === mediaType)
    return fits && addresses.some((each) => each.test(address))
  })
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
