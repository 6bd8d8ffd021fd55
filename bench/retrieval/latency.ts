// How fast is the index of scopes, and does it find what an exact comparison finds? One scope of 10,000, many scopes of 1,000, one large scope; words and vectors.
//   node bench/retrieval/latency.ts pglite|postgres [scopes] [large]     1,000 scopes and 100,000 entries when no numbers are given
// Times are without reading bodies and without embedding the question: retrieval/memories measures those.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createScopeIndex } from "../../packages/server/src/context/retrieval/index-entry.ts"
import { highest } from "../../packages/server/src/context/retrieval/highest.ts"
import { parametersOf } from "../../packages/server/src/context/retrieval/lanes.ts"
import { PlaceFilter } from "../../packages/server/src/context/retrieval/place-filter.ts"
import { searchScope } from "../../packages/server/src/context/retrieval/scope-search.ts"
import { moveLargeScope } from "../../packages/server/src/context/retrieval/vector-growth.ts"
import { createVectorIndex, type VectorIndex } from "../../packages/server/src/context/retrieval/vector-index.ts"
import { innerProduct } from "../../packages/server/src/context/retrieval/vector-matrix.ts"
import { createWordCache, type WordCache } from "../../packages/server/src/context/retrieval/word-cache.ts"
import { defaultLimits } from "../../packages/server/src/core/index.ts"
import { openStore } from "../../packages/server/src/store/index.ts"
import { startTestPostgres } from "../../packages/server/src/testing/postgres-server.ts"
import { copyScope, dimensions, fill, model, near, partOf, projectId, termKeyOf, wordsOf } from "./latency-fill.ts"

const engine = process.argv[2] === "postgres" ? "postgres" : "pglite"
const scopesWanted = Number(process.argv[3] ?? 1_000)
const largeWanted = Number(process.argv[4] ?? 100_000)
const queries = 200
/** Of the small scopes so many are written by the server's own code; the others are copies of them under other names. */
const originals = 10

const limits = { ...defaultLimits, queryTimeoutMs: 600_000 }
const server = engine === "postgres" ? await startTestPostgres({ settings: { shared_buffers: "4GB" } }) : undefined
const dataDirectory = mkdtempSync(join(tmpdir(), "perdure-bench-"))
const location = server === undefined ? { dataDirectory } : { databaseUrl: await server.createDatabase() }
let store = await openStore({ ...location, limits })

interface Times {
  wallMs: number[]
  /** Of this process: what the database takes for itself on Postgres is not in it. */
  cpuMs: number
}

interface Searcher {
  wordCache: WordCache
  vectorIndex: VectorIndex
}

