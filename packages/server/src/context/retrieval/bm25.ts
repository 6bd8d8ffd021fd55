// BM25 over the postings of one scope: how well the words of each part fit the words of the query.
import type { Posting, ScopeStatistics } from "../../store/index.ts"

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
  /** By `placeKey`. */
  scores: Map<string, number>
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

/** Scores of all parts that contain a term of the query. `repetitions` says how often the query has each term. */
export function scoreWords(
  postings: readonly Posting[],
  statistics: ScopeStatistics,
  repetitions: ReadonlyMap<string, number>,
  { k1, b }: Bm25Parameters,
): WordScores {
  const frequencies = new Map<string, number>()
  for (const posting of postings) frequencies.set(posting.term, (frequencies.get(posting.term) ?? 0) + posting.parts.length)
  const averageLength = statistics.terms / Math.max(statistics.parts, 1)
  const scores = new Map<string, number>()
  for (const posting of postings) {
    const weight = weightOf(frequencies.get(posting.term) ?? 0, statistics.parts) * (repetitions.get(posting.term) ?? 0)
    for (let index = 0; index < posting.parts.length; index++) {
      const frequency = posting.frequencies[index] ?? 0
      const length = posting.lengths[index] ?? 0
      const score = (weight * frequency * (k1 + 1)) / (frequency + k1 * (1 - b + (b * length) / Math.max(averageLength, 1)))
      const key = placeKey(posting.documentId, posting.parts[index] ?? 0)
      scores.set(key, (scores.get(key) ?? 0) + score)
    }
  }
  let ceiling = 0
  for (const [term, repetition] of repetitions) {
    // A term that no part has would weigh most: it still counts, for then nothing here answers all of the query.
    ceiling += weightOf(frequencies.get(term) ?? 0, statistics.parts) * repetition * (k1 + 1)
  }
  return { scores, ceiling }
}

/** Rare terms weigh more; never negative. */
function weightOf(partsWithTerm: number, parts: number): number {
  return Math.log(1 + (parts - partsWithTerm + 0.5) / (partsWithTerm + 0.5))
}
