// A model call as the body of a chat completion.
import type { JsonObject, JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelCall, ModelContent, ModelMessage } from "../../types.ts"
import { withPassages } from "../passages.ts"

/** A stream always reports its usage. */
export function chatRequest(call: ModelCall, deployment: Deployment, stream: boolean): JsonObject {
  const body: Record<string, JsonValue | undefined> = {
    model: deployment.upstreamModel,
    messages: withPassages(call.messages, call.passages).map(messageOf),
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
    temperature: call.temperature ?? undefined,
    top_p: call.topP ?? undefined,
    response_format: call.responseFormat ?? undefined,
    reasoning_effort: call.reasoningEffort ?? undefined,
    user: call.user ?? undefined,
    stop: call.stop && call.stop.length > 0 ? call.stop : undefined,
  }
  // OpenAI's reasoning models refuse `max_tokens`; most other servers know only that.
  if (call.outputTokensMax !== null) body[isOpenAi(deployment) ? "max_completion_tokens" : "max_tokens"] = call.outputTokensMax
  if (call.tools.length > 0) {
    body["tools"] = call.tools.map(({ name, description, parameters, strict }) => ({
      type: "function",
      function: { name, parameters, ...(description === null ? {} : { description }), ...(strict === null ? {} : { strict }) },
    }))
    body["tool_choice"] =
      typeof call.toolChoice === "string" ? call.toolChoice : { type: "function", function: { name: call.toolChoice.name } }
    if (!call.parallelToolCalls) body["parallel_tool_calls"] = false
  }
  return body
}

function isOpenAi(deployment: Deployment): boolean {
  return deployment.baseUrl !== null && new URL(deployment.baseUrl).hostname === "api.openai.com"
}

function messageOf(message: ModelMessage): JsonValue {
  if (message.role === "tool") return { role: "tool", tool_call_id: message.callId, content: message.content }
  if (message.role !== "assistant") return { role: message.role, content: contentOf(message.content) }
  const calls = message.toolCalls.map(({ callId, name, arguments: text }) => ({
    id: callId,
    type: "function",
    function: { name, arguments: text === "" ? "{}" : text },
  }))
  const content = message.content.length === 0 ? null : contentOf(message.content)
  return calls.length > 0 ? { role: "assistant", content, tool_calls: calls } : { role: "assistant", content: content ?? "" }
}

/** Text alone is a string, which every server understands; anything else is a list of parts. */
function contentOf(content: readonly ModelContent[]): JsonValue {
  if (content.every((part) => part.type === "text")) return content.map((part) => part.text).join("\n")
  return content.map((part): JsonValue => {
    if (part.type === "text") return { type: "text", text: part.text }
    if (part.type === "image") return { type: "image_url", image_url: { url: part.url } }
    if (part.type === "audio") return { type: "input_audio", input_audio: { data: part.data, format: part.format } }
    return { type: "file", file: { filename: part.name, file_data: part.data } }
  })
}
