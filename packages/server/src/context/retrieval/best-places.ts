// The best parts of a scope by words, session and speaker together, chosen from all that have a word of the query.
import { Highest } from "./highest.ts"
import type { ScopeWords } from "./scope-words.ts"
import { kindOf, wordsFusion, type FusionWeights } from "./weights.ts"

export interface PlaceSignals {
  words: ScopeWords
  /** By place. */
  scores: Float64Array
  sessionOf: (place: number) => number | undefined
  /** The one speaker whom the query names. */
  onlyNamed: number | undefined
}

/** Places of `found`, best first; equal ones go by place, so that the order never depends on what was cached. */
export function bestPlaces({ words, scores, sessionOf, onlyNamed }: PlaceSignals, found: readonly number[], limit: number): number[] {
  const { laneNumbers, speakers } = words
  const weightsOf = [undefined, ...words.laneNames.map((lane): FusionWeights | undefined => wordsFusion.weights[kindOf(lane)])]
  let top = Number.MIN_VALUE
  for (const place of found) top = Math.max(top, scores[place] ?? 0)
  const best = new Highest(limit)
  for (const place of found) {
    const weights = weightsOf[laneNumbers[place] ?? 0]
    if (weights === undefined) continue
    const byWords = (scores[place] ?? 0) / top
    const isNamed = onlyNamed !== undefined && speakers[place] === onlyNamed
    const context = weights.session * (sessionOf(place) ?? byWords) + (isNamed ? weights.speaker : 0)
    best.offer(place, weights.words * byWords + context)
  }
  return [...best.entries().keys()]
}
