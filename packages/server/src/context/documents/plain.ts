// Plain text to blocks: paragraphs between blank lines.
import type { Block, ParsedDocument } from "./types.ts"

export function parsePlain(text: string): ParsedDocument {
  const blocks: Block[] = []
  let start = 0
  for (const gap of [...text.matchAll(/\r?\n[ \t]*(?:\r?\n[ \t]*)+/g), undefined]) {
    const end = gap?.index ?? text.length
    if (text.slice(start, end).trim() !== "")
      blocks.push({ start, end, span: { start, end }, heading: [], kind: "prose", breakBefore: false })
    start = end + (gap?.[0].length ?? 0)
  }
  return { mediaType: "text/plain", text, blocks }
}
