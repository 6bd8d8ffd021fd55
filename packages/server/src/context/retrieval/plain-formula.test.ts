// What a search of one scope says of words, sessions and speakers, against the formulas written down plainly: random scopes with recent and compacted,
// replaced and removed documents of several parts, lanes, sessions and speakers.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openTestStore, type TestStore } from "../../testing/database.ts"
import { compactScope } from "./compaction.ts"
import { createScopeIndex } from "./index-entry.ts"
import { laneParameters, parametersOf, type Lane } from "./lanes.ts"
import { searchScope } from "./scope-search.ts"
import { derivedTermKeys } from "./term-hash.ts"
import { createVectorIndex } from "./vector-index.ts"
import { kindOf, wordsFusion } from "./weights.ts"
import { createWordCache } from "./word-cache.ts"
import { randomFrom } from "../../testing/random.ts"

const key = { projectId: "proj_plain", scopeId: "scope" }
const termKeyOf = derivedTermKeys(new Uint8Array(32))
const written = ["user", "assistant", "fact"] as const satisfies readonly Lane[]
const searched = ["user", "fact"] as const satisfies readonly Lane[]
const speakers = ["Ana", "Bo", undefined] as const
const operations = 160
const all = 10_000
const cut = 7
const digits = 10

interface Part {
  key: string
  lane: Lane
  session: string | undefined
  speaker: string | undefined
  terms: Map<string, number>
  length: number
}

interface Expected {
  words: number
  session: number | undefined
  isNamed: boolean
  order: number
}

describe("a search by words", () => {
  let test: TestStore
  beforeAll(async () => {
    test = await openTestStore("pglite")
  })
  afterAll(() => test[Symbol.asyncDispose]())

  it(
    "scores and chooses as the formulas say, whatever was written, removed and compacted before, and whatever is cached",
    { timeout: 300_000 },
    async () => {
      const random = randomFrom(7)
      const index = createScopeIndex({ store: test.store, termKeyOf })
      const vectorIndex = createVectorIndex({ store: test.store, bytesMax: 0 })
      const warm = createWordCache({ bytesMax: 10_000_000 })
      const documents = new Map<string, Part[]>()
      const write = (documentId: string, parts: Part[]): Promise<void> =>
        test.store.project(key.projectId).transaction(async (tx) => {
          await index.removeEntry(tx, { ...key, documentId })
          documents.delete(documentId)
          const [first] = parts
          if (first === undefined) return
          await index.indexEntry(tx, { ...key, documentId, lane: first.lane, session: first.session, speaker: first.speaker, parts })
          documents.set(documentId, parts)
        })
      const find = (text: string, candidatesMax: number, wordCache: typeof warm): ReturnType<typeof searchScope> => {
        const query = { ...key, text, candidatesMax, wordCache, vectorIndex, termKeyOf }
        const lanes = parametersOf(searched)
        return test.store
          .project(key.projectId)
          .transaction((tx) => searchScope(tx, { ...query, lanes, vector: undefined, model: "none", filter: null }))
      }
      // So many that a compaction has something to do; the first ones stay, so that their speakers are always known.
      for (let number = 0; number < 140; number++) {
        const whole = { lane: "user" as const, speaker: speakers[number % speakers.length] }
        await write(`first${number}`, [partOf(random, `first${number}`, 0, whole)])
      }
      for (let operation = 0; operation < operations; operation++) {
        const dice = random()
        const id = random() < 0.5 ? `d${Math.floor(random() * 80)}` : `first${10 + Math.floor(random() * 130)}`
        const whole = {
          lane: pick(random, written),
          session: pick(random, ["s1", "s2", "s3", "s4", undefined]),
          speaker: pick(random, speakers),
        }
        const parts = Array.from({ length: random() < 0.8 ? 1 : 3 }, (_, part) => partOf(random, id, part, whole))
        if (dice < 0.6) await write(id, dice < 0.5 ? parts : [])
        else if (dice < 0.65) await compactScope(test.store, key, { purge: random() < 0.5 })
        else {
          const words = wordsOf(random, 3)
          const named = speakers.filter((speaker) => speaker !== undefined && random() < 0.4)
          const text = [...words, ...named].join(" ")
          const expected = expectedOf([...documents.values()].flat(), words, named.length === 1 ? named[0] : undefined)
          const found = await find(text, all, random() < 0.2 ? createWordCache({ bytesMax: 10_000_000 }) : warm)
          expect(found.map(({ key: each }) => each).sort(), text).toEqual([...expected.keys()].sort())
          for (const { key: each, why } of found) {
            const right = expected.get(each)
            expect(why.words?.score, text).toBeCloseTo(right?.words ?? NaN, digits)
            expect(why.session ?? -1, text).toBeCloseTo(right?.session ?? -1, digits)
            expect(why.speaker ?? false, text).toBe(right?.isNamed)
          }
          const best = [...expected].sort(([, a], [, b]) => b.order - a.order).slice(0, cut)
          const orders = (await find(text, cut, warm)).map(({ key: each }) => expected.get(each)?.order ?? NaN).sort((a, b) => b - a)
          for (const [rank, [, { order }]] of best.entries()) expect(orders[rank], text).toBeCloseTo(order, digits)
        }
      }
      expect(documents.size).toBeGreaterThan(100)
    },
  )
})

