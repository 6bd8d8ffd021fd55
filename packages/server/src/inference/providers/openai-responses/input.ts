// The messages of a call as the input items of a response.
import type { JsonObject, JsonValue } from "../../../core/index.ts"
import { unwrappedInput } from "../../custom-tools.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import type { ModelContent, ModelMessage, ModelReasoning, ModelToolCall } from "../../message-types.ts"
import { cannotSend, mediaOf } from "../media.ts"
import { withPassages } from "../passages.ts"

export function inputItems(call: ModelCall, deployment: Deployment): JsonObject[] {
  const custom = customCalls(call.messages)
  return withPassages(call.messages, call.passages).flatMap((message) => itemsOf(message, deployment, custom))
}

/** Ids of calls whose results have a type of their own. */
function customCalls(messages: readonly ModelMessage[]): ReadonlySet<string> {
  const calls = messages.flatMap((message) => (message.role === "assistant" ? message.toolCalls : []))
  return new Set(calls.flatMap(({ callId, custom }) => (custom ? [callId] : [])))
}

function itemsOf(message: ModelMessage, deployment: Deployment, custom: ReadonlySet<string>): JsonObject[] {
  if (message.role === "tool") {
    const type = custom.has(message.callId) ? "custom_tool_call_output" : "function_call_output"
    return [{ type, call_id: message.callId, output: outputOf(message, deployment) }]
  }
  if (message.role !== "assistant") return [{ role: message.role, content: contentOf(message.content, deployment) }]
  const text = message.content.map((part) => (part.type === "text" ? part.text : "")).join("")
  const calls = message.toolCalls.map(callItem)
  const items = (message.items ?? []).map(withoutForeignId)
  return [
    ...(message.reasoning ?? []).flatMap(reasoningItem),
    ...items,
    ...(text === "" ? [] : [{ role: "assistant", content: text }]),
    ...calls,
  ]
}

/** An id that stands for nothing there is left out: its client sent the item without one. */
function withoutForeignId(item: JsonObject): JsonObject {
  const { id, ...rest } = item
  return typeof id === "string" && id.startsWith("item_") ? rest : item
}

function callItem({ callId, name, arguments: json, custom }: ModelToolCall): JsonObject {
  if (custom) return { type: "custom_tool_call", call_id: callId, name, input: unwrappedInput(json) }
  return { type: "function_call", call_id: callId, name, arguments: json === "" ? "{}" : json }
}

/** Only what its provider sealed: nothing else of it can be read there. */
function reasoningItem({ dialect, text, data, id }: ModelReasoning): JsonObject[] {
  if (dialect !== "openai-responses" || data === undefined) return []
  const summary = text === "" ? [] : [{ type: "summary_text", text }]
  return [{ type: "reasoning", ...(id === undefined ? {} : { id }), summary, encrypted_content: data }]
}

function outputOf({ content, parts }: Extract<ModelMessage, { role: "tool" }>, deployment: Deployment): JsonValue {
  return parts === undefined ? content : parts.map((part) => partOf(part, deployment))
}

/** Text alone is a string, which every server understands. */
function contentOf(content: readonly ModelContent[], deployment: Deployment): JsonValue {
  if (content.every((part) => part.type === "text")) return content.map((part) => part.text).join("\n")
  return content.map((part) => partOf(part, deployment))
}

function partOf(part: ModelContent, deployment: Deployment): JsonObject {
  if (part.type === "text") return { type: "input_text", text: part.text }
  if (part.type === "audio") throw cannotSend(deployment, "sound", "Responses take text, pictures and files.")
  const media = mediaOf(part)
  const address = "address" in media ? media.address : `data:${media.mediaType};base64,${media.base64}`
  if (part.type === "image") return { type: "input_image", image_url: address, detail: part.detail ?? "auto" }
  if ("address" in media) return { type: "input_file", file_url: address }
  return { type: "input_file", filename: part.name, file_data: address }
}
