// Words an answer out of quotes: sentences in quotation marks, grouped by source, each followed by its citation.
import type { Reading, ToolResult } from "./reading.ts"
import type { Quote } from "./relevance.ts"
import type { Part } from "./respond.ts"

/** A short tool result is quoted whole. */
const wholeResultCharsMax = 600

export function quoteAnswer(quotes: readonly Quote[], reading: Reading): Part[] {
  const parts: Part[] = []
  const last = reading.results.at(-1)
  const whole = reading.results.filter(
    (result) =>
      isShort(result) ||
      (result === last && !quotes.some(({ source }) => source.kind === "tool" && result.content.startsWith(source.text))),
  )
  for (const result of whole) parts.push(...wholeResult(result, parts.length > 0))
  let source = ""
  for (const quote of quotes) {
    if (quote.source.kind === "tool" && whole.some(({ content }) => content === quote.source.text)) continue
    const lead = quote.source.name === source ? " " : `${parts.length > 0 ? "\n\n" : ""}${leadIn(quote)} `
    source = quote.source.name
    parts.push({ text: lead, citation: null }, { text: `“${onOneLine(quote.text)}”`, citation: quote.source.citation })
  }
  return parts
}

/** Word for word; only the line breaks of the file's own layout become spaces. */
export function onOneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ")
}

function leadIn({ source }: Quote): string {
  if (source.kind === "user") return "You said:"
  if (source.kind === "tool") return `From ${source.name}:`
  if (source.kind === "instructions") return "The instructions say:"
  return `According to ${source.name}:`
}

function isShort({ content }: ToolResult): boolean {
  return content.length <= wholeResultCharsMax
}

function wholeResult(result: ToolResult, follows: boolean): Part[] {
  const content = result.content.trim()
  const lead = follows ? "\n\n" : ""
  if (content === "") return [{ text: `${lead}${result.name} returned nothing.`, citation: null }]
  if (isShort(result)) return [{ text: `${lead}${result.name} returned: “${content}”`, citation: null }]
  return [
    { text: `${lead}${result.name} returned ${result.content.length} characters; they begin: “${beginning(content)}…”`, citation: null },
  ]
}

function beginning(content: string): string {
  const cut = content.slice(0, wholeResultCharsMax)
  const space = cut.lastIndexOf(" ")
  return space > wholeResultCharsMax / 2 ? cut.slice(0, space) : cut.replace(/[\ud800-\udbff]$/, "")
}