function expectedOf(parts: readonly Part[], query: readonly string[], named: string | undefined): Map<string, Expected> {
  const inLanes = parts.filter(({ lane }) => (searched as readonly Lane[]).includes(lane))
  const byLane = Map.groupBy(inLanes, ({ lane }) => lane)
  const sessionOf = sessionScores(inLanes, query)
  const scored = inLanes
    .map((part) => ({ part, words: sumOf(query, (term) => bm25(byLane.get(part.lane) ?? [], part, term)) }))
    .filter(({ words }) => words > 0)
  const top = Math.max(...scored.map(({ words }) => words))
  return new Map(
    scored.map(({ part, words }) => {
      const weights = wordsFusion.weights[kindOf(part.lane)]
      const session = part.session === undefined ? undefined : sessionOf.get(part.session)
      const isNamed = named !== undefined && part.speaker === named
      const order = (weights.words * words) / top + weights.session * (session ?? words / top) + (isNamed ? weights.speaker : 0)
      return [part.key, { words, session, isNamed, order }]
    }),
  )
}

function bm25(lane: readonly Part[], part: Part, term: string): number {
  const { k1, b } = laneParameters[part.lane]
  const average = Math.max(sumOf(lane, ({ length }) => length) / lane.length, 1)
  const frequency = part.terms.get(term) ?? 0
  const containing = lane.filter(({ terms }) => terms.has(term)).length
  return (rarity(containing, lane.length) * frequency * (k1 + 1)) / (frequency + k1 * (1 - b + (b * part.length) / average))
}

/** BM25 of each session as one long text, k1 1.2 and b 0.75, the best at 1. */
function sessionScores(parts: readonly Part[], query: readonly string[]): Map<string, number> {
  const sessions = [
    ...Map.groupBy(
      parts.filter(({ session }) => session !== undefined),
      ({ session }) => session ?? "",
    ),
  ]
  const lengthOf = (own: readonly Part[]): number => sumOf(own, ({ length }) => length)
  const frequencyOf = (own: readonly Part[], term: string): number => sumOf(own, ({ terms }) => terms.get(term) ?? 0)
  const average = sumOf(sessions, ([, own]) => lengthOf(own)) / sessions.length
  const scores = sessions.map(([name, own]): [string, number] => {
    const score = sumOf(query, (term) => {
      const frequency = frequencyOf(own, term)
      const containing = sessions.filter(([, other]) => frequencyOf(other, term) > 0).length
      return (rarity(containing, sessions.length) * frequency) / (frequency + 1.2 * (0.25 + (0.75 * lengthOf(own)) / average))
    })
    return [name, score]
  })
  const best = Math.max(...scores.map(([, score]) => score)) || 1
  return new Map(scores.map(([name, score]) => [name, score / best]))
}

function rarity(containing: number, all: number): number {
  return Math.log(1 + (all - containing + 0.5) / (containing + 0.5))
}

function sumOf<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((sum, value) => sum + of(value), 0)
}

type Whole = Pick<Part, "lane" | "speaker"> & Partial<Pick<Part, "session">>

function partOf(random: () => number, documentId: string, part: number, whole: Whole): Part {
  const terms = new Map<string, number>()
  const words = wordsOf(random, 1 + Math.floor(random() * 10))
  for (const word of words) terms.set(word, (terms.get(word) ?? 0) + 1)
  // As of the message before: it counts in part and makes nothing longer.
  for (const word of wordsOf(random, 2)) terms.set(word, (terms.get(word) ?? 0) + 0.5)
  return { session: undefined, ...whole, key: `${documentId} ${part}`, terms, length: words.length }
}

/** Words that no stemmer changes, some frequent, some rare. */
function wordsOf(random: () => number, count: number): string[] {
  return Array.from({ length: count }, () => `w${Math.floor(random() ** 2 * 60)}`)
}

function pick<T>(random: () => number, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)] as T
}
