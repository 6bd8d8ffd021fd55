// The messages of a call as the input items of a response.
import type { JsonObject, JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelCall, ModelContent, ModelMessage, ModelReasoning } from "../../types.ts"
import { cannotSend, mediaOf } from "../media.ts"
import { withPassages } from "../passages.ts"

export function inputItems(call: ModelCall, deployment: Deployment): JsonObject[] {
  return withPassages(call.messages, call.passages).flatMap((message) => itemsOf(message, deployment))
}

function itemsOf(message: ModelMessage, deployment: Deployment): JsonObject[] {
  if (message.role === "tool") return [{ type: "function_call_output", call_id: message.callId, output: outputOf(message, deployment) }]
  if (message.role !== "assistant") return [{ role: message.role, content: contentOf(message.content, deployment) }]
  const text = message.content.map((part) => (part.type === "text" ? part.text : "")).join("")
  const calls = message.toolCalls.map(({ callId, name, arguments: json }) => ({
    type: "function_call",
    call_id: callId,
    name,
    arguments: json === "" ? "{}" : json,
  }))
  return [...(message.reasoning ?? []).flatMap(reasoningItem), ...(text === "" ? [] : [{ role: "assistant", content: text }]), ...calls]
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
