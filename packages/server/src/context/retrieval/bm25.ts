// BM25 over the postings of one scope: how well the words of each part fit the words of the query, each lane by its own statistics.
import type { Lane } from "./lanes.ts"
import type { HashedTerm, ScopeWords } from "./scope-words.ts"

export interface Bm25Parameters {
  /** How much repetition of a term adds. */
  k1: number
  /** How much long parts are held back. */
  b: number
}

export interface WordScores {
  /** By place; 0 where no term of the query is. */
  scores: Float64Array
  /** Places that have a score, in no particular order. */
  places: number[]
  /** By lane: the highest score that any part could have for this query: every known term, endlessly repeated. */
  ceilings: Map<Lane, number>
}

/** A part of a document as a map key; ids contain no space. */
export function placeKey(documentId: string, part: number): string {
  return `${documentId} ${part}`
}

export function placeOf(key: string): { documentId: string; part: number } {
  const [documentId = "", part = "0"] = key.split(" ")
  return { documentId, part: Number(part) }
}

export interface WeighedTerm {
  term: HashedTerm
  /** How often the query has it, or how much it counts there. */
  weight: number
}

interface LaneScale {
  parts: number
  averageLength: number
  k1: number
  b: number
}

/** Scores of all parts in those lanes that contain a term of the query. */
export function scoreWords(words: ScopeWords, terms: readonly WeighedTerm[], parametersOf: ReadonlyMap<Lane, Bm25Parameters>): WordScores {
  const scales = scalesOf(words, parametersOf)
  const scores = new Float64Array(words.lengths.length)
  const places: number[] = []
  const ceilings = new Map<Lane, number>([...parametersOf.keys()].map((lane) => [lane, 0]))
  for (const { term, weight } of terms) {
    const partsWithTerm = new Float64Array(scales.length)
    words.forEach(term, (place) => (partsWithTerm[words.laneNumbers[place] ?? 0] = (partsWithTerm[words.laneNumbers[place] ?? 0] ?? 0) + 1))
    // A term that no part has weighs most and still counts for the ceiling: nothing here answers all of the query.
    const weights = scales.map((scale, lane) =>
      scale === undefined ? 0 : rarity(partsWithTerm[lane] ?? 0, scale.parts) * weight * (scale.k1 + 1),
    )
    for (const lane of parametersOf.keys()) ceilings.set(lane, (ceilings.get(lane) ?? 0) + (weights[words.laneNumber(lane)] ?? 0))
    words.forEach(term, (place, frequency) => {
      const lane = words.laneNumbers[place] ?? 0
      const scale = scales[lane]
      if (scale === undefined) return
      if (scores[place] === 0) places.push(place)
      const lengthFactor = scale.k1 * (1 - scale.b + (scale.b * (words.lengths[place] ?? 0)) / scale.averageLength)
      scores[place] = (scores[place] ?? 0) + ((weights[lane] ?? 0) * frequency) / (frequency + lengthFactor)
    })
  }
  return { scores, places, ceilings }
}

/** By the number of the lane; undefined for lanes that are not searched. */
function scalesOf(words: ScopeWords, parametersOf: ReadonlyMap<Lane, Bm25Parameters>): (LaneScale | undefined)[] {
  const scales: (LaneScale | undefined)[] = [undefined]
  for (const [lane, parameters] of parametersOf) {
    const { parts, length } = words.lanes.get(lane) ?? { parts: 0, length: 0 }
    const number = words.laneNumber(lane)
    scales[number] = { parts, averageLength: Math.max(length / Math.max(parts, 1), 1), ...parameters }
  }
  for (let number = 1; number <= words.laneNames.length; number++) scales[number] ??= undefined
  return scales
}

/** Rare terms weigh more; never negative. */
export function rarity(partsWithTerm: number, parts: number): number {
  return Math.log(1 + (parts - partsWithTerm + 0.5) / (partsWithTerm + 0.5))
}
