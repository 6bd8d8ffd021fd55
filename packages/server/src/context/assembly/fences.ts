// Pieces between fences that say what each is, so that a model sees data as data; no text can close its own fence or open another.
import type { Piece, SectionName } from "./types.ts"

const tags: Readonly<Record<SectionName, string>> = {
  instructions: "instruction",
  blocks: "block",
  state: "state",
  profile: "profile",
  timeline: "timeline",
  facts: "memory",
  quotes: "memory",
  documents: "document",
}

const anyFence = new RegExp(`<(\\s*/?\\s*)(?=(?:${[...new Set(Object.values(tags)), "passage", "context"].join("|")})\\b)`, "giu")
const sourcesShownMax = 3

/** `<memory id="mem_…" level="3" source="user:ada">` … `</memory>` */
export function fenced({ section, id, version, text, label, facts = {} }: Piece): string {
  const tag = tags[section]
  const sources = label.sources.length > sourcesShownMax ? [...label.sources.slice(0, sourcesShownMax), "…"] : label.sources
  const told = { id, ...(version === null ? {} : { version }), level: String(label.integrity), source: sources.join(" "), ...facts }
  const attributes = Object.entries(told).map(([name, value]) => `${name}="${attributeOf(value)}"`)
  return `<${tag} ${attributes.join(" ")}>\n${escaped(text)}\n</${tag}>`
}

/** A text inside which no fence begins or ends. */
export function escaped(text: string): string {
  return text.replaceAll(anyFence, "<\u00b7$1")
}

function attributeOf(value: string): string {
  return value
    .replaceAll("&", "&amp;")
    .replaceAll('"', "&quot;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
}
