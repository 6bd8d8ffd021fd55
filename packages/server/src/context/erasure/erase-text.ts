// Puts a mark in the place of texts that are erased: in plain text, in strings of JSON, in arrays.
import type { JsonValue } from "../../core/index.ts"
import type { Needles } from "./needles.ts"

export const erasedMark = "[erased]"

/** The text without them; the same string when none is in it. A sealed one that has any goes as a whole: what was signed in it holds no longer. */
export function eraseFromText(text: string, needles: Needles): string {
  const inside = needles.opened(text)
  if (inside !== undefined) return eraseFromColumn(inside, needles) === inside ? text : erasedMark
  const spans = needles.spans(text)
  if (spans.length === 0) return text
  let kept = ""
  let from = 0
  for (const { start, end } of spans) {
    kept += text.slice(from, start) + erasedMark
    from = end
  }
  return kept + text.slice(from)
}

/** A column's text: JSON is parsed, so that no escape is cut in two; text that holds JSON is JSON. */
export function eraseFromColumn(text: string, needles: Needles): string {
  const value = parsed(text)
  if (value === undefined) return eraseFromText(text, needles)
  const cleaned = eraseFromJson(value, needles)
  return cleaned === value ? text : JSON.stringify(cleaned)
}

export function eraseFromJson(value: JsonValue, needles: Needles): JsonValue {
  if (typeof value === "string") return eraseFromText(value, needles)
  if (value === null || typeof value !== "object") return value
  if (Array.isArray(value)) {
    const items = value.map((item) => eraseFromJson(item, needles))
    return items.some((item, index) => item !== value[index]) ? items : value
  }
  const entries = Object.entries(value)
  const cleaned = entries.map(([key, item]) => [eraseFromText(key, needles), eraseFromJson(item ?? null, needles)] as const)
  return cleaned.some(([key, item], index) => key !== entries[index]?.[0] || item !== (entries[index]?.[1] ?? null))
    ? Object.fromEntries(cleaned)
    : value
}

function parsed(text: string): JsonValue | undefined {
  if (!/^\s*[[{"]/.test(text)) return undefined
  try {
    return JSON.parse(text) as JsonValue // it is JSON, whatever it holds
  } catch {
    return undefined
  }
}

/** Pieces of one text, with what was erased taken out of the pieces that it went through. */
export function eraseFromPieces(pieces: readonly string[], needles: Needles): string[] {
  const spans = needles.spans(pieces.join(""))
  let start = 0
  return pieces.map((piece) => {
    const from = start
    start += piece.length
    let kept = ""
    let at = from
    for (const span of spans) {
      if (span.end <= at || span.start >= start) continue
      kept += piece.slice(at - from, Math.max(span.start, at) - from)
      if (span.start >= from) kept += erasedMark
      at = Math.min(span.end, start)
    }
    return kept + piece.slice(at - from)
  })
}
