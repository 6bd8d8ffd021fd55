// Property test of the index under many tenants: random writes, removals, compactions and searches, against a naive model in memory, and against
// a database where one tenant is alone. Nothing leaks, nothing is missing, and scores do not depend on who else is there.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Store } from "../../store/index.ts"
import { openTestStore, testEngines, type TestStore } from "../../testing/database.ts"
import { compactScope } from "./compaction.ts"
import type { Fused } from "./fuse.ts"
import { createScopeIndex } from "./index-entry.ts"
import { laneParameters, parametersOf, type Lane } from "./lanes.ts"
import { searchScope } from "./scope-search.ts"
import { derivedTermKeys } from "./term-hash.ts"
import { createVectorIndex } from "./vector-index.ts"
import { innerProduct } from "./vector-matrix.ts"
import { createWordCache } from "./word-cache.ts"
import { randomFrom } from "../../testing/random.ts"

/** 100,000 take some twenty minutes on each engine, and are asked for by this; a failure prints the seed. */
const operations = Number(process.env["ISOLATION_OPERATIONS"] ?? 1_200)
const seed = Number(process.env["ISOLATION_SEED"] ?? 20_251)
const projects = 20
const scopesPerProject = 10
/** Most operations go to few tenants, so that some scopes become large enough to be compacted. */
const hotTenants = 3
const model = "test"
const dimensions = 16
const lanes = ["user", "fact"] as const satisfies readonly Lane[]
const parameters = parametersOf(lanes)
const termKeyOf = derivedTermKeys(new Uint8Array(32))

interface Tenant {
  projectId: string
  scopeId: string
}
interface Document {
  lane: Lane
  parts: { terms: Map<string, number>; length: number; vector: Float32Array | undefined }[]
}

/** One database as a process uses it: small caches, so that copies come and go. */
class Side {
  readonly #store: Store
  readonly #index: ReturnType<typeof createScopeIndex>
  readonly #caches: Pick<Parameters<typeof searchScope>[1], "wordCache" | "vectorIndex">

  constructor(store: Store, bytesMax: number) {
    this.#store = store
    this.#index = createScopeIndex({ store, termKeyOf })
    this.#caches = { wordCache: createWordCache({ bytesMax }), vectorIndex: createVectorIndex({ store, bytesMax }) }
  }

  /** Writes the document in place of what was there; undefined removes it. */
  write({ projectId, scopeId }: Tenant, documentId: string, document: Document | undefined): Promise<void> {
    const key = { projectId, scopeId, documentId }
    return this.#store.project(projectId).transaction(async (tx) => {
      await this.#index.removeEntry(tx, key)
      if (document === undefined) return
      await this.#index.indexEntry(tx, { ...key, lane: document.lane, parts: document.parts })
      const vectors = document.parts.flatMap(({ vector }, part) => (vector === undefined ? [] : [{ part, piece: 0, vector }]))
      await this.#index.indexVectors(tx, { ...key, model }, vectors)
    })
  }

  clear(tenant: Tenant): Promise<void> {
    return this.#store.project(tenant.projectId).transaction((tx) => this.#index.removeScope(tx, tenant))
  }

  compact(tenant: Tenant): Promise<boolean> {
    return compactScope(this.#store, tenant, { purge: true })
  }

  find(tenant: Tenant, text: string, vector: Float32Array | undefined): Promise<Fused[]> {
    const query = {
      ...tenant,
      ...this.#caches,
      text,
      vector,
      model,
      lanes: parameters,
      filter: null,
      candidatesMax: 10_000,
      termKeyOf,
    }
    return this.#store.project(tenant.projectId).transaction((tx) => searchScope(tx, query))
  }

  settled(): Promise<void> {
    return this.#caches.vectorIndex.settled()
  }
}

