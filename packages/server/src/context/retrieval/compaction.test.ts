// Tests of compaction: what is found, and its scores, stay the same while documents become segments, segments are joined, and what is gone is left out.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { wordSegments, type Store } from "../../store/index.ts"
import { openTestStore, testEngines, type TestStore } from "../../testing/database.ts"
import { countTerms } from "./analyze.ts"
import { compactScope, deltasMax } from "./compaction.ts"
import { createCompactor } from "./compactor.ts"
import type { Fused } from "./fuse.ts"
import { createScopeIndex } from "./index-entry.ts"
import { parametersOf } from "./lanes.ts"
import { searchScope } from "./scope-search.ts"
import { derivedTermKeys } from "./term-hash.ts"
import { createVectorIndex } from "./vector-index.ts"
import { createWordCache, type WordCache } from "./word-cache.ts"

const projectId = "proj_a"
const termKeyOf = derivedTermKeys(new Uint8Array(32))
const words = ["apple", "pear", "plum", "fig", "kiwi", "quince", "melon", "grape", "lemon", "lime"]
const textOf = (number: number): string => [number % 10, number % 7, (number * 3) % 10].map((each) => words[each]).join(" ")

describe.each(testEngines())("compaction on %s", (engine) => {
  let test: TestStore
  beforeAll(async () => {
    test = await openTestStore(engine)
  })
  afterAll(() => test[Symbol.asyncDispose]())

  const put = (scopeId: string, from: number, to: number, compactor?: ReturnType<typeof createCompactor>): Promise<void> =>
    test.store.project(projectId).transaction(async (tx) => {
      const index = createScopeIndex({ store: test.store, termKeyOf, ...(compactor === undefined ? {} : { compactor }) })
      for (let number = from; number < to; number++) {
        const { frequencies, length } = countTerms(textOf(number))
        const parts = [{ terms: frequencies, length }, ...(number % 5 === 0 ? [{ terms: new Map([["extra", 0.5]]), length: 2 }] : [])]
        await index.indexEntry(tx, { projectId, scopeId, documentId: `d${number}`, lane: number % 3 === 0 ? "assistant" : "user", parts })
      }
    })
  const remove = (scopeId: string, numbers: readonly number[]): Promise<void> =>
    test.store.project(projectId).transaction(async (tx) => {
      const index = createScopeIndex({ store: test.store, termKeyOf })
      for (const number of numbers) await index.removeEntry(tx, { projectId, scopeId, documentId: `d${number}` })
    })
  const find = (scopeId: string, wordCache: WordCache = createWordCache({ bytesMax: 0 })): Promise<Fused[]> =>
    findIn(test.store, scopeId, wordCache)
  const bytesOf = async (scopeId: string): Promise<number> => {
    const db = test.store.project(projectId)
    const rows = await wordSegments.segmentRowsAfter(db, { projectId, scopeId }, undefined, 100_000)
    return rows.reduce((sum, row) => sum + row.postings.byteLength, 0)
  }

  it("changes nothing of what is found, neither for a copy in memory nor for a new one", async () => {
    const scopeId = "same"
    const size = deltasMax + 8
    const cache = createWordCache({ bytesMax: 10_000_000 })
    for (let round = 0; round < 10; round++) {
      await put(scopeId, round * size, (round + 1) * size)
      if (round % 3 === 1) await remove(scopeId, [round * size, round * size + 5, 3 + round])
      const before = await find(scopeId)
      expect(await find(scopeId, cache)).toEqual(before)
      expect(await compactScope(test.store, { projectId, scopeId })).toBe(true)
      expect(await find(scopeId)).toEqual(before)
      expect(await find(scopeId, cache)).toEqual(before)
    }
    const [levels] = await test.store.system.query<{ most: number }>("select max(level) as most from word_places where scope_id = $1", [
      scopeId,
    ])
    expect(levels?.most).toBe(1)
  })

  it("leaves nothing of a removed document in segments when it purges", async () => {
    const scopeId = "purged"
    await put(scopeId, 0, deltasMax * 2)
    await compactScope(test.store, { projectId, scopeId })
    const full = await bytesOf(scopeId)
    await remove(
      scopeId,
      Array.from({ length: deltasMax }, (_, number) => number * 2),
    )
    const before = await find(scopeId)
    expect(await bytesOf(scopeId)).toBe(full)
    expect(await compactScope(test.store, { projectId, scopeId }, { purge: true })).toBe(true)
    expect(await find(scopeId)).toEqual(before)
    expect(await bytesOf(scopeId)).toBeLessThan(full * 0.6)
    const [left] = await test.store.system.query<{ rows: number }>("select count(*) as rows from word_removals where scope_id = $1", [
      scopeId,
    ])
    expect(left?.rows).toBe(0)
  })

  it("loses no document that is written or removed at the same time", async () => {
    const scopeId = "busy"
    const errors: unknown[] = []
    const compactor = createCompactor(test.store, (...what) => void errors.push(what))
    await put(scopeId, 0, deltasMax)
    await Promise.all([
      ...Array.from({ length: 8 }, (_, each) => put(scopeId, deltasMax + each * 40, deltasMax + (each + 1) * 40, compactor)),
      ...Array.from({ length: 4 }, (_, each) => remove(scopeId, [each, each + 10])),
      compactScope(test.store, { projectId, scopeId }),
    ])
    await compactor.settled()
    const found = await find(scopeId)
    await compactScope(test.store, { projectId, scopeId }, { purge: true })
    expect(await find(scopeId)).toEqual(found)
    const documents = new Set(found.map(({ key }) => key.split(" ")[0]))
    const expected = Array.from({ length: deltasMax + 320 }, (_, number) => number).filter(
      (number) => !(number < 4 || (number >= 10 && number < 14)),
    )
    expect(documents).toEqual(new Set(expected.map((number) => `d${number}`)))
    expect(errors).toEqual([])
    await compactor[Symbol.asyncDispose]()
  })
})

/** Everything that is found by all the words there are, with its scores. */
async function findIn(store: Store, scopeId: string, wordCache: WordCache): Promise<Fused[]> {
  const lanes = parametersOf(["user", "assistant"])
  const text = `${words.join(" ")} extra`
  const query = {
    projectId,
    scopeId,
    text,
    vector: undefined,
    model: "",
    filter: null,
    lanes,
    candidatesMax: 5_000,
    vectorIndex: createVectorIndex({ store, bytesMax: 0 }),
    wordCache,
    termKeyOf,
  }
  return store.project(projectId).transaction((tx) => searchScope(tx, query))
}
