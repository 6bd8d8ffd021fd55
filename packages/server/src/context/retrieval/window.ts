// The terms of a message inside its conversation: its own, and in part those of the messages before it, which say what "yes, in May" is about.
import { countTerms } from "./analyze.ts"

/** How much a term counts that stands in the message before, and in the one before that. No message counts that comes later: it would have to be indexed again. */
const previousWeights = [0.7, 0.3] as const

export interface WeightedTerms {
  terms: Map<string, number>
  /** The weights together: what the part's length is beside others. */
  length: number
}

/** `previous`: the messages before it in the same session, the nearest first. */
export function weightedTerms(text: string, previous: string | readonly string[] = []): WeightedTerms {
  const { frequencies: terms, length: own } = countTerms(text)
  let length = own
  const before = typeof previous === "string" ? [previous] : previous
  for (const [index, weight] of previousWeights.entries()) {
    const counted = countTerms(before[index] ?? "")
    for (const [term, frequency] of counted.frequencies) terms.set(term, (terms.get(term) ?? 0) + weight * frequency)
    length += weight * counted.length
  }
  return { terms, length }
}
