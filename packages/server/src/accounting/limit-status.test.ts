// What is left of limits, as a caller may see it: its own and the project's, never what other keys or projects used.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { defaultLimits, systemClock } from "../core/index.ts"
import { openTestStore, testEngines, type TestStore } from "../testing/database.ts"
import { createAdmission, createLimitReader, openLedger, type Admission, type LimitRule, type ReadLimits } from "./index.ts"

const rules: LimitRule[] = [
  { name: "project", for: { project: "*" }, unit: "tokens", limit: 1_000, kind: "budget", per: "day", origin: "test" },
  { name: "keys", for: { key: "*" }, unit: "requests", limit: 10, kind: "rate", per: "day", burst: 5, origin: "test" },
  { name: "dear", for: { model: "dear" }, unit: "tokens", limit: 70, kind: "budget", per: "day", origin: "test" },
  { name: "tags", for: { tag: "*" }, unit: "tokens", limit: 8_000, kind: "budget", per: "day", origin: "test" },
  { name: "soft", for: { project: "*" }, unit: "tokens", limit: 50, kind: "budget", per: "day", origin: "test", enforce: false },
  { name: "all", for: {}, unit: "concurrent", limit: 9, kind: "concurrent", per: null, origin: "test" },
]
const price = { input: 0, output: 0, cachedInput: 0 }