describe.each(testEngines())(`${projects * scopesPerProject} tenants on %s`, (engine) => {
  let all: TestStore
  let alone: TestStore
  beforeAll(async () => {
    all = await openTestStore(engine)
    alone = await openTestStore(engine)
  })
  afterAll(async () => {
    await all[Symbol.asyncDispose]()
    await alone[Symbol.asyncDispose]()
  })

  it(`neither leak nor miss nor sway each other in ${operations} random operations`, { timeout: 7_200_000 }, async () => {
    const random = randomFrom(seed)
    const withVectors = all.store.capabilities.vector
    const crowd = new Side(all.store, 60_000)
    const lone = new Side(alone.store, 10_000_000)
    const contents = new Map<string, Map<string, Document>>()
    for (let operation = 0; operation < operations; operation++) {
      const tenant = tenantOf(random)
      const isWatched = tenant.projectId === "proj_0" && tenant.scopeId === "scope_0"
      const documents = contents.get(nameOf(tenant)) ?? new Map<string, Document>()
      contents.set(nameOf(tenant), documents)
      const sides = isWatched ? [crowd, lone] : [crowd]
      const dice = random()
      if (dice < 0.62) {
        const id = `doc_${Math.floor(random() * 400)}`
        const document = dice < 0.52 ? documentOf(random, withVectors) : undefined
        if (document === undefined) documents.delete(id)
        else documents.set(id, document)
        for (const side of sides) await side.write(tenant, id, document)
      } else if (dice < 0.63) {
        documents.clear()
        for (const side of sides) await side.clear(tenant)
      } else if (dice < 0.66) await crowd.compact(tenant)
      else {
        const text = wordsOf(random, 3).join(" ")
        const vector = withVectors && random() < 0.7 ? vectorOf(random) : undefined
        const found = await crowd.find(tenant, text, vector)
        expect(summaryOf(found), `operation ${operation}, seed ${seed}`).toEqual(expectedOf(documents, text, vector))
        if (isWatched) expect(await lone.find(tenant, text, vector), `operation ${operation}, seed ${seed}`).toEqual(found)
      }
    }
    await crowd.settled()
    await lone.settled()
    expect([...contents.values()].reduce((sum, documents) => sum + documents.size, 0)).toBeGreaterThan(100)
  })

  it("cannot be read across projects by raw SQL of the application role, nor written", async () => {
    const tables = await all.store.system.query<{ name: string }>(
      `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'scope_id'
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`,
    )
    expect(tables.length).toBeGreaterThan(6)
    const foreign = all.store.project("proj_1")
    const seen: [string, number, number][] = []
    for (const { name } of tables) {
      const [rows] = await foreign.query<{ own: number; other: number }>(
        `select count(*) filter (where project_id = 'proj_1') as own, count(*) filter (where project_id <> 'proj_1') as other from ${name}`,
      )
      seen.push([name, rows?.own ?? 0, rows?.other ?? -1])
    }
    expect(seen.filter(([, , other]) => other !== 0)).toEqual([])
    expect(seen.some(([name, own]) => name === "index_entries" && own > 0)).toBe(true)
    for (const table of ["small_embeddings", "large_embeddings"]) {
      if (all.store.capabilities.vector) await expect(foreign.query(`select 1 from ${table}`)).rejects.toThrow(/permission denied/)
    }
    await expect(foreign.query("update word_scopes set project_id = 'proj_2'")).rejects.toThrow(/row-level security/)
  })
})

function nameOf({ projectId, scopeId }: Tenant): string {
  return `${projectId} ${scopeId}`
}

function tenantOf(random: () => number): Tenant {
  const number = Math.floor(random() * (random() < 0.5 ? hotTenants : projects * scopesPerProject))
  return { projectId: `proj_${number % projects}`, scopeId: `scope_${Math.floor(number / projects)}` }
}

/** Words that no stemmer changes, some frequent, some rare. */
function wordsOf(random: () => number, count: number): string[] {
  return Array.from({ length: count }, () => `w${Math.floor(random() ** 2 * 60)}`)
}

function documentOf(random: () => number, withVectors: boolean): Document {
  const parts = Array.from({ length: random() < 0.8 ? 1 : 3 }, () => {
    const terms = new Map<string, number>()
    const words = wordsOf(random, 1 + Math.floor(random() * 10))
    for (const word of words) terms.set(word, (terms.get(word) ?? 0) + 1)
    // As of the message before: it counts in part and makes nothing longer.
    for (const word of wordsOf(random, 2)) terms.set(word, (terms.get(word) ?? 0) + 0.5)
    return { terms, length: words.length, vector: withVectors && random() < 0.8 ? vectorOf(random) : undefined }
  })
  return { lane: random() < 0.7 ? "user" : "fact", parts }
}

function vectorOf(random: () => number): Float32Array {
  const values = Float32Array.from({ length: dimensions }, () => random() - 0.5)
  const length = Math.hypot(...values)
  return values.map((value) => value / length)
}

interface Expected {
  words: number
  vectors: number | undefined
}

/** What must be found, by key: everything that has a word of the query or, when there is one to compare with, a vector. */
function expectedOf(documents: ReadonlyMap<string, Document>, text: string, vector: Float32Array | undefined): Map<string, Expected> {
  const expected = new Map<string, Expected>()
  for (const lane of lanes) {
    const parts = [...documents].flatMap(([id, document]) =>
      document.lane === lane ? document.parts.map((part, number) => ({ key: `${id} ${number}`, ...part })) : [],
    )
    const average = Math.max(parts.reduce((sum, part) => sum + part.length, 0) / Math.max(parts.length, 1), 1)
    const { k1, b } = laneParameters[lane]
    for (const part of parts) {
      let words = 0
      for (const term of text.split(" ")) {
        const weight = part.terms.get(term) ?? 0
        const containing = parts.filter((other) => other.terms.has(term)).length
        const rarity = Math.log(1 + (parts.length - containing + 0.5) / (containing + 0.5))
        words += (rarity * weight * (k1 + 1)) / (weight + k1 * (1 - b + (b * part.length) / average))
      }
      const cosine = vector === undefined || part.vector === undefined ? undefined : innerProduct(vector, part.vector, 0)
      if (words > 0 || cosine !== undefined) expected.set(part.key, rounded({ words, vectors: cosine }))
    }
  }
  return expected
}

function summaryOf(found: readonly Fused[]): Map<string, Expected> {
  return new Map(found.map(({ key, why }) => [key, rounded({ words: why.words?.score ?? 0, vectors: why.vectors?.score })]))
}

function rounded({ words, vectors }: Expected): Expected {
  return { words: Number(words.toFixed(6)), vectors: vectors === undefined ? undefined : Number(vectors.toFixed(6)) }
}
