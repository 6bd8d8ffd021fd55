// Finds what was said in a run: its messages in, its answer out, with citations and tool calls, in each of the shapes that runs are stored in.
import type { Run, RunEvent } from "@perdure/client"
import { field, isRecord, listOf, textOf } from "./json.ts"

export interface Said {
  role: string
  text: string
  citations: Citation[]
}

export interface Citation {
  title: string
  id: string | undefined
}

/** Instructions and messages that came in, oldest first; a value of no known shape gives one entry of its JSON. */
export function promptOf(input: unknown): Said[] {
  if (input === null || input === undefined) return []
  if (typeof input === "string") return [plain("input", input)]
  if (!isRecord(input)) return [plain("input", JSON.stringify(input, null, 2))]
  const instructions = textOf(input["instructions"]) ?? textOf(input["system"])
  const said = instructions === undefined ? [] : [plain("instructions", instructions)]
  const messages = input["messages"] ?? input["input"] ?? input["query"] ?? input["text"]
  if (typeof messages === "string") return [...said, plain("user", messages)]
  if (Array.isArray(messages)) return [...said, ...messages.flatMap(itemSaid)]
  return Object.keys(input).length === 0 ? said : [...said, plain("input", JSON.stringify(input, null, 2))]
}

/** The finished answer, or, while the run goes on, what its deltas add up to so far. */
export function answerOf(run: Pick<Run, "output">, events: readonly RunEvent[]): Said[] {
  const { output } = run
  if (output === null) return growing(events)
  if (typeof output === "string") return [plain("assistant", output)]
  const choices = listOf(field(output, "choices")).flatMap((choice) => itemSaid(field(choice, "message")))
  if (choices.length > 0) return choices
  const items = listOf(field(output, "output")).flatMap(itemSaid)
  if (items.length > 0) return items
  if (Array.isArray(field(output, "output"))) return growing(events)
  return [plain("output", JSON.stringify(output, null, 2))]
}

function plain(role: string, text: string): Said {
  return { role, text, citations: [] }
}

function itemSaid(item: unknown): Said[] {
  if (typeof item === "string") return [plain("user", item)]
  if (!isRecord(item)) return []
  const type = textOf(item["type"]) ?? "message"
  if (type === "function_call" || type === "mcp_call") {
    const call = plain("tool call", `${textOf(item["name"]) ?? "?"}(${textOf(item["arguments"]) ?? ""})`)
    // Of a call that this server ran, or refused.
    const error = textOf(item["error"])
    const result = error === undefined ? textOf(item["output"]) : undefined
    return [
      call,
      ...(error === undefined ? [] : [plain("tool error", error)]),
      ...(result === undefined ? [] : [plain("tool result", result)]),
    ]
  }
  if (type === "function_call_output") return [plain("tool result", shown(item["output"]))]
  if (type === "file_search_call") return [plain("file search", listOf(item["queries"]).map(String).join("\n"))]
  if (type === "reasoning") return partsSaid("reasoning", item["content"] ?? item["summary"])
  return [...partsSaid(textOf(item["role"]) ?? "assistant", item["content"]), ...listOf(item["tool_calls"]).map(toolCallSaid)]
}

function toolCallSaid(call: unknown): Said {
  return plain("tool call", `${textOf(field(call, "function", "name")) ?? "?"}(${textOf(field(call, "function", "arguments")) ?? ""})`)
}

function partsSaid(role: string, content: unknown): Said[] {
  if (typeof content === "string") return content === "" ? [] : [plain(role, content)]
  const parts = listOf(content)
  const text = parts
    .map(partText)
    .filter((part) => part !== "")
    .join("\n")
  const citations = parts.flatMap((part) => listOf(field(part, "annotations"))).flatMap(citationOf)
  return text === "" && citations.length === 0 ? [] : [{ role, text, citations: unique(citations) }]
}

function partText(part: unknown): string {
  const text = textOf(field(part, "text")) ?? textOf(field(part, "refusal"))
  if (text !== undefined) return text
  const type = textOf(field(part, "type"))
  return type === undefined || type.endsWith("text") ? "" : `[${type}]`
}

function citationOf(annotation: unknown): Citation[] {
  const id = textOf(field(annotation, "file_id")) ?? textOf(field(annotation, "url"))
  const title = textOf(field(annotation, "filename")) ?? textOf(field(annotation, "title")) ?? id
  return title === undefined ? [] : [{ title, id }]
}

function unique(citations: readonly Citation[]): Citation[] {
  return [...new Map(citations.map((citation) => [`${citation.id} ${citation.title}`, citation])).values()]
}

function growing(events: readonly RunEvent[]): Said[] {
  const items = new Map<number, { text: string; citations: Citation[] }>()
  for (const { type, data } of events) {
    const index = field(data, "output_index")
    if (typeof index !== "number") continue
    const item = items.get(index) ?? { text: "", citations: [] }
    if (type === "response.output_text.delta" || type === "response.refusal.delta") item.text += textOf(field(data, "delta")) ?? ""
    else if (type === "response.output_text.annotation.added") item.citations.push(...citationOf(field(data, "annotation")))
    else continue
    items.set(index, item)
  }
  const ordered = [...items].sort(([a], [b]) => a - b)
  return ordered.map(([, { text, citations }]) => ({ role: "assistant", text, citations: unique(citations) }))
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2)
}
