// How fast is the index of scopes, and does it find what an exact comparison finds? One scope of 10,000, many scopes of 1,000, one large scope; words and vectors.
//   node bench/retrieval/latency.ts pglite|postgres [scopes] [large]     1,000 scopes and 100,000 entries when no numbers are given
// Entries are synthetic: words by Zipf's law, clustered vectors of 384 dimensions. Times are without reading bodies and without embedding the question.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { compactScope } from "../../packages/server/src/context/retrieval/compaction.ts"
import { createScopeIndex } from "../../packages/server/src/context/retrieval/index-entry.ts"
import { parametersOf } from "../../packages/server/src/context/retrieval/lanes.ts"
import { searchScope } from "../../packages/server/src/context/retrieval/scope-search.ts"
import { derivedTermKeys } from "../../packages/server/src/context/retrieval/term-hash.ts"
import { moveLargeScope } from "../../packages/server/src/context/retrieval/vector-growth.ts"
import { createVectorIndex, type VectorIndex } from "../../packages/server/src/context/retrieval/vector-index.ts"
import { highest, innerProduct } from "../../packages/server/src/context/retrieval/vector-matrix.ts"
import { createWordCache, type WordCache } from "../../packages/server/src/context/retrieval/word-cache.ts"
import { defaultLimits } from "../../packages/server/src/core/index.ts"
import { openStore } from "../../packages/server/src/store/index.ts"
import { startTestPostgres } from "../../packages/server/src/testing/postgres-server.ts"

const engine = process.argv[2] === "postgres" ? "postgres" : "pglite"
const scopesWanted = Number(process.argv[3] ?? 1_000)
const largeWanted = Number(process.argv[4] ?? 100_000)
const projectId = "proj_bench"
const model = "bench"
const dimensions = 384
const queries = 200
const termKeyOf = derivedTermKeys(new Uint8Array(32))
const centres = Array.from({ length: 256 }, () => direction())

