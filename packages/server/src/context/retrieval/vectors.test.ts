// Tests of vector search: whichever way a scope's size chooses, the same parts are found with the same similarities, also while it changes.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Queryable } from "../../store/index.ts"
import { openTestStore, testEngines, type TestStore } from "../../testing/database.ts"
import { createScopeIndex } from "./index-entry.ts"
import { derivedTermKeys } from "./term-hash.ts"
import { moveLargeScope } from "./vector-growth.ts"
import { PlaceFilter } from "./place-filter.ts"
import { createVectorIndex, type VectorIndex } from "./vector-index.ts"
import { innerProduct } from "./vector-matrix.ts"

const projectId = "proj_a"
const model = "test"
const dimensions = 256

/** Deterministic, at unit length. */
function vectorOf(seed: number, length = dimensions): Float32Array {
  let state = seed * 2_654_435_761 + 12_345
  const values = Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32 - 0.5
  })
  const norm = Math.hypot(...values)
  return values.map((value) => value / norm)
}

describe.each(testEngines())("vectors on %s", (engine) => {
  let test: TestStore
  beforeAll(async () => {
    test = await openTestStore(engine)
  })
  afterAll(() => test[Symbol.asyncDispose]())

  const index = (): ReturnType<typeof createScopeIndex> =>
    createScopeIndex({ store: test.store, termKeyOf: derivedTermKeys(new Uint8Array(32)) })
  const inTransaction = <T>(work: (tx: Queryable) => Promise<T>): Promise<T> => test.store.project(projectId).transaction(work)
  /** Document `n` has one part at place `n`; every fourth is in another lane. */
  const put = (scopeId: string, from: number, to: number): Promise<void> =>
    inTransaction(async (tx) => {
      for (let number = from; number < to; number++) {
        const key = { projectId, scopeId, documentId: `d${number}` }
        await index().indexEntry(tx, { ...key, lane: number % 4 === 0 ? "assistant" : "user", parts: [{ terms: new Map(), length: 1 }] })
        await index().indexVectors(tx, { ...key, model }, [{ part: 0, piece: 0, vector: vectorOf(number) }])
      }
    })
  const query = { projectId, model, vector: vectorOf(1_000_003), lanes: ["user" as const], filter: null, available: 1_000, limit: 10 }
  const search = (
    vectors: VectorIndex,
    scopeId: string,
    live: ReadonlySet<number>,
    others: readonly number[] = [],
  ): Promise<[number, number][]> => {
    const accept = (place: number): boolean => live.has(place) && place % 4 !== 0
    return inTransaction(async (tx) => {
      const asked = { ...query, scopeId, accept }
      return [...(await vectors.similarities(tx, asked, others, await vectors.state(tx, asked)))].sort(([a], [b]) => a - b)
    })
  }
  const nearestOf = (live: ReadonlySet<number>, seedOf = (place: number) => place): [number, number][] => {
    const all = [...live]
      .filter((place) => place % 4 !== 0)
      .map((place): [number, number] => [place, innerProduct(query.vector, vectorOf(seedOf(place)), 0)])
    all.sort(([, x], [, y]) => y - x)
    return all.slice(0, query.limit).sort(([a], [b]) => a - b)
  }
  const ways = {
    sql: () => createVectorIndex({ store: test.store, bytesMax: 0 }),
    memory: () => createVectorIndex({ store: test.store, bytesMax: 10_000_000 }),
    large: () => createVectorIndex({ store: test.store, bytesMax: 0, sizes: { matrixRowsMax: 0, largeRowsMin: 50 } }),
  }

  it("are read into memory when the search that wanted them has its answer, one scope after the other", async ({ skip }) => {
    if (!test.store.capabilities.vector) skip("no pgvector")
    let [statements, underWay, most] = [0, 0, 0]
    const project = (id: string): ReturnType<typeof test.store.project> => {
      const db = test.store.project(id)
      const query: typeof db.query = async (text, values) => {
        statements += 1
        underWay += 1
        most = Math.max(most, underWay)
        return await db.query<never>(text, values).finally(() => (underWay -= 1))
      }
      return { query, transaction: (work) => db.transaction(work) }
    }
    const vectors = createVectorIndex({ store: { engine: test.store.engine, project }, bytesMax: 10_000_000 })
    const live = new Set(Array.from({ length: 20 }, (_, place) => place))
    const scopes = ["waits-1", "waits-2", "waits-3"]
    for (const scopeId of scopes) await put(scopeId, 0, 20)
    for (const scopeId of [...scopes, ...scopes]) {
      await search(vectors, scopeId, live)
      // What an earlier answer began may be under way by now, but nothing of this one's.
      if (scopeId === "waits-1") expect(statements).toBe(0)
    }
    await vectors.settled()
    expect(statements).toBeGreaterThan(scopes.length)
    expect(most).toBe(1)
    for (const scopeId of scopes) expect(await search(vectors, scopeId, live)).toEqual(nearestOf(live))
  })

  it("are found alike in memory, by SQL and by the approximate index, while the scope changes", async ({ skip }) => {
    if (!test.store.capabilities.vector) skip("no pgvector")
    const scopeId = "alike"
    const indexes = { sql: ways.sql(), memory: ways.memory(), large: ways.large() }
    const live = new Set<number>()
    for (let round = 0; round < 6; round++) {
      await put(scopeId, round * 40, (round + 1) * 40)
      for (let place = round * 40; place < (round + 1) * 40; place++) live.add(place)
      if (round === 3) await moveLargeScope(test.store, { projectId, scopeId }, 50)
      const gone = [round * 40 + 1, round * 7 + 2].filter((place) => live.delete(place))
      await inTransaction(async (tx) => {
        for (const place of gone) await index().removeEntry(tx, { projectId, scopeId, documentId: `d${place}` })
      })
      for (const vectors of Object.values(indexes)) {
        expect(await search(vectors, scopeId, live)).toEqual(nearestOf(live))
        await vectors.settled()
      }
    }
    const [scope] = await test.store.system.query(
      "select stage, (select count(*) from small_embeddings where scope_id = $1) as small from vector_scopes where scope_id = $1",
      [scopeId],
    )
    expect(scope).toEqual({ stage: 2, small: 0 })
  })

  it("that were replaced count as they are now, in every copy", async ({ skip }) => {
    if (!test.store.capabilities.vector) skip("no pgvector")
    const scopeId = "replaced"
    await put(scopeId, 0, 30)
    const live = new Set(Array.from({ length: 30 }, (_, place) => place))
    const indexes = [ways.sql(), ways.memory()]
    for (const vectors of indexes) for (let times = 0; times < 2; times++) await search(vectors, scopeId, live)
    for (const vectors of indexes) await vectors.settled()
    await inTransaction((tx) =>
      index().indexVectors(tx, { projectId, scopeId, documentId: "d5", model }, [{ part: 0, piece: 0, vector: query.vector }]),
    )
    for (const vectors of indexes) {
      const found = new Map(await search(vectors, scopeId, live))
      expect(found.get(5)).toBeCloseTo(1, 5)
    }
    await inTransaction((tx) =>
      index().indexVectors(tx, { projectId, scopeId, documentId: "d5", model: "another" }, [{ part: 0, piece: 0, vector: query.vector }]),
    )
    for (const vectors of indexes) expect(new Map(await search(vectors, scopeId, live)).has(5)).toBe(false)
  })

  it("of other places that are asked for come too, with their best piece", async ({ skip }) => {
    if (!test.store.capabilities.vector) skip("no pgvector")
    const scopeId = "pieces"
    const key = { projectId, scopeId, documentId: "d0" }
    await inTransaction(async (tx) => {
      await index().indexEntry(tx, {
        ...key,
        lane: "user",
        parts: Array.from({ length: 40 }, () => ({ terms: new Map<string, number>(), length: 1 })),
      })
      const pieces = Array.from({ length: 40 }, (_, part) =>
        [0, 1, 2].map((piece) => ({ part, piece, vector: vectorOf(part * 3 + piece) })),
      )
      await index().indexVectors(tx, { ...key, model }, pieces.flat())
    })
    const best = (place: number): number =>
      Math.max(...[0, 1, 2].map((piece) => innerProduct(query.vector, vectorOf(place * 3 + piece), 0)))
    const live = new Set(Array.from({ length: 40 }, (_, place) => place))
    const vectors = ways.memory()
    for (let times = 0; times < 3; times++) {
      const found = new Map(await search(vectors, scopeId, live, [4, 8]))
      expect(found.get(4)).toBe(best(4))
      expect(found.size).toBeGreaterThanOrEqual(10)
      for (const [place, similarity] of found) expect(similarity).toBe(best(place))
      await vectors.settled()
    }
  })

  /** What a search found, by place, and whether it compared exactly. */
  const filtered = async (
    vectors: VectorIndex,
    scopeId: string,
    { filter, vector = query.vector, available }: { filter: PlaceFilter | null; vector?: Float32Array; available: number },
  ): Promise<{ found: [number, number][]; isExact: boolean }> => {
    const texts: string[] = []
    const found = await inTransaction(async (tx) => {
      const seen: Queryable = {
        query: (text, values) => {
          texts.push(text)
          return tx.query(text, values)
        },
      }
      const asked = { ...query, scopeId, filter, vector, available, accept: (place: number) => filter?.accepts(place) ?? true }
      return vectors.similarities(seen, { ...asked, lanes: ["user", "assistant"] }, [], await vectors.state(seen, asked))
    })
    return { found: [...found].sort(([a], [b]) => a - b), isExact: texts.some((text) => text.includes("nearest as materialized")) }
  }
  const exactly = (places: readonly number[], vector: Float32Array): [number, number][] => {
    const all = places.map((place): [number, number] => [place, innerProduct(vector, vectorOf(place, vector.length), 0)])
    return all
      .sort(([, x], [, y]) => y - x)
      .slice(0, query.limit)
      .sort(([a], [b]) => a - b)
  }

  it("of a part of a large scope are found by the approximate index where much passes, exactly where little does", async ({ skip }) => {
    if (!test.store.capabilities.vector) skip("no pgvector")
    const scopeId = "filtered"
    await put(scopeId, 0, 400)
    await moveLargeScope(test.store, { projectId, scopeId }, 50)
    const all = Array.from({ length: 400 }, (_, place) => place)
    const even = new PlaceFilter(
      "only",
      all.filter((place) => place % 2 === 0).map((place) => ({ place, parts: 1 })),
    )
    const few = new PlaceFilter("only", [{ place: 30, parts: 15 }])
    const hidden = new PlaceFilter("without", [
      { place: 0, parts: 25 },
      { place: 25, parts: 15 },
      { place: 300, parts: 10 },
    ])
    const sizes = { matrixRowsMax: 0, largeRowsMin: 50, rowsPerVisit: 1 }
    const indexed = createVectorIndex({ store: test.store, bytesMax: 0, sizes })
    for (const [filter, isExact] of [
      [even, false],
      [hidden, false],
      [few, true],
    ] as const) {
      const passing = all.filter((place) => filter.accepts(place))
      const expected = exactly(passing, query.vector)
      expect(await filtered(indexed, scopeId, { filter, available: 400 })).toEqual({ found: expected, isExact })
      expect((await filtered(ways.sql(), scopeId, { filter, available: 400 })).found).toEqual(expected)
    }
  })

  it(`of 3,072 dimensions are found ${engine === "pglite" ? "exactly" : "by an approximate index too"}`, async ({ skip }) => {
    if (!test.store.capabilities.vector) skip("no pgvector")
    const scopeId = "wide"
    await inTransaction(async (tx) => {
      for (let number = 0; number < 60; number++) {
        const key = { projectId, scopeId, documentId: `d${number}` }
        await index().indexEntry(tx, { ...key, lane: "user", parts: [{ terms: new Map(), length: 1 }] })
        await index().indexVectors(tx, { ...key, model }, [{ part: 0, piece: 0, vector: vectorOf(number, 3_072) }])
      }
    })
    await moveLargeScope(test.store, { projectId, scopeId }, 50)
    const vector = vectorOf(1_000_003, 3_072)
    const expected = exactly(
      Array.from({ length: 60 }, (_, place) => place),
      vector,
    )
    expect(await filtered(ways.large(), scopeId, { filter: null, vector, available: 60 })).toEqual({
      found: expected,
      isExact: engine === "pglite",
    })
  })
})
