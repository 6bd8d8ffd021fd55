// The messages of a call as Anthropic's: instructions apart, two sides in turn, results of tools first, thoughts before what they led to.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import type { ModelMessage, ModelReasoning } from "../../message-types.ts"
import { claudeTraits } from "../claude.ts"
import { withPassages } from "../passages.ts"
import { cacheControl, contentBlocks } from "./content.ts"

export interface AnthropicMessages {
  system: readonly JsonObject[]
  messages: readonly JsonObject[]
}

interface Turn {
  role: "user" | "assistant" | "system"
  /** Results of tools, which come first. */
  results: JsonObject[]
  content: JsonObject[]
}

type AssistantMessage = Extract<ModelMessage, { role: "assistant" }>
type ToolMessage = Extract<ModelMessage, { role: "tool" }>

export function anthropicMessages(call: ModelCall, deployment: Deployment): AnthropicMessages {
  const traits = claudeTraits(deployment.upstreamModel)
  if (call.continuesPrefix && !traits.continuesPrefix) throw cannotContinue(deployment)
  const system: JsonObject[] = []
  const turns: Turn[] = []
  for (const message of withPassages(call.messages, call.passages)) {
    if (message.role === "system") {
      const blocks = contentBlocks(message.content, deployment)
      // Instructions that come later stay where they are if the model allows it there, else they join the first ones.
      if (traits.takesLateInstructions && turns.at(-1)?.role === "user") append(turns, "system", { content: blocks })
      else system.push(...blocks)
    } else if (message.role === "tool") append(turns, "user", { results: [resultBlock(message, deployment)] })
    else if (message.role === "assistant") append(turns, "assistant", { content: answerBlocks(message, deployment) })
    else append(turns, "user", { content: contentBlocks(message.content, deployment) })
  }
  const messages = turns.map(({ role, results, content }) => ({ role, content: [...results, ...content] }))
  return { system, messages: call.continuesPrefix ? withoutTrailingSpace(messages) : messages }
}

/** Two messages of one side become one turn, and a message without anything in it none. */
function append(turns: Turn[], role: Turn["role"], { results = [], content = [] }: Partial<Omit<Turn, "role">>): void {
  if (results.length + content.length === 0) return
  const last = turns.at(-1)
  if (last?.role !== role) return void turns.push({ role, results: [...results], content: [...content] })
  last.results.push(...results)
  last.content.push(...content)
}

function answerBlocks(message: AssistantMessage, deployment: Deployment): JsonObject[] {
  const thoughts = (message.reasoning ?? []).flatMap(thoughtBlock)
  const calls = message.toolCalls.map(({ callId, name, arguments: text, cacheControl: cached }) => ({
    type: "tool_use",
    id: toolUseId(callId),
    name,
    input: inputOf(text),
    ...cacheControl(cached),
  }))
  return [...thoughts, ...contentBlocks(message.content, deployment), ...calls]
}

/** Verbatim, and only what Anthropic signed or sealed. */
function thoughtBlock({ dialect, text, signature, data }: ModelReasoning): JsonObject[] {
  if (dialect !== "anthropic-messages") return []
  if (data !== undefined) return [{ type: "redacted_thinking", data }]
  return signature === undefined ? [] : [{ type: "thinking", thinking: text, signature }]
}

function resultBlock({ callId, content, parts, isError, cacheControl: cached }: ToolMessage, deployment: Deployment): JsonObject {
  const blocks = parts === undefined ? [] : contentBlocks(parts, deployment)
  return {
    type: "tool_result",
    tool_use_id: toolUseId(callId),
    ...(blocks.length > 0 ? { content: blocks } : content === "" ? {} : { content }),
    ...(isError ? { is_error: true } : {}),
    ...cacheControl(cached),
  }
}

/** Letters, digits, `_` and `-` only; other providers make ids with dots and colons. */
function toolUseId(callId: string): string {
  return callId.replaceAll(/[^A-Za-z0-9_-]/g, "_")
}

/** The input must be an object, whatever another model once wrote. */
function inputOf(text: string): JsonValue {
  try {
    const value: unknown = JSON.parse(text === "" ? "{}" : text)
    return isJsonObject(value) ? value : { arguments: value as JsonValue } // JSON.parse gives JSON
  } catch {
    return { arguments: text }
  }
}

/** An answer to be continued that ends with white space is refused. */
function withoutTrailingSpace(messages: readonly JsonObject[]): readonly JsonObject[] {
  const last = messages.at(-1)
  const blocks = last?.["role"] === "assistant" && Array.isArray(last["content"]) ? (last["content"] as readonly JsonObject[]) : []
  const end = blocks.at(-1)
  if (!last || typeof end?.["text"] !== "string") return messages
  return [...messages.slice(0, -1), { ...last, content: [...blocks.slice(0, -1), { ...end, text: end["text"].trimEnd() }] }]
}

function cannotContinue({ id }: Deployment): AppError {
  return new AppError("unsupported_value", `"${id}" cannot go on with an answer that has begun`, {
    param: "messages",
    hint: "Claude does that up to version 4.5. Let the conversation end with a message of the user.",
  })
}
