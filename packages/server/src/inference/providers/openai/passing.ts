// Whether the bytes of a chat client may pass to a provider of the same dialect, or what it is sent instead of them.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import type { UpstreamError } from "../../upstream-error.ts"
import { presetOf, type ChatHabits } from "../presets.ts"
import { refusesTools, takesCustomTools } from "./models.ts"
import { parametersFor } from "./parameters.ts"
import { shortToolId } from "./short-ids.ts"

/** What is known of a body without parsing it. */
export interface SeenChat {
  stream: boolean
  /** The request has that parameter at its top. */
  has(name: string): boolean
  /** The beginning of a parameter's JSON, for a look. */
  head(name: string): string
  parsed(): JsonObject
  /** It was parsed as it came; others have no custom tools. */
  readonly isParsed?: boolean
}

/** `undefined`: the bytes pass. `translated`: not by chat completions. Otherwise the body to send. */
export function chatPassing(deployment: Deployment, body: SeenChat, refusal?: UpstreamError): JsonObject | "translated" | undefined {
  const { habits } = presetOf(deployment.provider)
  if (refusal === undefined) {
    if (isForResponses(deployment, body) || hasForeignTools(deployment, body)) return "translated"
    return wouldBeMisread(body, habits) ? adaptedChat(body.parsed(), habits) : undefined
  }
  if (refusal.failure !== "request" && refusal.failure !== "missing") return undefined
  if (/v1\/responses\b/.test(refusal.message)) return "translated"
  return refusal.answer.status === 400 || refusal.answer.status === 422 ? whereItHelps(body.parsed(), habits, refusal.message) : undefined
}

function isForResponses({ provider, upstreamModel }: Deployment, body: SeenChat): boolean {
  if (provider !== "openai" && provider !== "azure") return false
  return refusesTools(upstreamModel) && body.has("tools") && body.head("reasoning_effort") !== '"none"'
}

/** Custom tools, where they would be refused: its functions take their place. Bodies that have some are parsed already. */
function hasForeignTools(deployment: Deployment, body: SeenChat): boolean {
  if (!body.has("tools") || takesCustomTools(deployment) || !body.isParsed) return false
  const { tools } = body.parsed()
  return Array.isArray(tools) && (tools as readonly JsonValue[]).some((tool) => isJsonObject(tool) && tool["type"] === "custom")
}

/** What a provider may swallow without a word, or what we add ourselves. Whatever else it does not know it refuses, and is asked again. */
function wouldBeMisread(body: SeenChat, habits: ChatHabits): boolean {
  if (body.stream && !habits.streamOptions) return true
  if (habits.outputLimit === "max_tokens" && body.has("max_completion_tokens")) return true
  return !habits.developerRole && /"role"\s*:\s*"developer"/.test(body.head("messages"))
}

/** Undefined where the refusal is about something else. */
function whereItHelps(body: JsonObject, habits: ChatHabits, told: string): JsonObject | undefined {
  const adapted = adaptedChat(body, habits)
  const names = [...new Set([...Object.keys(body), ...Object.keys(adapted)])]
  const changed = names.filter((name) => JSON.stringify(body[name]) !== JSON.stringify(adapted[name]))
  const words = changed.includes("messages") ? [...changed, "role", "tool_call", "developer", ...habits.refusesInMessages] : changed
  return words.some((word) => told.includes(word)) ? adapted : undefined
}

/** A client's body as the provider has its parameters and messages; what is unknown stays as it is. */
function adaptedChat(body: JsonObject, habits: ChatHabits): JsonObject {
  const messages = Array.isArray(body["messages"]) ? (body["messages"] as readonly JsonValue[]) : []
  const adapted = { ...body, ...usageAsked(body), messages: messages.map((message) => adaptedMessage(message, habits)) }
  return parametersFor(adapted, habits)
}

/** Streams always report their usage to us. */
function usageAsked({ stream, stream_options: options }: JsonObject): JsonObject {
  return stream === true ? { stream_options: { ...(isJsonObject(options) ? options : {}), include_usage: true } } : {}
}

function adaptedMessage(message: JsonValue, habits: ChatHabits): JsonValue {
  if (!isJsonObject(message)) return message
  const adapted: Record<string, JsonValue | undefined> = { ...message, ...ownReasoning(message, habits), ...shortIds(message, habits) }
  if (message["role"] === "developer" && !habits.developerRole) adapted["role"] = "system"
  for (const name of habits.refusesInMessages) if (name !== habits.reasoning) delete adapted[name]
  return adapted
}

/** Thoughts under another provider's name, where this one has a name of its own. */
function ownReasoning(message: JsonObject, { reasoning, refusesInMessages }: ChatHabits): JsonObject {
  const text = [message["reasoning_content"], message["reasoning"]].find((value) => typeof value === "string" && value !== "")
  if (typeof text !== "string" || reasoning === null || !refusesInMessages.some((name) => name.startsWith("reasoning"))) return {}
  if (reasoning !== "thinking-chunks") return { [reasoning]: text }
  const { content } = message
  const rest: readonly JsonValue[] = typeof content === "string" && content !== "" ? [{ type: "text", text: content }] : []
  return { content: [{ type: "thinking", thinking: [{ type: "text", text }] }, ...rest] }
}

function shortIds({ tool_call_id: id, tool_calls: calls }: JsonObject, { shortToolIds }: ChatHabits): JsonObject {
  if (!shortToolIds) return {}
  const renamed = Array.isArray(calls) ? (calls as readonly JsonValue[]).map(withShortId) : undefined
  return { ...(typeof id === "string" ? { tool_call_id: shortToolId(id) } : {}), ...(renamed ? { tool_calls: renamed } : {}) }
}

function withShortId(call: JsonValue): JsonValue {
  return isJsonObject(call) && typeof call["id"] === "string" ? { ...call, id: shortToolId(call["id"]) } : call
}