describe.each(testEngines())("the status of limits on %s", (engine) => {
  let database: TestStore
  let admission: Admission
  let readLimits: ReadLimits

  beforeAll(async () => {
    database = await openTestStore(engine)
    const { store } = database
    await store.system.query("insert into projects (id, name) values ('proj_a', 'a'), ('proj_b', 'b')")
    const ledger = await openLedger({ store, limits: defaultLimits, clock: systemClock, onError: () => undefined })
    admission = createAdmission({ rules, ledger, limits: defaultLimits, clock: systemClock, assumedPrice: price })
    readLimits = createLimitReader({ store, admission, limits: defaultLimits, clock: systemClock })
  })
  afterAll(async () => {
    await admission[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  const read = (principalId: string, part: Partial<Parameters<ReadLimits>[0]> = {}): ReturnType<ReadLimits> =>
    readLimits({ projectId: "proj_a", principalId, keyLimits: null, user: null, tags: [], seesAllKeys: false, ...part })
  const call = async (projectId: string, principalId: string, tokens: number): Promise<void> => {
    const request = { projectId, principalId, keyLimits: null, user: null, model: "m", tags: [], outputTokensMax: 0, price }
    const reservation = await admission.reserve({ ...request, inputTokensEstimated: 900 })
    reservation.settle({ inputTokens: tokens, outputTokens: 0, costMicroUsd: 0 })
  }

  it("shows limits of which nothing was used, those of the key among them", async () => {
    const keyLimits = { budgetUsd: 3, budgetPer: "total" as const }
    const limits = await read("key_new", { keyLimits })
    expect(limits.map(({ name, used, left, limit }) => ({ name, used, left, limit }))).toEqual([
      { name: "key limits", used: 0, left: 3_000_000, limit: 3_000_000 },
      { name: "project", used: 0, left: 1_000, limit: 1_000 },
      { name: "keys", used: 0, left: 5, limit: 10 },
      { name: "dear", used: null, left: null, limit: 70 },
      { name: "tags", used: 0, left: 8_000, limit: 8_000 },
      { name: "soft", used: 0, left: 50, limit: 50 },
      { name: "all", used: null, left: null, limit: 9 },
    ])
  })

  it("shows what a key is told at as a limit that refuses nothing, before and after something was used", async () => {
    const keyLimits = { alertUsd: 0.000_001, budgetPer: "total" as const }
    const shown = async (): Promise<object[]> =>
      (await read("key_told", { keyLimits })).filter(({ name }) => name === "key alert").map(({ enforced, used }) => ({ enforced, used }))
    expect(await shown()).toEqual([{ enforced: false, used: 0 }])
    const request = { projectId: "proj_t", principalId: "key_told", keyLimits, user: null, model: "m", tags: [], price }
    for (let calls = 0; calls < 2; calls += 1) {
      const reservation = await admission.reserve({ ...request, inputTokensEstimated: 10, outputTokensMax: 0 })
      reservation.settle({ inputTokens: 10, outputTokens: 0, costMicroUsd: 10 })
    }
    const limits = await readLimits({ ...request, seesAllKeys: false })
    expect(limits.find(({ name }) => name === "key alert")).toMatchObject({ name: "key alert", enforced: false, used: 20, limit: 1 })
  })

  it("shows a key what it and its project used, and a person all keys of the project", async () => {
    await call("proj_a", "key_1", 100)
    await call("proj_a", "key_2", 20)
    await call("proj_b", "key_3", 7)
    const limits = await read("key_1")
    expect(limits.find(({ name }) => name === "project")).toMatchObject({ used: 120, reserved: 0, left: 880, scope: { project: "proj_a" } })
    expect(limits.filter(({ name }) => name === "keys").map(({ scope, used, left }) => [scope.key, used, left])).toEqual([["key_1", 1, 4]])
    const seen = await read("user:admin", { seesAllKeys: true })
    expect(seen.flatMap(({ scope }) => scope.key ?? []).sort()).toEqual(["key_1", "key_2"])
    expect(seen.filter(({ name }) => name === "all")).toMatchObject([{ used: null, reserved: null, left: null }])
    expect(JSON.stringify(seen)).not.toContain("proj_b")
  })

  it("shows what went beyond a budget that refuses nothing, and that it refuses nothing", async () => {
    await call("proj_soft", "key_1", 70)
    await call("proj_soft", "key_1", 8)
    const limits = await read("key_1", { projectId: "proj_soft" })
    const shown = limits.map(({ name, enforced, used, left }) => [name, enforced, used, left])
    expect(shown).toContainEqual(["soft", false, 78, 0])
    expect(shown).toContainEqual(["project", true, 78, 922])
  })

  it("goes on with what was counted when a budget is enforced later", async () => {
    const enforced = rules.map((rule) => (rule.kind === "budget" ? { ...rule, enforce: true } : rule))
    admission.replace({ rules: enforced, assumedPrice: price })
    await expect(call("proj_soft", "key_1", 1)).rejects.toMatchObject({ code: "insufficient_quota" })
    admission.replace({ rules, assumedPrice: price })
    await call("proj_soft", "key_1", 1)
  })

  it("shows a person what is declared and was not used, as it is declared", async () => {
    const seen = await readLimits({
      projectId: "proj_new",
      principalId: "user:admin",
      keyLimits: null,
      user: null,
      tags: [],
      seesAllKeys: true,
    })
    const scopes = Object.fromEntries(seen.map(({ name, scope: { key, model, tag } }) => [name, { key, model, tag }]))
    expect(scopes).toMatchObject({ keys: { key: "*" }, dear: { model: "dear" }, project: { key: null, model: null, tag: null } })
    expect(seen.find(({ name }) => name === "keys")).toMatchObject({ used: 0, left: 5 })
  })

  it("shows the limits of a configuration that was loaded again", async () => {
    const more: LimitRule = { name: "more", for: { project: "*" }, unit: "tokens", limit: 5, kind: "budget", per: "day", origin: "test" }
    admission.replace({ rules: [...rules, more], assumedPrice: price })
    expect((await read("key_1")).map(({ name }) => name)).toContain("more")
    admission.replace({ rules, assumedPrice: price })
    expect((await read("key_1")).map(({ name }) => name)).not.toContain("more")
  })

  it("shows what calls under way hold", async () => {
    const request = {
      projectId: "proj_a",
      principalId: "key_1",
      keyLimits: null,
      user: null,
      model: "m",
      tags: [],
      outputTokensMax: 50,
      price,
    }
    const reservation = await admission.reserve({ ...request, inputTokensEstimated: 250 })
    expect((await read("key_1")).find(({ name }) => name === "project")).toMatchObject({ used: 120, reserved: 300, left: 580 })
    reservation.release()
    expect((await read("key_1")).find(({ name }) => name === "project")).toMatchObject({ used: 120, reserved: 0, left: 880 })
  })

  it("tells the only project that there is what was used of what all share", async () => {
    await database.store.system.query("delete from projects where id <> 'proj_a'")
    const seen = (await read("key_1")).filter(({ name }) => name === "all" || name === "dear")
    expect(seen.map(({ name, used, left }) => ({ name, used, left }))).toEqual([
      { name: "all", used: 0, left: 9 },
      { name: "dear", used: 0, left: 70 },
    ])
  })
})
