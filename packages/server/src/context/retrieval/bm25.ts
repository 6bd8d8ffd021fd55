// BM25 over the postings of one scope: how well the words of each part fit the words of the query, each lane by its own statistics.
import { lanesEnd, type Lane } from "./lanes.ts"
import type { ScopeWords } from "./scope-words.ts"
import type { HashedTerm } from "./term-hash.ts"
import type { TermPostings } from "./term-postings.ts"

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

/** Scores of all parts in those lanes that contain a term of the query. */
export function scoreWords(words: ScopeWords, terms: readonly WeighedTerm[], parametersOf: ReadonlyMap<Lane, Bm25Parameters>): WordScores {
  const scales = scalesOf(words, parametersOf)
  const scores = new Float64Array(words.lengths.length)
  const places: number[] = []
  const ceilings = new Map<Lane, number>([...parametersOf.keys()].map((lane) => [lane, 0]))
  for (const { term, weight } of terms) {
    const postings = words.postings(term)
    scales.weights.fill(0)
    for (const [lane, { k1 }] of parametersOf) {
      const number = words.laneNumber(lane)
      // A term that no part has weighs most and still counts for the ceiling: nothing here answers all of the query.
      const laneWeight = rarity(postings.partsByLane[number] ?? 0, words.lanes.get(lane)?.parts ?? 0) * weight * (k1 + 1)
      scales.weights[number] = laneWeight
      ceilings.set(lane, (ceilings.get(lane) ?? 0) + laneWeight)
    }
    addScores(postings, words, scales, { scores, places })
  }
  return { scores, places, ceilings }
}

/** By the number of the lane; all 0 for lanes that are not searched. */
interface LaneScales {
  k1: Float64Array
  b: Float64Array
  averageLengths: Float64Array
  /** Of one term. */
  weights: Float64Array
}

function addScores(
  { places, weights, count }: TermPostings,
  { laneNumbers, lengths }: ScopeWords,
  scales: LaneScales,
  into: Pick<WordScores, "scores" | "places">,
): void {
  const { scores, places: found } = into
  // Every index is inside its array: tests for absent values would cost a third of the time.
  for (let index = 0; index < count; index++) {
    const place = places[index] as number
    const frequency = weights[index] as number
    const lane = laneNumbers[place] as number
    const most = (scales.weights[lane] as number) * frequency
    if (most === 0) continue
    const k1 = scales.k1[lane] as number
    const b = scales.b[lane] as number
    const lengthFactor = k1 * (1 - b + (b * (lengths[place] as number)) / (scales.averageLengths[lane] as number))
    const before = scores[place] as number
    if (before === 0) found.push(place)
    scores[place] = before + most / (frequency + lengthFactor)
  }
}

function scalesOf(words: ScopeWords, parametersOf: ReadonlyMap<Lane, Bm25Parameters>): LaneScales {
  const byLane = (): Float64Array => new Float64Array(lanesEnd)
  const scales = { k1: byLane(), b: byLane(), averageLengths: byLane().fill(1), weights: byLane() }
  for (const [lane, { k1, b }] of parametersOf) {
    const { parts, length } = words.lanes.get(lane) ?? { parts: 0, length: 0 }
    const number = words.laneNumber(lane)
    scales.k1[number] = k1
    scales.b[number] = b
    scales.averageLengths[number] = Math.max(length / Math.max(parts, 1), 1)
  }
  return scales
}

/** Rare terms weigh more; never negative. */
export function rarity(partsWithTerm: number, parts: number): number {
  return Math.log(1 + (parts - partsWithTerm + 0.5) / (partsWithTerm + 0.5))
}
