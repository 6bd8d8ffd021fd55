// Calls that clients run and their outputs, of functions and of custom tools alike.
import type { JsonObject, JsonValue } from "../core/index.ts"
import { wrappedInput, type ModelToolCall } from "../inference/index.ts"
import type { FlatTools } from "./flat-tools.ts"
import { ownServerLabel } from "./own-server.ts"
import type { NewItem } from "./types.ts"

export function isToolCall({ type }: NewItem): boolean {
  return type === "function_call" || type === "custom_tool_call"
}

export function isToolOutput({ type }: NewItem): boolean {
  return type === "function_call_output" || type === "custom_tool_call_output"
}

/** A call of the client that is answered by another item, whatever its words for both: neither may stand without the other. */
export function asksClient({ type, call_id: callId }: NewItem): boolean {
  return typeof callId === "string" && !isAnswer(type)
}

export function answersCall({ type, call_id: callId }: NewItem): boolean {
  return typeof callId === "string" && isAnswer(type)
}

function isAnswer(type: string): boolean {
  return type.endsWith("_output")
}

/** A call as models have it: the text of a custom tool is wrapped, and one in a namespace has the name that it has among functions. */
export function modelCallOf(item: NewItem, flat?: FlatTools): ModelToolCall {
  const { call_id: callId, name, namespace, arguments: json, input } = item
  const own = text(name)
  const call = { callId: text(callId), name: flat && typeof namespace === "string" ? flat.nameOf(own, namespace) : own }
  if (item.type === "custom_tool_call") return { ...call, arguments: wrappedInput(text(input)), custom: true }
  return { ...call, arguments: text(json) }
}

/** What a call says, for people and for models that read it as text. */
export function wordsOfCall({ arguments: json, input }: JsonObject): string {
  return text(input ?? json)
}

const spoken: ReadonlySet<string> = new Set([
  "message",
  "reasoning",
  "compaction",
  "compaction_trigger",
  "item_reference",
  "file_search_call",
])

/** Items that only Responses have: they go to the model as they are, or not at all. Slugged kinds (`vendor:kind`) may be ignored by their own rule. */
export function isPassedItem(item: NewItem): boolean {
  if (item.type === "mcp_call") return item["server_label"] !== ownServerLabel
  return !spoken.has(item.type) && !isToolCall(item) && !isToolOutput(item) && !item.type.includes(":")
}

/** A call that its client runs by its own words (a shell, a computer), or is to approve: it ends a turn. */
export function waitsForClient(item: NewItem): boolean {
  return isPassedItem(item) && (typeof item["call_id"] === "string" || item.type === "mcp_approval_request")
}

/** Its provider acts by it beyond the model: what comes back can have been written by anybody. */
export function bringsTheWorldIn(item: NewItem): boolean {
  return isPassedItem(item) && !waitsForClient(item) && item.type !== "image_generation_call"
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value)
}
