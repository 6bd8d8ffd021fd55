// A model call as the body of Cohere's chat, version 2.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import type { ModelContent, ModelMessage } from "../../message-types.ts"
import { cannotSend, mediaOf } from "../media.ts"
import { withOwnParameters } from "../own-parameters.ts"

/** Parameters of Cohere's own that a call brings along stand above ours. */
export function cohereRequest(call: ModelCall, deployment: Deployment, stream: boolean): JsonObject {
  const own = call.only?.dialect === "cohere" ? call.only.parameters : {}
  const body = {
    ...defined({
      model: deployment.upstreamModel,
      messages: call.messages.flatMap((message) => messageOf(message, deployment)),
      documents: documentsOf(call),
      stream,
      max_tokens: call.outputTokensMax ?? undefined,
      temperature: call.temperature ?? undefined,
      // Cohere takes 0.01 to 0.99.
      p: call.topP === null ? undefined : Math.min(Math.max(call.topP, 0.01), 0.99),
      k: call.topK ?? undefined,
      seed: call.seed ?? undefined,
      stop_sequences: call.stop && call.stop.length > 0 ? call.stop : undefined,
      presence_penalty: penaltyOf(call.presencePenalty),
      frequency_penalty: penaltyOf(call.frequencyPenalty),
      response_format: formatOf(call.responseFormat),
      thinking: thinkingOf(call),
      ...toolsOf(call),
    }),
    ...own,
  }
  return withOwnParameters(body, call)
}

/** Cohere's own way of answering from passages; it cites them, which is left out. */
function documentsOf({ passages }: ModelCall): JsonValue | undefined {
  if (passages.length === 0) return undefined
  return passages.map(({ chunkId, filename, text }) => ({ id: chunkId, data: { title: filename, text } }))
}

/** OpenAI's go from -2 to 2, Cohere's from 0 to 1. */
function penaltyOf(penalty: number | null | undefined): number | undefined {
  return typeof penalty === "number" ? Math.min(Math.max(penalty, 0), 1) : undefined
}

function formatOf(format: JsonValue): JsonValue | undefined {
  if (!isJsonObject(format)) return undefined
  if (format["type"] === "json_object") return { type: "json_object" }
  const { json_schema: wrapped } = format
  if (format["type"] !== "json_schema" || !isJsonObject(wrapped)) return undefined
  return { type: "json_object", ...(wrapped["schema"] === undefined ? {} : { json_schema: wrapped["schema"] }) }
}

function thinkingOf({ reasoningEffort, thinkingTokensMax }: ModelCall): JsonValue | undefined {
  if (thinkingTokensMax === 0 || reasoningEffort === "none") return { type: "disabled" }
  if (typeof thinkingTokensMax === "number") return { type: "enabled", token_budget: thinkingTokensMax }
  return reasoningEffort === null ? undefined : { type: "enabled" }
}

/** Cohere has no choice of one tool by name: the others are left out then, and a call is demanded. */
function toolsOf({ tools, toolChoice }: ModelCall): Record<string, JsonValue | undefined> {
  const offered = typeof toolChoice === "string" ? tools : tools.filter(({ name }) => name === toolChoice.name)
  if (offered.length === 0) return {}
  const choice = typeof toolChoice !== "string" || toolChoice === "required" ? "REQUIRED" : toolChoice === "none" ? "NONE" : undefined
  return {
    tools: offered.map(({ name, description, parameters }) => ({
      type: "function",
      function: { name, parameters, ...(description === null ? {} : { description }) },
    })),
    tool_choice: choice,
    strict_tools: offered.every(({ strict }) => strict === true) ? true : undefined,
  }
}

function messageOf(message: ModelMessage, deployment: Deployment): JsonObject[] {
  if (message.role === "tool") return [{ role: "tool", tool_call_id: message.callId, content: resultOf(message, deployment) }]
  if (message.role === "assistant") return [answerOf(message, deployment)]
  const content = message.content.flatMap((part) => partOf(part, deployment))
  return content.length === 0 ? [] : [{ role: message.role, content: plain(content) }]
}

/** An error is said in words, as there is no mark for it. */
function resultOf({ content, parts = [], isError }: Extract<ModelMessage, { role: "tool" }>, deployment: Deployment): string {
  if (parts.some(({ type }) => type !== "text"))
    throw cannotSend(deployment, "a picture or file in a tool's result", "Cohere takes text there.")
  return isError ? `Error: ${content}` : content
}

/** What stands beside calls is their plan. */
function answerOf(message: Extract<ModelMessage, { role: "assistant" }>, deployment: Deployment): JsonObject {
  const thoughts = (message.reasoning ?? []).flatMap(({ dialect, text }) =>
    dialect === "cohere" && text !== "" ? [{ type: "thinking", thinking: text }] : [],
  )
  const content = message.content.flatMap((part) => partOf(part, deployment))
  if (message.toolCalls.length === 0)
    return { role: "assistant", content: thoughts.length > 0 ? [...thoughts, ...content] : plain(content) }
  const plan = content.flatMap(({ text }) => (typeof text === "string" ? [text] : [])).join("\n")
  return {
    role: "assistant",
    ...(thoughts.length > 0 ? { content: thoughts } : {}),
    ...(plan === "" ? {} : { tool_plan: plan }),
    tool_calls: message.toolCalls.map(({ callId, name, arguments: text }) => ({
      id: callId,
      type: "function",
      function: { name, arguments: text === "" ? "{}" : text },
    })),
  }
}

/** Text alone is a string. */
function plain(content: readonly JsonObject[]): JsonValue {
  const texts = content.flatMap(({ text }) => (typeof text === "string" ? [text] : []))
  return texts.length === content.length ? texts.join("\n") : content
}

function partOf(part: ModelContent, deployment: Deployment): JsonObject[] {
  if (part.type === "text") return part.text === "" ? [] : [{ type: "text", text: part.text }]
  const media = mediaOf(part)
  if (part.type === "image") {
    const url = "base64" in media ? `data:${media.mediaType};base64,${media.base64}` : media.address
    return [{ type: "image_url", image_url: { url, ...(part.detail === undefined ? {} : { detail: part.detail }) } }]
  }
  if ("base64" in media && /^text\/|^application\/(?:json|xml)$/.test(media.mediaType))
    return [{ type: "text", text: `${part.type === "file" ? `${part.name}:\n` : ""}${Buffer.from(media.base64, "base64").toString()}` }]
  throw cannotSend(deployment, `a part of the type "${media.mediaType ?? part.type}"`, "Cohere takes text, pictures and text files.")
}

function defined(values: Record<string, JsonValue | undefined>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
