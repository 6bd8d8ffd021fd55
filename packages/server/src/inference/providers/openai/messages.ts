// The messages of a call as chat completions have them, with what their provider wants otherwise.
import type { JsonObject, JsonValue } from "../../../core/index.ts"
import { unwrappedInput } from "../../custom-tools.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import type { ModelContent, ModelMessage, ModelToolCall } from "../../message-types.ts"
import { withPassages } from "../passages.ts"
import type { ChatHabits } from "../presets.ts"
import { chatContent } from "./content.ts"
import { takesCustomTools } from "./models.ts"
import { reasoningFields } from "./reasoning.ts"
import { shortToolId } from "./short-ids.ts"

type AssistantMessage = Extract<ModelMessage, { role: "assistant" }>
type ToolMessage = Extract<ModelMessage, { role: "tool" }>

export function chatMessages(call: ModelCall, deployment: Deployment, habits: ChatHabits): JsonValue[] {
  const messages: JsonValue[] = []
  // A tool's message can only have text: pictures follow in a message of the user, after the last result.
  let shown: ModelContent[] = []
  const show = (): void => {
    if (shown.length > 0) messages.push({ role: "user", content: chatContent(shown, deployment, habits) })
    shown = []
  }
  for (const message of withPassages(call.messages, call.passages)) {
    if (message.role === "tool") {
      messages.push(toolMessage(message, habits))
      shown.push(...picturesOf(message))
      continue
    }
    show()
    if (message.role === "assistant") messages.push(assistantMessage(message, deployment, habits))
    else messages.push({ role: message.role, content: chatContent(message.content, deployment, habits) })
  }
  show()
  return call.continuesPrefix && habits.prefix === "prefix-flag" ? withPrefixFlag(messages) : messages
}

function toolMessage({ callId, content }: ToolMessage, habits: ChatHabits): JsonValue {
  return { role: "tool", tool_call_id: habits.shortToolIds ? shortToolId(callId) : callId, content }
}

function picturesOf({ callId, parts = [] }: ToolMessage): ModelContent[] {
  const others = parts.filter(({ type }) => type !== "text")
  return others.length === 0 ? [] : [{ type: "text", text: `Of the result of ${callId}:` }, ...others]
}

function assistantMessage(message: AssistantMessage, deployment: Deployment, habits: ChatHabits): JsonObject {
  // What a model drew or said aloud has no place in its own message.
  const texts = message.content.filter((part) => part.type === "text")
  const content = texts.length === 0 ? null : chatContent(texts, deployment, habits)
  const calls = message.toolCalls.map((each) => callOf(each, deployment, habits))
  return {
    role: "assistant",
    ...(calls.length > 0 ? { content, tool_calls: calls } : { content: content ?? "" }),
    ...reasoningFields(message, content, habits.reasoning),
  }
}

function callOf(call: ModelToolCall, deployment: Deployment, habits: ChatHabits): JsonValue {
  const { callId, name, arguments: text, signature } = call
  if (call.custom && takesCustomTools(deployment)) return { id: callId, type: "custom", custom: { name, input: unwrappedInput(text) } }
  // Gemini's own OpenAI-compatible route wants its signature back; whoever never sent one gets none.
  const isSigned = signature !== undefined && deployment.provider === "openai-compatible"
  return {
    id: habits.shortToolIds ? shortToolId(callId) : callId,
    type: "function",
    function: { name, arguments: text === "" ? "{}" : text },
    ...(isSigned ? { extra_content: { google: { thought_signature: signature } } } : {}),
  }
}

function withPrefixFlag(messages: readonly JsonValue[]): JsonValue[] {
  return messages.map((message, index) => (index === messages.length - 1 ? { ...(message as JsonObject), prefix: true } : message)) // all are objects
}