const limits = { ...defaultLimits, queryTimeoutMs: 600_000 }
const server = engine === "postgres" ? await startTestPostgres({ settings: { shared_buffers: "512MB" } }) : undefined
const dataDirectory = mkdtempSync(join(tmpdir(), "perdure-bench-"))
const location = server === undefined ? { dataDirectory } : { databaseUrl: await server.createDatabase() }
let store = await openStore({ ...location, limits })
try {
  await measureWrites()
  await measureOne(10_000)
  await measureMany(scopesWanted)
  await measureLarge(largeWanted)
} finally {
  await store[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
  rmSync(dataDirectory, { recursive: true, force: true })
}

async function measureWrites(): Promise<void> {
  const index = createScopeIndex({ store, termKeyOf })
  const times: number[] = []
  for (let number = 0; number < queries; number++) {
    const key = { projectId, scopeId: "writes", documentId: `d${number}` }
    const started = performance.now()
    await store.project(projectId).transaction((tx) => index.indexEntry(tx, { ...key, lane: "user", parts: [partOf()] }))
    times.push(performance.now() - started)
  }
  row("index one entry, committed", times)
}

async function measureOne(size: number): Promise<void> {
  const vectors = await fill("one", size)
  const search = searcher()
  const cold = await timed(search, "one", vectors, 1)
  await timed(search, "one", vectors, 3)
  await search.vectorIndex.settled()
  row(`scope of ${size}: first search of a process`, cold)
  row(`scope of ${size}: search`, await timed(search, "one", vectors, queries))
  row(`scope of ${size}: search by words alone`, await timed(search, "one", undefined, queries))
}

async function measureMany(scopes: number): Promise<void> {
  const first = await fill("many-0", 1_000)
  const alone = searcher()
  await timed(alone, "many-0", first, 5)
  await alone.vectorIndex.settled()
  const before = await timed(alone, "many-0", first, queries)
  for (let scope = 1; scope < scopes; scope++) await fill(`many-${scope}`, 1_000, scope % 50 === 0)
  const search = searcher()
  const times: number[] = []
  let found = 0
  for (let query = 0; query < queries; query++) {
    const scopeId = `many-${Math.floor(Math.random() * scopes)}`
    times.push(...(await timed(search, scopeId, scopeId === "many-0" ? first : [near()], 1)))
    found += await recallOf(search, "many-0", first)
  }
  row("1,000 entries, the only such scope", before)
  row(`1,000 entries in each of ${scopes} scopes, any of them`, times)
  const ratio = percentile(times, 0.99) / percentile(before, 0.99)
  console.log(`  p99 ${ratio.toFixed(1)}x that of the scope alone; recall@10 ${(found / queries).toFixed(3)}`)
}

async function measureLarge(size: number): Promise<void> {
  const vectors = await fill("large", size)
  if (engine === "pglite") await measureRestart(vectors)
  row(`scope of ${size}: exact search in SQL`, await timed(searcher(), "large", vectors, 20))
  const moving = performance.now()
  await moveLargeScope(store, { projectId, scopeId: "large" })
  console.log(`  moved into the approximate index in ${((performance.now() - moving) / 1000).toFixed(0)} s`)
  const search = searcher()
  await timed(search, "large", vectors, 3)
  row(`scope of ${size}: search`, await timed(search, "large", vectors, queries))
  let found = 0
  for (let query = 0; query < 100; query++) found += await recallOf(search, "large", vectors)
  console.log(`  recall@10 ${(found / 100).toFixed(3)}`)
  const type = engine === "postgres" ? "halfvec" : "vector"
  const plain = `select place from large_embeddings where vector_dims(embedding) = ${dimensions}
    order by embedding::${type}(${dimensions}) <#> $1::${type}(${dimensions}) limit 10`
  const times: number[] = []
  for (let query = 0; query < queries; query++) {
    const started = performance.now()
    await store.system.query(plain, [`[${near().join(",")}]`])
    times.push(performance.now() - started)
  }
  row("  beside it a plain pgvector query for ten ids", times)
}

async function measureRestart(vectors: readonly Float32Array[]): Promise<void> {
  await store[Symbol.asyncDispose]()
  const started = performance.now()
  store = await openStore({ ...location, limits })
  await timed(searcher(), "large", vectors, 1)
  console.log(`  open the database and search for the first time: ${((performance.now() - started) / 1000).toFixed(2)} s`)
}

/** Writes entries in documents of 250 parts; returns their vectors by place. */
async function fill(scopeId: string, size: number, tell = true): Promise<Float32Array[]> {
  const index = createScopeIndex({ store, termKeyOf })
  const all: Float32Array[] = []
  const started = performance.now()
  for (let from = 0; from < size; from += 250) {
    const vectors = Array.from({ length: Math.min(250, size - from) }, () => near())
    const key = { projectId, scopeId, documentId: `d${from}` }
    await store.project(projectId).transaction(async (tx) => {
      await index.indexEntry(tx, { ...key, lane: "user", parts: vectors.map(() => partOf()) })
      await index.indexVectors(
        tx,
        { ...key, model },
        vectors.map((vector, part) => ({ part, piece: 0, vector })),
      )
    })
    all.push(...vectors)
    if (from % 5_000 === 4_750) await compactScope(store, { projectId, scopeId })
  }
  await compactScope(store, { projectId, scopeId })
  if (tell) console.log(`  (${scopeId}: ${size} entries written in ${((performance.now() - started) / 1000).toFixed(0)} s)`)
  return all
}

interface Searcher {
  wordCache: WordCache
  vectorIndex: VectorIndex
}

function searcher(): Searcher {
  const { wordCacheBytesMax, vectorCacheBytesMax } = defaultLimits
  return {
    wordCache: createWordCache({ bytesMax: wordCacheBytesMax }),
    vectorIndex: createVectorIndex({ store, bytesMax: vectorCacheBytesMax }),
  }
}

async function timed(search: Searcher, scopeId: string, vectors: readonly Float32Array[] | undefined, count: number): Promise<number[]> {
  const times: number[] = []
  for (let query = 0; query < count; query++) {
    const text = wordsOf(6).join(" ")
    const started = performance.now()
    await find(search, scopeId, text, vectors === undefined ? undefined : near())
    times.push(performance.now() - started)
  }
  return times
}

function find(search: Searcher, scopeId: string, text: string, vector: Float32Array | undefined): ReturnType<typeof searchScope> {
  const query = {
    ...search,
    projectId,
    scopeId,
    text,
    vector,
    model,
    documentIds: null,
    lanes: parametersOf(["user"]),
    candidatesMax: 100,
    termKeyOf,
  }
  return store.project(projectId).transaction((tx) => searchScope(tx, query))
}

/** The share of the ten nearest that vectors alone find. */
async function recallOf(search: Searcher, scopeId: string, vectors: readonly Float32Array[]): Promise<number> {
  const query = near()
  const found = await find(search, scopeId, "", query)
  const best = found.toSorted((a, b) => (b.why.vectors?.score ?? -1) - (a.why.vectors?.score ?? -1)).slice(0, 10)
  const places = new Set(best.map(({ key }) => Number(key.slice(1).split(" ")[0]) + Number(key.split(" ")[1])))
  const right = highest(new Map(vectors.map((vector, place) => [place, innerProduct(query, vector, 0)])), 10)
  return [...right.keys()].filter((place) => places.has(place)).length / 10
}

function partOf(): { terms: Map<string, number>; length: number } {
  const terms = new Map<string, number>()
  for (const word of wordsOf(16)) terms.set(word, (terms.get(word) ?? 0) + 1)
  return { terms, length: 16 }
}

function wordsOf(count: number): string[] {
  return Array.from({ length: count }, () => `w${Math.floor(Math.exp(Math.random() * Math.log(20_000)))}`)
}

function direction(): Float32Array {
  return unit(Float32Array.from({ length: dimensions }, () => Math.random() - 0.5))
}

/** A vector in one of the clusters. */
function near(): Float32Array {
  const centre = centres[Math.floor(Math.random() * centres.length)] ?? direction()
  const noise = direction()
  return unit(centre.map((value, index) => value + 0.9 * (noise[index] ?? 0)))
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}

function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

function row(name: string, times: readonly number[]): void {
  console.log(
    `${name.padEnd(62)} p50 ${percentile(times, 0.5).toFixed(1).padStart(7)} ms   p99 ${percentile(times, 0.99).toFixed(1).padStart(7)} ms`,
  )
}
