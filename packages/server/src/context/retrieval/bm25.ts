// BM25 over the postings of one scope: how well the words of each part fit the words of the query.
import type { ScopeStatistics } from "../../store/index.ts"
import type { ScopeWords } from "./word-cache.ts"

export interface Bm25Parameters {
  /** How much repetition of a term adds. */
  k1: number
  /** How much long parts are held back. */
  b: number
}

export const documentParameters: Bm25Parameters = { k1: 1.2, b: 0.75 }
/** Short statements: repetition says little and lengths vary little. */
export const memoryParameters: Bm25Parameters = { k1: 0.9, b: 0.4 }

export interface WordScores {
  scores: Map<number, number>
  /** The highest score that any part could have for this query: every known term, endlessly repeated. */
  ceiling: number
}

/** A part of a document as a map key; ids contain no space. */
export function placeKey(documentId: string, part: number): string {
  return `${documentId} ${part}`
}

export function placeOf(key: string): { documentId: string; part: number } {
  const [documentId = "", part = "0"] = key.split(" ")
  return { documentId, part: Number(part) }
}

/** Scores of all parts that contain a term of the query, by place. `repetitions` says how often the query has each term. */
export function scoreWords(
  words: Pick<ScopeWords, "terms"> & { statistics: ScopeStatistics },
  repetitions: ReadonlyMap<string, number>,
  { k1, b }: Bm25Parameters,
): WordScores {
  const { parts, terms } = words.statistics
  const averageLength = Math.max(terms / Math.max(parts, 1), 1)
  const scores = new Map<number, number>()
  let ceiling = 0
  for (const [term, repetition] of repetitions) {
    const posting = words.terms.get(term)
    // A term that no part has weighs most and still counts for the ceiling: nothing here answers all of the query.
    const weight = weightOf(posting?.places.length ?? 0, parts) * repetition * (k1 + 1)
    ceiling += weight
    if (posting === undefined) continue
    for (let index = 0; index < posting.places.length; index++) {
      const place = posting.places[index] ?? 0
      const frequency = posting.frequencies[index] ?? 0
      const lengthFactor = k1 * (1 - b + (b * (posting.lengths[index] ?? 0)) / averageLength)
      scores.set(place, (scores.get(place) ?? 0) + (weight * frequency) / (frequency + lengthFactor))
    }
  }
  return { scores, ceiling }
}

/** Rare terms weigh more; never negative. */
function weightOf(partsWithTerm: number, parts: number): number {
  return Math.log(1 + (parts - partsWithTerm + 0.5) / (partsWithTerm + 0.5))
}
