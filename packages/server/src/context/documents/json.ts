// JSON and JSON lines: each value on a line of its own with the path that leads to it, records as blocks.
import { isJsonObject, type JsonValue } from "../../core/index.ts"
import { ExtractedText } from "./extracted.ts"
import { jsonErrorAt } from "./json-error.ts"
import { DocumentError, type ParsedDocument, type ParseLimits } from "./types.ts"

const depthMax = 64
/** A value of fewer lines is one block: a record. Larger ones are looked into. */
const recordLinesMax = 40

export function parseJson(source: string, limits: ParseLimits): ParsedDocument {
  const text = new ExtractedText(limits)
  push(parsed(source, 1), "", text, 0)
  return text.finished("application/json")
}

export function parseJsonLines(source: string, limits: ParseLimits): ParsedDocument {
  const text = new ExtractedText(limits)
  let number = 0
  for (const line of source.split("\n")) {
    number += 1
    if (line.trim() !== "") push(parsed(line, number), "", text, 0)
  }
  return text.finished("application/jsonl")
}

/** Objects and lists that are large become sections; what is small enough is one block of lines. */
function push(value: JsonValue, path: string, text: ExtractedText, depth: number): void {
  if (depth > depthMax)
    throw new DocumentError("invalid_file", `The JSON is nested deeper than ${depthMax} levels at '${path.slice(0, 100)}'.`)
  const lines = linesOf(value, path, recordLinesMax)
  if (lines !== undefined) return text.block(lines.join("\n"), { kind: "lines" })
  // A list of plain values has no inner structure to cut at.
  if (Array.isArray(value) && value.every((item) => item === null || typeof item !== "object"))
    return text.block(value.map((item, index) => `${path}[${index}]: ${String(item)}`).join("\n"), { kind: "lines" })
  for (const [inner, at] of childrenOf(value, path)) push(inner, at, text, depth + 1)
}

/** The lines of a value, or undefined when they are more than `max`. */
function linesOf(value: JsonValue, path: string, max: number): string[] | undefined {
  const lines: string[] = []
  const stack: [JsonValue, string, number][] = [[value, path, 0]]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [current, at, depth] = next
    if (depth > depthMax)
      throw new DocumentError("invalid_file", `The JSON is nested deeper than ${depthMax} levels at '${at.slice(0, 100)}'.`)
    if (current === null || typeof current !== "object") {
      if (current === null || current === "") continue
      lines.push(at === "" ? String(current) : `${at}: ${String(current)}`)
      if (lines.length > max) return undefined
    } else {
      const children = childrenOf(current, at)
      if (children.length > max) return undefined
      for (const [inner, innerPath] of children.toReversed()) stack.push([inner, innerPath, depth + 1])
    }
  }
  return lines
}

function childrenOf(value: JsonValue, path: string): [JsonValue, string][] {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item, index) => [item, `${path}[${index}]`])
  if (!isJsonObject(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => (inner === undefined ? [] : [[inner, path === "" ? key : `${path}.${key}`]]))
}

function parsed(source: string, firstLine: number): JsonValue {
  try {
    return JSON.parse(source) as JsonValue
  } catch (error) {
    const line = firstLine + source.slice(0, jsonErrorAt(source)).split("\n").length - 1
    const why = error instanceof Error ? error.message.replace(/\s*(?:in JSON )?at position.*$/s, "").slice(0, 120) : "unknown"
    throw new DocumentError("invalid_file", `The JSON is broken at line ${line}: ${why}.`)
  }
}
