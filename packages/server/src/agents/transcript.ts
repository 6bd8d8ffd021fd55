// A conversation as one text: what a model is given to summarise, and what is kept of it word for word.
import { isJsonObject, type JsonObject, type JsonValue } from "../core/index.ts"
import { isToolCall, isToolOutput, wordsOfCall } from "./tool-items.ts"
import type { LabelledItem, ResponseItem } from "./types.ts"

/** One paragraph per item, in order, with a mark before it; and which item a mark stands for. What is not text is named; what says nothing is left out. */
export function markedTranscript(items: readonly ResponseItem[]): { text: string; marks: ReadonlyMap<number, string> } {
  const marks = new Map<number, string>()
  const paragraphs = items.flatMap((item) => {
    const line = lineOf(item)
    if (line === undefined) return []
    marks.set(marks.size + 1, item.id)
    return [`【${marks.size}】 ${line.replaceAll(/[【】]/g, "")}`]
  })
  return { text: paragraphs.join("\n\n"), marks }
}

export interface Citation {
  readonly mark: number
  readonly itemId: string
}

/** A summary with the marks that stand for something, and what these are; marks that the model made up are taken out. */
export function citedSummary(summary: string, marks: ReadonlyMap<number, string>): { text: string; citations: readonly Citation[] } {
  const used = new Map<number, string>()
  const text = summary.replaceAll(/ ?【(\d{1,6})】/g, (whole, digits: string) => {
    const itemId = marks.get(Number(digits))
    if (itemId === undefined) return ""
    used.set(Number(digits), itemId)
    return whole
  })
  return { text, citations: [...used].sort(([a], [b]) => a - b).map(([mark, itemId]) => ({ mark, itemId })) }
}

/** What a summary rests on, for whoever asks; its words are sealed. */
export function citationsOf(citations: readonly Citation[]): JsonObject {
  return citations.length === 0 ? {} : { citations: citations.map(({ mark, itemId }) => ({ mark, item_id: itemId })) }
}

function lineOf(item: ResponseItem): string | undefined {
  if (item.type === "message") return `${item["role"] as string}: ${wordsOf(item["content"])}`
  if (isToolCall(item)) return `assistant calls ${item["name"] as string}(${wordsOfCall(item)}) as ${item["call_id"] as string}`
  if (isToolOutput(item)) return `result of ${item["call_id"] as string}: ${wordsOf(item["output"])}`
  if (item.type === "mcp_call") {
    const said = item["error"] ?? item["output"] ?? ""
    return `assistant calls ${item["name"] as string}(${item["arguments"] as string})\nresult: ${wordsOf(said)}`
  }
  return undefined
}

/** The text of a content; other parts by their kind. */
export function wordsOf(content: JsonValue | undefined): string {
  if (typeof content === "string") return content
  if (!Array.isArray(content)) return content === undefined ? "" : JSON.stringify(content)
  return (content as readonly JsonValue[])
    .map((part) => {
      if (!isJsonObject(part)) return JSON.stringify(part)
      const text = part["text"] ?? part["refusal"]
      if (typeof text === "string") return text
      return `[${typeof part["type"] === "string" ? part["type"].replace(/^input_/, "") : "part"}]`
    })
    .join("\n")
}

/** About 20,000 tokens. */
export const keptCharactersMax = 80_000

/**
 * What compaction leaves as it is: the operator's words and the tools that it added, and the user's last words up to a limit. An earlier
 * summary goes into the new one.
 */
export function keptVerbatim(items: readonly LabelledItem[], charactersMax = keptCharactersMax): LabelledItem[] {
  let left = charactersMax
  const kept: LabelledItem[] = []
  for (const each of items.toReversed()) {
    const { item } = each
    if (item.type === "additional_tools") kept.push(each)
    if (item.type !== "message" || item["role"] === "assistant" || item["compacted"] === true) continue
    if (item["role"] === "user") left -= JSON.stringify(item["content"] ?? "").length
    if (item["role"] !== "user" || left >= 0) kept.push(each)
  }
  return kept.reverse()
}

const extractCharactersMax = 8_000
const extractedPerItemMax = 400

/** For models that cannot write: how each turn begins, in its own words, the latest ones if not all have room. */
export function extractOf(items: readonly ResponseItem[]): string {
  const lines: string[] = []
  let left = extractCharactersMax
  for (const item of items.toReversed()) {
    const line = lineOf(item)
    if (line === undefined) continue
    const cut = line.length <= extractedPerItemMax ? line : `${line.slice(0, extractedPerItemMax).replace(/\s+\S*$/, "")} …`
    left -= cut.length
    if (left < 0) break
    lines.push(cut.toWellFormed())
  }
  return lines.reverse().join("\n")
}
