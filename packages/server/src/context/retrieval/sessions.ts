// How well whole sessions fit a query by words: a message in the conversation about it is likelier than the same words elsewhere.
import type { Bm25Parameters, WeighedTerm } from "./bm25.ts"
import { rarity } from "./bm25.ts"
import type { Lane } from "./lanes.ts"
import type { ScopeWords } from "./scope-words.ts"

/** Sessions are long texts, whatever their messages are. */
const parameters: Bm25Parameters = { k1: 1.2, b: 0.75 }

interface SessionTable {
  version: number
  lanes: string
  /** By place: the number of its session among those below, or -1. */
  numbers: Int32Array
  lengths: number[]
}

/** Sums over all parts of a scope, kept for as long as it does not change. */
const tables = new WeakMap<ScopeWords, SessionTable>()

/** By place the score of its session, the best session at 1; undefined where a place has no session. */
export function scoreSessions(
  words: ScopeWords,
  terms: readonly WeighedTerm[],
  lanes: ReadonlySet<Lane>,
): (place: number) => number | undefined {
  const { numbers, lengths } = tableOf(words, lanes)
  const averageLength = lengths.reduce((sum, length) => sum + length, 0) / Math.max(lengths.length, 1)
  const scores = new Float64Array(lengths.length)
  for (const { term, weight } of terms) {
    const frequencies = new Map<number, number>()
    words.forEach(term, (place, frequency) => {
      const session = numbers[place] ?? -1
      if (session >= 0) frequencies.set(session, (frequencies.get(session) ?? 0) + frequency)
    })
    const termWeight = rarity(frequencies.size, lengths.length) * weight
    for (const [session, frequency] of frequencies) {
      const length = parameters.k1 * (1 - parameters.b + (parameters.b * (lengths[session] ?? 0)) / averageLength)
      scores[session] = (scores[session] ?? 0) + (termWeight * frequency) / (frequency + length)
    }
  }
  const best = scores.reduce((most, score) => Math.max(most, score), 0) || 1
  return (place) => {
    const session = numbers[place] ?? -1
    return session < 0 ? undefined : (scores[session] ?? 0) / best
  }
}

function tableOf(words: ScopeWords, lanes: ReadonlySet<Lane>): SessionTable {
  const names = [...lanes].sort().join()
  const known = tables.get(words)
  if (known?.version === words.version && known.lanes === names) return known
  const searched = new Set([...lanes].map((lane) => words.laneNumber(lane)))
  const byHash = new Map<number, number>()
  const lengths: number[] = []
  const numbers = new Int32Array(words.lengths.length).fill(-1)
  for (let place = 0; place < numbers.length; place++) {
    const hash = words.sessions[place] ?? 0
    if (hash === 0 || !searched.has(words.laneNumbers[place] ?? 0)) continue
    const number = byHash.get(hash) ?? lengths.push(0) - 1
    byHash.set(hash, number)
    numbers[place] = number
    lengths[number] = (lengths[number] ?? 0) + (words.lengths[place] ?? 0)
  }
  const table = { version: words.version, lanes: names, numbers, lengths }
  tables.set(words, table)
  return table
}
