// Whether a text says what another one has said already: the same words in the same order, but for marks and fillers, by the same speaker.
// Stems and meaning are not asked: "worked" is not "works", and "green" is near "blue".
import type { Entry } from "./types.ts"

export interface Said {
  words: string
  speaker: string | null
  lane: string
  integrity: number
}

const wordPattern = /[\p{L}\p{N}\p{M}'’]+/gu
/** Articles, greetings and words that only begin a sentence, in English, German, French and Spanish. */
const fillers = new Set(
  `a an the well oh so yes yeah ok okay hey hi hello der die das ein eine einen einem einer also ja na tja le la les un une des alors oui ben
   el los las una unos unas pues bueno`.split(/\s+/u),
)

export function saidBy({ text, speaker, lane, label }: Pick<Entry, "text" | "speaker" | "lane" | "label">): Said {
  const all = (text ?? "").normalize("NFKC").toLowerCase().match(wordPattern) ?? []
  return { words: all.filter((word) => !fillers.has(word)).join(" "), speaker, lane, integrity: label.integrity }
}

/** Whether nothing is lost by telling `kept` alone. */
export function addsNothing(other: Said, kept: Said): boolean {
  return (
    other.words !== "" &&
    other.words === kept.words &&
    other.speaker === kept.speaker &&
    other.lane === kept.lane &&
    // What nobody trusts must not stand for what somebody said.
    other.integrity <= kept.integrity
  )
}
