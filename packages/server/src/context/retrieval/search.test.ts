// Tests of search inside scopes: a cache never shows an old state, and no scope or project influences another's results or scores.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import type { Store } from "../../store/index.ts"
import { openTestStore, testEngines, type TestStore } from "../../testing/database.ts"
import { countTerms } from "./analyze.ts"
import type { Fused } from "./fuse.ts"
import { createScopeIndex } from "./index-entry.ts"
import { parametersOf } from "./lanes.ts"
import { searchScope } from "./scope-search.ts"
import { derivedTermKeys } from "./term-hash.ts"
import { createVectorIndex } from "./vector-index.ts"
import { createWordCache, type WordCache } from "./word-cache.ts"

const words = ["apple", "pear", "plum", "fig", "kiwi"]
const termKeyOf = derivedTermKeys(new Uint8Array(32))
let runs = 0

async function put(store: Store, projectId: string, scopeId: string, documentId: string, text: string | undefined): Promise<void> {
  await store.project(projectId).transaction(async (tx) => {
    const index = createScopeIndex({ store, termKeyOf })
    await index.removeEntry(tx, { projectId, scopeId, documentId })
    if (text === undefined) return
    const { frequencies, length } = countTerms(text)
    await index.indexEntry(tx, { projectId, scopeId, documentId, lane: "document", parts: [{ terms: frequencies, length }] })
  })
}

function find(store: Store, wordCache: WordCache, projectId: string, scopeId: string, text: string): Promise<Fused[]> {
  const query = {
    projectId,
    scopeId,
    text,
    vector: undefined,
    model: "",
    filter: null,
    lanes: parametersOf(["document"]),
    termKeyOf,
    vectorIndex: createVectorIndex({ store, bytesMax: 0 }),
    candidatesMax: 100,
  }
  return store.project(projectId).transaction((tx) => searchScope(tx, { ...query, wordCache }))
}

describe.each(testEngines())("search on %s", (engine) => {
  let test: TestStore
  beforeAll(async () => {
    test = await openTestStore(engine)
  })
  afterAll(() => test[Symbol.asyncDispose]())

  const text = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 6 }).map((list) => list.join(" "))
  const write = fc.record({ document: fc.constantFrom("d1", "d2", "d3"), text: fc.option(text, { nil: undefined }) })
  const step = fc.oneof(write, fc.record({ query: text }))

  it("with a cache, a small cache and none finds the same after any writes, its own or another process's", async () => {
    const { store } = test
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const scope = `scope${(runs += 1)}`
        const caches = [createWordCache({ bytesMax: 1_000_000 }), createWordCache({ bytesMax: 1_500 })]
        const differences: unknown[] = []
        for (const each of steps) {
          if ("query" in each) {
            const fresh = await find(store, createWordCache({ bytesMax: 0 }), "proj_a", scope, each.query)
            for (const cache of caches) {
              const found = await find(store, cache, "proj_a", scope, each.query)
              if (JSON.stringify(found) !== JSON.stringify(fresh)) differences.push({ found, fresh })
            }
          } else await put(store, "proj_a", scope, each.document, each.text)
        }
        expect(differences).toEqual([])
      }),
      { numRuns: 25 },
    )
  })

  it("gives the same results and scores whatever other scopes and projects contain", async () => {
    const { store } = test
    const scope = `alone${(runs += 1)}`
    const cache = createWordCache({ bytesMax: 1_000_000 })
    await put(store, "proj_a", scope, "d1", "apple pear")
    await put(store, "proj_a", scope, "d2", "plum plum apple")
    const before = await find(store, cache, "proj_a", scope, "apple plum")
    for (let index = 0; index < 20; index++) {
      await put(store, "proj_b", scope, `d${index}`, "apple apple plum kiwi")
      await put(store, "proj_a", `${scope}-other`, `d${index}`, "apple plum plum")
    }
    expect(await find(store, cache, "proj_a", scope, "apple plum")).toEqual(before)
    expect(await find(store, createWordCache({ bytesMax: 0 }), "proj_a", scope, "apple plum")).toEqual(before)
    expect(before.map((entry) => entry.key)).toEqual(["d2 0", "d1 0"])
  })

  it("finds words of several languages in one scope, by questions in each", async () => {
    const { store } = test
    const scope = `languages${(runs += 1)}`
    const cache = createWordCache({ bytesMax: 1_000_000 })
    const texts = {
      english: "The children are painting the boats.",
      spanish: "Los niños están pintando los barcos.",
      german: "Die Kinder haben die Häuser gestrichen.",
      japanese: "子供たちは船を塗っています。",
      arabic: "الأطفال يرسمون السفن في الميناء.",
    }
    for (const [id, text] of Object.entries(texts)) await put(store, "proj_a", scope, id, text)
    const firstOf = async (question: string): Promise<string | undefined> => (await find(store, cache, "proj_a", scope, question))[0]?.key
    expect(await firstOf("who painted a boat?")).toBe("english 0")
    expect(await firstOf("¿Quién pinta el barco?")).toBe("spanish 0")
    expect(await firstOf("Welches Haus?")).toBe("german 0")
    expect(await firstOf("barco")).toBe("spanish 0")
    expect(await firstOf("船は何色ですか")).toBe("japanese 0")
    expect(await firstOf("من يرسم السفينة؟")).toBe("arabic 0")
  })

  it("of a project does not see another's rows even where the query forgets to name its own", async () => {
    const { store } = test
    await put(store, "proj_b", "wall", "d1", "apple")
    const rows = await store.project("proj_a").query<{ rows: number }>("select count(*) as rows from word_deltas where scope_id = 'wall'")
    expect(rows[0]?.rows).toBe(0)
    await expect(
      store.project("proj_a").query("insert into word_scopes (project_id, scope_id, version) values ('proj_b', 'x', 1)"),
    ).rejects.toThrow(/row-level security/)
  })

  it("keeps the totals of a scope exact over writes and deletions at the same time", async () => {
    const { store } = test
    const scope = `totals${(runs += 1)}`
    const writes = Array.from({ length: 24 }, (_, index) =>
      put(store, "proj_a", scope, `d${index % 12}`, index % 5 === 0 ? undefined : "apple pear fig"),
    )
    await Promise.allSettled(writes)
    const sums = "coalesce(sum(parts), 0) as parts, coalesce(sum(length), 0) as length"
    const [entries] = await store.system.query(`select ${sums} from index_entries where scope_id = $1`, [scope])
    const [lane] = await store.system.query(`select ${sums} from word_lanes where scope_id = $1`, [scope])
    expect(lane).toEqual(entries)
    expect(lane?.["parts"]).toBeGreaterThan(0)
  })
})
