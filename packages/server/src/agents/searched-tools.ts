// The client's own search for tools, as models of another dialect have it: a function, and a result that says what was found.
import { isJsonObject, type JsonObject, type JsonValue } from "../core/index.ts"
import type { ModelMessage, ModelToolCall } from "../inference/index.ts"
import { toolSearchName, wordOf, type FlatTools } from "./flat-tools.ts"
import type { ResponseWriter } from "./response-writer.ts"
import type { NewItem } from "./types.ts"

/** Items that add tools, or come of a search for them. */
export const toolItems: ReadonlySet<string> = new Set(["additional_tools", "tool_search_call", "tool_search_output"])

/** Undefined for the search of a provider, whose tools are all offered. */
export function searchCall({ call_id: callId, arguments: given }: NewItem): ModelToolCall | undefined {
  if (typeof callId !== "string") return undefined
  return { callId, name: toolSearchName, arguments: typeof given === "string" ? given : JSON.stringify(given ?? {}) }
}

export function searchResult(item: NewItem, flat: FlatTools): Extract<ModelMessage, { role: "tool" }> | undefined {
  const { call_id: callId, tools } = item
  if (typeof callId !== "string") return undefined
  const found = Array.isArray(tools) ? (tools as readonly JsonValue[]).filter(isJsonObject) : []
  const lines = found.flatMap((tool) => linesOf(tool, flat))
  const content = lines.length === 0 ? "No tools were found." : `These tools can be called from now on:\n${lines.join("\n")}`
  return { role: "tool", callId, content }
}

function linesOf(tool: JsonObject, flat: FlatTools): string[] {
  if (tool["type"] !== "namespace") return [line(wordOf(tool["name"]), tool)]
  const members = Array.isArray(tool["tools"]) ? (tool["tools"] as readonly JsonValue[]).filter(isJsonObject) : []
  return members.map((member) => line(flat.nameOf(wordOf(member["name"]), wordOf(tool["name"])), member))
}

function line(name: string, { description }: JsonObject): string {
  return typeof description === "string" && description !== "" ? `- ${name}: ${description}` : `- ${name}`
}

/** What models write as text stands in a call of the search as an object. */
export function searchArguments(writer: ResponseWriter, calls: readonly ModelToolCall[]): Map<number, JsonObject> {
  const found = new Map<number, JsonObject>()
  for (const index of writer.log.openItems()) {
    const item = writer.log.item(index)
    const call = item.type === "tool_search_call" ? calls.find(({ callId }) => callId === item["call_id"]) : undefined
    if (call) found.set(index, { arguments: parsed(call.arguments) })
  }
  return found
}

function parsed(json: string): JsonValue {
  try {
    return json.trim() === "" ? {} : (JSON.parse(json) as JsonValue)
  } catch {
    return json // the client says what is wrong with it
  }
}
