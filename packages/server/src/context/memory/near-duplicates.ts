// Whether a text says nothing that another one does not say too: the same words of weight in the same order, by the same speaker, with as much trust.
import { analyze } from "../retrieval/analyze.ts"
import { isLatin, languageOf } from "../retrieval/languages.ts"
import type { Entry } from "./types.ts"

export interface Said {
  terms: readonly string[]
  denials: number
  speaker: string | null
  lane: string
  integrity: number
  isLatin: boolean
}

/** Below it a short text is only part of what a long one says, and worth telling as the answer that it is. */
const shareMin = 0.6
const denials =
  /(?<![\p{L}\p{N}])(?:not|never|no|none|nobody|nothing|neither|nor|without|cannot|nicht|nie|niemals|kein\p{L}*|ohne|weder|ne|pas|jamais|sans|rien|aucune?|nunca|sin|nada|ningún|ninguna?|não|nem|sem|non|mai|senza|niet|geen|inte|aldrig|ingen|değil|yok)(?![\p{L}\p{N}])|n['’]t(?![\p{L}])/giu

export function saidBy({ text, speaker, lane, label }: Pick<Entry, "text" | "speaker" | "lane" | "label">): Said {
  const read = text ?? ""
  const terms = analyze(read, languageOf(read))
  return { terms, denials: [...read.matchAll(denials)].length, speaker, lane, integrity: label.integrity, isLatin: isLatin(read) }
}

/** Whether nothing is lost by telling `kept` alone. */
export function addsNothing(other: Said, kept: Said): boolean {
  if (other.terms.length === 0 || other.terms.length > kept.terms.length || other.terms.length < kept.terms.length * shareMin) return false
  if (other.speaker !== kept.speaker || other.lane !== kept.lane || other.denials !== kept.denials || other.integrity > kept.integrity)
    return false
  // Where words are not told apart, one character may turn a sentence around.
  if (!(other.isLatin && kept.isLatin)) return other.terms.join(" ") === kept.terms.join(" ")
  let met = 0
  for (const term of kept.terms) if (term === other.terms[met]) met += 1
  return met === other.terms.length
}
