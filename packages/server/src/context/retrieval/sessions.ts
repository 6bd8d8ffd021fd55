// How well whole sessions fit a query by words: a message in the conversation about it is likelier than the same words elsewhere.
import { rarity, type Bm25Parameters, type WeighedTerm } from "./bm25.ts"
import type { Lane } from "./lanes.ts"
import type { ScopeWords } from "./scope-words.ts"
import type { TermPostings } from "./term-postings.ts"

/** Sessions are long texts, whatever their messages are. */
const parameters: Bm25Parameters = { k1: 1.2, b: 0.75 }

interface SessionTable {
  version: number
  lanes: string
  /** By place: the number of its session, 0 where it has none or is not searched. */
  numbers: Int32Array
  /** By the number of the session. */
  lengths: Float64Array
  sessions: number
  averageLength: number
}

/** Sums over all parts of a scope, kept for as long as it does not change. */
const tables = new WeakMap<ScopeWords, SessionTable>()

/** By place the score of its session, the best session at 1; undefined where a place has no session. */
export function scoreSessions(
  words: ScopeWords,
  terms: readonly WeighedTerm[],
  lanes: ReadonlySet<Lane>,
): (place: number) => number | undefined {
  const table = tableOf(words, lanes)
  const scores = new Float64Array(table.lengths.length)
  const frequencies = new Float64Array(table.lengths.length)
  for (const { term, weight } of terms) {
    const found = sumBySession(words.postings(term), table.numbers, frequencies)
    const termWeight = rarity(found.length, table.sessions) * weight
    for (const session of found) {
      const frequency = frequencies[session] ?? 0
      const length = parameters.k1 * (1 - parameters.b + (parameters.b * (table.lengths[session] ?? 0)) / table.averageLength)
      scores[session] = (scores[session] ?? 0) + (termWeight * frequency) / (frequency + length)
      frequencies[session] = 0
    }
  }
  const best = scores.reduce((most, score) => Math.max(most, score), 0) || 1
  return (place) => {
    const session = table.numbers[place] ?? 0
    return session === 0 ? undefined : (scores[session] ?? 0) / best
  }
}

/** Adds up the weights of each session; returns the sessions that have any. */
function sumBySession({ places, weights, count }: TermPostings, numbers: Int32Array, frequencies: Float64Array): number[] {
  const found: number[] = []
  for (let index = 0; index < count; index++) {
    const session = numbers[places[index] ?? 0] ?? 0
    if (session === 0) continue
    if (frequencies[session] === 0) found.push(session)
    frequencies[session] = (frequencies[session] ?? 0) + (weights[index] ?? 0)
  }
  return found
}

function tableOf(words: ScopeWords, lanes: ReadonlySet<Lane>): SessionTable {
  const names = [...lanes].sort().join()
  const known = tables.get(words)
  if (known?.version === words.version && known.lanes === names) return known
  const table = { version: words.version, lanes: names, ...summed(words, words.searched(lanes)) }
  tables.set(words, table)
  return table
}

function summed(words: ScopeWords, searched: Uint8Array): Omit<SessionTable, "version" | "lanes"> {
  const numbers = new Int32Array(words.lengths.length)
  const lengths = new Float64Array(words.sessionsEnd)
  const parts = new Int32Array(words.sessionsEnd)
  let total = 0
  for (let place = 0; place < numbers.length; place++) {
    const session = words.sessions[place] ?? 0
    if (session === 0 || searched[words.laneNumbers[place] ?? 0] !== 1) continue
    const length = words.lengths[place] ?? 0
    numbers[place] = session
    lengths[session] = (lengths[session] ?? 0) + length
    parts[session] = (parts[session] ?? 0) + 1
    total += length
  }
  const sessions = parts.reduce((count, each) => count + Math.min(each, 1), 0)
  return { numbers, lengths, sessions, averageLength: total / Math.max(sessions, 1) }
}