try {
  console.log(`${engine}\n${"".padEnd(58)}   p50 ms   p99 ms   own CPU ms`)
  await measureWrites()
  await measureOne(10_000)
  if (scopesWanted > 0) await measureMany(scopesWanted)
  if (largeWanted > 0) await measureLarge(largeWanted)
} finally {
  await store[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
  rmSync(dataDirectory, { recursive: true, force: true })
}

async function measureWrites(): Promise<void> {
  const index = createScopeIndex({ store, termKeyOf })
  const write = (number: number): Promise<void> => {
    const key = { projectId, scopeId: "writes", documentId: `d${number}` }
    return store.project(projectId).transaction((tx) => index.indexEntry(tx, { ...key, lane: "user", parts: [partOf()] }))
  }
  row("index one entry, committed", await timed(queries, write))
}

async function measureOne(size: number): Promise<void> {
  const vectors = await filled("one", size, 1)
  const search = searcher()
  row(`scope of ${size}: first search of a process`, await timed(1, () => ask(search, "one")))
  row(`scope of ${size}: second search, vectors compared in SQL`, await timed(1, () => ask(search, "one")))
  await search.vectorIndex.settled()
  await rest()
  await timed(20, () => ask(search, "one"))
  row(`scope of ${size}: search`, await timed(queries, () => ask(search, "one")))
  row(`scope of ${size}: search by words alone`, await timed(queries, () => find(search, "one", wordsOf(6).join(" "), undefined)))
  row(`scope of ${size}: write one, then search`, await timed(50, () => writeAndAsk(search, "one", vectors.length)))
}

async function writeAndAsk(search: Searcher, scopeId: string, size: number): Promise<void> {
  const index = createScopeIndex({ store, termKeyOf })
  const key = { projectId, scopeId, documentId: `n${size}-${Math.random()}` }
  await store.project(projectId).transaction(async (tx) => {
    await index.indexEntry(tx, { ...key, lane: "user", parts: [partOf()] })
    await index.indexVectors(tx, { ...key, model }, [{ part: 0, piece: 0, vector: near() }])
  })
  await ask(search, scopeId)
}

/** One scope alone, then with all the others around it: each of some scopes once (cold), a second time (vectors in SQL), then any of them. */
async function measureMany(scopes: number): Promise<void> {
  const first = await filled("many-0", 1_000, 1)
  const alone = searcher()
  await timed(5, () => ask(alone, "many-0"))
  await alone.vectorIndex.settled()
  const before = await timed(queries, () => ask(alone, "many-0"))
  row("1,000 entries, the only such scope", before)
  for (let scope = 1; scope < Math.min(originals, scopes); scope++) await fill(store, `many-${scope}`, 1_000, 1)
  const started = performance.now()
  for (let scope = 0; scope < Math.min(originals, scopes); scope++) {
    const copies = Array.from(
      { length: Math.ceil((scopes - scope) / originals) - 1 },
      (_, copy) => `many-${scope + (copy + 1) * originals}`,
    )
    if (copies.length > 0) await copyScope(store, `many-${scope}`, copies)
  }
  console.log(`  (${scopes} scopes of 1,000; copied in ${seconds(started)} s)`)
  await rest()
  const search = searcher()
  const chosen = Array.from({ length: queries }, () => `many-${Math.floor(Math.random() * scopes)}`)
  const any = (): string => chosen[Math.floor(Math.random() * chosen.length)] ?? ""
  row("… each of 200 for the first time in this process", await timed(queries, (query) => ask(search, chosen[query] ?? "")))
  row("… a second time", await timed(queries, (query) => ask(search, chosen[query] ?? "")))
  await search.vectorIndex.settled()
  const after = await timed(queries * 5, () => ask(search, any()))
  row(`1,000 entries in each of ${scopes} scopes, any of those`, after)
  const again = await timed(queries, () => ask(alone, "many-0"))
  row("the first scope alone, now that the others are there", again)
  let found = 0
  for (let query = 0; query < queries; query++) found += await recallOf(search, "many-0", first)
  const ratio = percentile(after.wallMs, 0.99) / percentile(before.wallMs, 0.99)
  console.log(`  p99 ${ratio.toFixed(1)}x that of the scope alone; recall@10 ${(found / queries).toFixed(3)}`)
}

async function measureLarge(size: number): Promise<void> {
  const vectors = await filled("large", size, 250)
  if (engine === "pglite") await measureRestart()
  row(`scope of ${size}: exact search in SQL`, await timed(20, () => ask(searcher(), "large")))
  const moving = performance.now()
  await moveLargeScope(store, { projectId, scopeId: "large" })
  console.log(`  (moved into the approximate index in ${seconds(moving)} s)`)
  const search = searcher()
  await timed(3, () => ask(search, "large"))
  row(`scope of ${size}: search`, await timed(queries, () => ask(search, "large")))
  const type = engine === "postgres" ? "halfvec" : "vector"
  const plain = `select place from large_embeddings where vector_dims(embedding) = ${dimensions}
    order by embedding::${type}(${dimensions}) <#> $1::${type}(${dimensions}) limit 10`
  row("beside it a plain pgvector query for ten ids", await timed(queries, () => store.system.query(plain, [`[${near().join(",")}]`])))
  let found = 0
  for (let query = 0; query < 100; query++) found += await recallOf(search, "large", vectors)
  console.log(`  recall@10 ${(found / 100).toFixed(3)}`)
  for (const share of [0.5, 0.1, 0.01, 0.001]) await measureFiltered(search, size, vectors, share)
}

/** A share of the scope passes, in documents of 25 parts, or of fewer where few pass; the index, an exact comparison, and what is chosen between them. */
async function measureFiltered(search: Searcher, size: number, vectors: readonly Float32Array[], share: number): Promise<void> {
  const parts = Math.min(25, size * share)
  const all = Array.from({ length: Math.floor(size / parts) }, (_, document) => ({ place: document * parts, parts }))
  const filter = new PlaceFilter("only", all.toSorted(() => Math.random() - 0.5).slice(0, Math.round((size * share) / parts)))
  const passing = new Map([...vectors.entries()].filter(([place]) => filter.accepts(place)))
  const always = (rowsPerVisit: number): Searcher => {
    const sizes = { matrixRowsMax: 10_000, largeRowsMin: 20_000, rowsPerVisit }
    return { ...search, vectorIndex: createVectorIndex({ store, bytesMax: 0, sizes }) }
  }
  for (const [name, way] of [
    ["by the index", always(0)],
    ["exactly", always(Infinity)],
    ["as chosen", search],
  ] as const) {
    const ask = (): ReturnType<typeof searchScope> => find(way, "large", wordsOf(6).join(" "), near(), filter)
    await timed(2, ask)
    row(`${share * 100} % of it pass: ${name}`, await timed(30, ask))
  }
  let found = 0
  for (let query = 0; query < 50; query++) found += await recallOf(search, "large", passing, filter)
  console.log(`  recall@10 ${(found / 50).toFixed(3)}`)
}

async function measureRestart(): Promise<void> {
  await store[Symbol.asyncDispose]()
  const started = performance.now()
  store = await openStore({ ...location, limits })
  await ask(searcher(), "large")
  console.log(`  (open the database and search for the first time: ${seconds(started)} s)`)
}

async function filled(scopeId: string, size: number, partsPerEntry: number): Promise<Float32Array[]> {
  const started = performance.now()
  const vectors = await fill(store, scopeId, size, partsPerEntry)
  console.log(`  (${size} entries written in ${seconds(started)} s)`)
  return vectors
}

/** What a server does by itself within a minute or two of such a write: statistics, visibility, dirty pages. Else it does so while searches are measured. */
async function rest(): Promise<void> {
  await store.system.query("vacuum (analyze)")
  await (server === undefined ? store.system.query("checkpoint") : server.admin("checkpoint"))
}

function searcher(): Searcher {
  const { wordCacheBytesMax, vectorCacheBytesMax } = defaultLimits
  return {
    wordCache: createWordCache({ bytesMax: wordCacheBytesMax }),
    vectorIndex: createVectorIndex({ store, bytesMax: vectorCacheBytesMax }),
  }
}

function ask(search: Searcher, scopeId: string): ReturnType<typeof searchScope> {
  return find(search, scopeId, wordsOf(6).join(" "), near())
}

function find(
  search: Searcher,
  scopeId: string,
  text: string,
  vector: Float32Array | undefined,
  filter: PlaceFilter | null = null,
): ReturnType<typeof searchScope> {
  const query = { ...search, projectId, scopeId, text, vector, model, filter, candidatesMax: 100, termKeyOf }
  return searchScope(store.project(projectId), { ...query, lanes: parametersOf(["user"]) })
}

/** The share of the ten nearest that vectors alone find. */
async function recallOf(
  search: Searcher,
  scopeId: string,
  vectors: ReadonlyMap<number, Float32Array> | readonly Float32Array[],
  filter: PlaceFilter | null = null,
): Promise<number> {
  const query = near()
  const found = await find(search, scopeId, "", query, filter)
  const best = found.toSorted((a, b) => (b.why.vectors?.score ?? -1) - (a.why.vectors?.score ?? -1)).slice(0, 10)
  const places = new Set(best.map(({ key }) => Number(key.slice(1).split(" ")[0]) + Number(key.split(" ")[1])))
  const right = highest(new Map([...vectors.entries()].map(([place, vector]) => [place, innerProduct(query, vector, 0)])), 10)
  return [...right.keys()].filter((place) => places.has(place)).length / 10
}

async function timed(count: number, work: (number: number) => Promise<unknown>): Promise<Times> {
  const wallMs: number[] = []
  const before = process.cpuUsage()
  for (let number = 0; number < count; number++) {
    const started = performance.now()
    await work(number)
    wallMs.push(performance.now() - started)
  }
  const { user, system } = process.cpuUsage(before)
  return { wallMs, cpuMs: (user + system) / 1_000 / count }
}

function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

function row(name: string, { wallMs, cpuMs }: Times): void {
  const figures = [percentile(wallMs, 0.5), percentile(wallMs, 0.99), cpuMs].map((figure) => figure.toFixed(1).padStart(8))
  console.log(`${name.padEnd(58)} ${figures.join(" ")}`)
}

function seconds(started: number): string {
  return ((performance.now() - started) / 1_000).toFixed(1)
}
