// Speakers whom a query names: what they said counts more, and their names leave the query, since a speaker seldom says the own name.
import { nameHash } from "./term-hash.ts"

export interface NamedSpeakers {
  /** Of the names, as the index has them. */
  hashes: ReadonlySet<number>
  /** The query without the names; the query itself when nothing else would be left. */
  text: string
}

/** Words of a name at most: "Anna Maria de la Cruz". */
const nameWordsMax = 5
const wordPattern = /[\p{L}\p{N}\p{M}_-]+/gu
/** What may follow a name and belongs to it. */
const possessive = /^['’]s?(?![\p{L}\p{N}])/u

/** `speakers`: hashes of those who speak in the scope; `key`: the key of its hashes. */
export function speakersIn(text: string, speakers: ReadonlySet<number>, key: Uint8Array): NamedSpeakers {
  if (speakers.size === 0) return { hashes: new Set(), text }
  const words = [...text.matchAll(wordPattern)].map((match) => ({ start: match.index, end: match.index + match[0].length }))
  const hashes = new Set<number>()
  const spans: { start: number; end: number }[] = []
  for (let first = 0; first < words.length; first++) {
    for (let last = Math.min(first + nameWordsMax, words.length) - 1; last >= first; last--) {
      const start = words[first]?.start ?? 0
      const end = words[last]?.end ?? 0
      const hash = nameHash(key, text.slice(start, end))
      if (!speakers.has(hash)) continue
      hashes.add(hash)
      spans.push({ start, end: end + (possessive.exec(text.slice(end))?.[0].length ?? 0) })
      first = last
      break
    }
  }
  return { hashes, text: without(text, spans) }
}

function without(text: string, spans: readonly { start: number; end: number }[]): string {
  let rest = ""
  let at = 0
  for (const { start, end } of spans) {
    rest += `${text.slice(at, start)} `
    at = end
  }
  const cleaned = `${rest}${text.slice(at)}`.replaceAll(/\s+/gu, " ").trim()
  return /[\p{L}\p{N}]/u.test(cleaned) ? cleaned : text
}
