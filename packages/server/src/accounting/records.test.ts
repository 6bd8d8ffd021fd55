// Records reach the database in batches on both engines; what does not fit is dropped and counted; sums add up.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { defaultLimits, newId, systemClock } from "../core/index.ts"
import { lightRuns, StoreError } from "../store/index.ts"
import { openTestStore, testEngines, type TestStore } from "../testing/database.ts"
import { createRecords, createUsageSummary, type LightRunRecord, type Records } from "./index.ts"

const day = Date.UTC(2026, 0, 31)

function record(part: Partial<LightRunRecord> = {}): LightRunRecord {
  return {
    id: newId("run"),
    projectId: "proj_a",
    principal: "key_1",
    user: null,
    kind: "chat",
    name: "chat.completions",
    model: "fast",
    deployment: "fake/m",
    outcome: "completed",
    status: 200,
    error: null,
    startedAt: day + 1_000,
    durationMs: 12.6,
    firstTokenMs: 3.2,
    streamed: true,
    inputTokens: 10,
    outputTokens: 5,
    cachedTokens: 2,
    reasoningTokens: 1,
    costMicroUsd: 7,
    costKnown: true,
    requestBytes: 100,
    responseBytes: 200,
    label: null,
    data: null,
    ...part,
  }
}

describe.each(testEngines())("records on %s", (engine) => {
  let database: TestStore
  const losses: [number, string][] = []
  const open = (limits: Partial<typeof defaultLimits> = {}, store: Pick<TestStore["store"], "system"> = database.store): Records =>
    createRecords({
      store,
      limits: { ...defaultLimits, ...limits },
      clock: systemClock,
      onDropped: (count, reason) => losses.push([count, reason]),
    })
  beforeAll(async () => {
    database = await openTestStore(engine)
  })
  afterAll(() => database[Symbol.asyncDispose]())

  it("writes every field, and reads it back", async () => {
    const records = open()
    const sent = record({
      user: "a'b\"c,{}\\",
      error: { code: "x", message: "первая\nстрока" },
      outcome: "failed",
      status: 502,
      label: { integrity: 3 },
      priceList: "2026-11",
      data: { usageEstimated: true, list: ["a", null] },
      metadata: { customer: "a'c\"m,{}\\e" },
    })
    records.add(sent)
    records.add(record({ id: newId("run"), model: null, deployment: null, firstTokenMs: null }))
    await records.flush()
    const { error, ...rest } = sent
    const tags = null
    expect(await lightRuns.lightRun(database.store.project("proj_a"), "proj_a", sent.id)).toEqual({
      ...rest,
      tags,
      metadata: { customer: "a'c\"m,{}\\e" },
      durationMs: 13,
      firstTokenMs: 3,
      errorCode: error?.code,
      errorMessage: error?.message,
    })
    expect(records).toMatchObject({ written: 2, dropped: 0, queued: 0 })
    await records[Symbol.asyncDispose]()
  })

  it("writes what all of a batch have in common and what they have not, field by field", async () => {
    const label = { integrity: 3 }
    const tags = ["a", "b"]
    const ended = { outcome: "failed", status: 502, error: { code: "x", message: "y" }, costKnown: false, data: { a: 1 } } as const
    const asked = { principal: "key_2", user: "u", kind: "embedding", name: "e", model: "other", deployment: null, priceList: "1" } as const
    const differences: Partial<LightRunRecord>[] = [
      {},
      { label, tags },
      { cachedTokens: 0 },
      { ...ended, label },
      { ...asked, tags },
      { metadata: { customer: "acme" } },
    ]
    for (const part of differences) {
      // Each beside one like it, and beside one that is not.
      for (const beside of [part, {}, { ...ended, ...asked, streamed: false, reasoningTokens: 9 }]) {
        const projectId = newId("proj")
        const sent = [record({ projectId, ...part }), record({ projectId, ...beside, costMicroUsd: 8, firstTokenMs: null })]
        const records = open()
        for (const each of sent) records.add(each)
        await records[Symbol.asyncDispose]()
        for (const { error, tags: own = null, metadata = null, priceList = null, ...each } of sent) {
          const times = { durationMs: 13, firstTokenMs: each.firstTokenMs === null ? null : 3 }
          const failure = { errorCode: error?.code ?? null, errorMessage: error?.message ?? null }
          const found = await lightRuns.lightRun(database.store.project(projectId), projectId, each.id)
          expect(found).toEqual({ ...each, ...times, ...failure, tags: own, metadata, priceList })
        }
      }
    }
  })

  it("writes the rest of a batch of which something is stored already, and leaves that as it is", async () => {
    const records = open()
    const projectId = newId("proj")
    const first = record({ projectId })
    records.add(first)
    await records.flush()
    for (const each of [record({ projectId }), { ...first, costMicroUsd: 999 }, record({ projectId })]) records.add(each)
    await records[Symbol.asyncDispose]()
    const rows = await lightRuns.lightRuns(database.store.project(projectId), projectId, { limit: 10 })
    expect(rows.map(({ costMicroUsd }) => costMicroUsd)).toEqual([7, 7, 7])
    expect(records).toMatchObject({ written: 4, dropped: 0 })
  })

  it("is written by itself after a short wait, and by closing", async () => {
    const records = open({ recordFlushMs: 20 })
    records.add(record({ projectId: "proj_timer" }))
    await expect.poll(() => records.written, { timeout: 20_000 }).toBe(1)
    records.add(record({ projectId: "proj_timer" }))
    await records[Symbol.asyncDispose]()
    expect(records.written).toBe(2)
    expect(records.add(record())).toBe(false)
  })

  it("writes a large backlog in batches", async () => {
    const records = open()
    for (let count = 0; count < 5_000; count += 1) records.add(record({ projectId: "proj_many" }))
    await records[Symbol.asyncDispose]()
    expect(records.written).toBe(5_000)
    const { 0: row } = await createUsageSummary(database)({
      projectId: "proj_many",
      user: null,
      since: day,
      until: day + 86_400_000,
      groupBy: "kind",
      interval: null,
    })
    expect(row).toMatchObject({ group: "chat", runs: 5_000, inputTokens: 50_000, costMicroUsd: 35_000 })
  })

  it("lets limits know what was used before the records are there, and says how many wait", async () => {
    const seen: (string | number)[] = []
    const store = {
      system: {
        ...database.store.system,
        query: (...given: Parameters<TestStore["store"]["system"]["query"]>) => {
          seen.push("written")
          return database.store.system.query(...given)
        },
      },
    } as Pick<TestStore["store"], "system">
    const records = createRecords({
      store,
      limits: defaultLimits,
      clock: systemClock,
      onDropped: () => undefined,
      onWaiting: (count) => seen.push(count),
      beforeWrite: async () => void seen.push("reported"),
    })
    records.add(record({ projectId: "proj_order" }))
    records.add(record({ projectId: "proj_order" }))
    await records[Symbol.asyncDispose]()
    expect(seen).toEqual([1, 2, "reported", "written", 0])
  })

  it("writes what comes during a batch together with what comes after it", async () => {
    const batches: number[] = []
    const entered = Promise.withResolvers<void>()
    const leave = Promise.withResolvers<void>()
    const records = createRecords({
      store: database.store,
      limits: { ...defaultLimits, recordFlushMs: 1_500 },
      clock: systemClock,
      onDropped: () => undefined,
      onWaiting: (count) => batches.push(count),
      beforeWrite: () => {
        entered.resolve()
        return leave.promise
      },
    })
    records.add(record({ projectId: "proj_paced" }))
    await entered.promise
    records.add(record({ projectId: "proj_paced" }))
    leave.resolve()
    await expect.poll(() => records.written, { timeout: 20_000 }).toBe(1)
    records.add(record({ projectId: "proj_paced" }))
    await expect.poll(() => records.written, { timeout: 20_000 }).toBe(3)
    expect(batches).toEqual([1, 2, 1, 2, 0])
    await records[Symbol.asyncDispose]()
  })

  it("drops and counts what does not fit, in rows and in bytes", async () => {
    losses.length = 0
    const rows = open({ recordQueueRowsMax: 2 })
    expect([1, 2, 3].map(() => rows.add(record({ projectId: "proj_full" })))).toEqual([true, true, false])
    await rows[Symbol.asyncDispose]()
    const bytes = open({ recordQueueBytesMax: 2_000 })
    expect([1, 2, 3].map(() => bytes.add(record({ projectId: "proj_full", data: "x".repeat(700) })))).toEqual([true, false, false])
    await bytes.flush()
    expect(bytes.add(record({ projectId: "proj_full", data: "x".repeat(700) }))).toBe(true)
    await bytes[Symbol.asyncDispose]()
    expect([rows.dropped, bytes.dropped, losses]).toEqual([
      1,
      2,
      [
        [1, "queue_full"],
        [1, "queue_full"],
        [1, "queue_full"],
      ],
    ])
  })

  it("keeps everybody else's records when one client's cannot be stored", async () => {
    losses.length = 0
    const records = open()
    const projectId = "proj_neighbour"
    records.add(record({ projectId: "proj_hostile", user: "a\0b", model: "\ud800", data: { note: "\0\ud800" } }))
    records.add(record({ projectId: "proj_hostile", status: 2 ** 40 }))
    for (let count = 0; count < 9; count += 1) records.add(record({ projectId }))
    await records[Symbol.asyncDispose]()
    expect([records.written, losses]).toEqual([10, [[1, "write_failed"]]])
    expect(await lightRuns.lightRuns(database.store.project(projectId), projectId, { limit: 100 })).toHaveLength(9)
    const [hostile] = await lightRuns.lightRuns(database.store.project("proj_hostile"), "proj_hostile", { limit: 100 })
    expect(hostile).toMatchObject({ user: "a\uFFFDb", model: "\uFFFD" })
  })

  it("cuts long texts of a request, so that one client cannot fill the queue of all", async () => {
    const records = open({ recordQueueBytesMax: 100_000 })
    const long = "m".repeat(90_000)
    const sent = record({ projectId: "proj_long", model: long, user: long, error: { code: "model_not_found", message: long } })
    expect([records.add(sent), records.add(record({ projectId: "proj_long" }))]).toEqual([true, true])
    await records[Symbol.asyncDispose]()
    const stored = await lightRuns.lightRun(database.store.project("proj_long"), "proj_long", sent.id)
    expect([stored?.model?.length, stored?.user?.length, stored?.errorMessage?.length]).toEqual([2_000, 2_000, 2_000])
  })

  it("keeps what waits while the database is away, for longer than a refused batch is tried, and gives it up when the process ends", async () => {
    losses.length = 0
    let failures = 6
    const { system } = database.store
    const query: typeof system.query = (...given) =>
      failures-- > 0
        ? Promise.reject(new StoreError("database_unavailable", "The database can't be reached", { outcome: "unknown" }))
        : system.query(...given)
    const records = open({}, { system: { ...system, query } })
    records.add(record({ projectId: "proj_away" }))
    await expect.poll(() => records.written, { timeout: 60_000 }).toBe(1)
    expect(losses).toEqual([])
    failures = Infinity
    records.add(record({ projectId: "proj_away" }))
    await expect.poll(() => failures, { timeout: 60_000 }).toBe(Infinity)
    await records[Symbol.asyncDispose]()
    expect(losses).toEqual([[1, "write_failed"]])
  })

  it("drops and counts a batch that the database refuses again and again", async () => {
    losses.length = 0
    const records = open()
    records.add(record({ status: 2 ** 40 }))
    await records[Symbol.asyncDispose]()
    expect(losses).toEqual([[1, "write_failed"]])
  })

  it.each([
    ["day", ["2026-01-31", "2026-02-01"]],
    ["hour", ["2026-01-31T00:00Z", "2026-02-01T00:00Z"]],
    ["model", ["", "fast"]],
    ["principal", ["key_1", "key_2"]],
    ["kind", ["chat", "embedding"]],
    ["deployment", ["fake/m", "fake/other"]],
    ["user", ["", "ada"]],
  ] as const)("sums one project by %s", async (groupBy, groups) => {
    const projectId = `proj_${groupBy}`
    const records = open()
    records.add(record({ projectId }))
    records.add(record({ projectId, outcome: "failed", costKnown: false, costMicroUsd: 0 }))
    const other = { principal: "key_2", model: null, kind: "embedding", deployment: "fake/other", user: "ada" } as const
    records.add(record({ projectId, startedAt: day + 86_400_000, ...other }))
    records.add(record({ projectId, startedAt: day - 1 }))
    records.add(record({ projectId: "proj_other" }))
    await records[Symbol.asyncDispose]()
    const rows = await createUsageSummary(database)({
      projectId,
      user: null,
      since: day,
      until: day + 2 * 86_400_000,
      groupBy,
      interval: null,
    })
    const two = {
      runs: 2,
      failedRuns: 1,
      inputTokens: 20,
      outputTokens: 10,
      cachedTokens: 4,
      reasoningTokens: 2,
      costMicroUsd: 7,
      costKnown: false,
    }
    const one = {
      runs: 1,
      failedRuns: 0,
      inputTokens: 10,
      outputTokens: 5,
      cachedTokens: 2,
      reasoningTokens: 1,
      costMicroUsd: 7,
      costKnown: true,
    }
    const expected = groups.map((group, index) => ({ group, time: null, ...((index === 0) === (groupBy !== "model") ? two : one) }))
    expect(rows).toEqual(expected)
  })

  it("sums names that no model has in one group, however many clients invent", async () => {
    const projectId = "proj_names"
    const records = open()
    const refused = { outcome: "failed", status: 404, error: { code: "model_not_found", message: "x" }, costMicroUsd: 0 } as const
    for (let each = 0; each < 50; each += 1) records.add(record({ projectId, model: `invented-${each}`, deployment: null, ...refused }))
    // By a pattern any name finds a deployment, and its provider refuses it.
    records.add(record({ projectId, model: "openai/invented", deployment: "openai/invented", ...refused }))
    records.add(record({ projectId, model: "fast" }))
    records.add(record({ projectId, model: "fast", ...refused }))
    await records[Symbol.asyncDispose]()
    const range = { projectId, user: null, since: day, until: day + 86_400_000, interval: null }
    const rows = await createUsageSummary(database)({ ...range, groupBy: "model" })
    expect(rows.map(({ group, runs, failedRuns }) => [group, runs, failedRuns])).toEqual([
      ["(unknown)", 51, 51],
      ["fast", 2, 1],
    ])
    const overTime = await createUsageSummary(database)({ ...range, groupBy: "model", interval: "day" })
    expect(overTime.map(({ group, runs }) => [group, runs])).toEqual([
      ["(unknown)", 51],
      ["fast", 2],
    ])
  })

  it.each(["day", "tag", "model"] as const)("sums by %s only what was done for one end user, where asked so", async (groupBy) => {
    const projectId = `proj_user_${groupBy}`
    const records = open()
    records.add(record({ projectId, user: "ada", costMicroUsd: 5 }))
    records.add(record({ projectId, user: "bob", costMicroUsd: 7 }))
    records.add(record({ projectId, costMicroUsd: 11 }))
    await records[Symbol.asyncDispose]()
    const range = { projectId, since: day, until: day + 86_400_000, groupBy, interval: null }
    const cost = async (user: string | null): Promise<number> =>
      (await createUsageSummary(database)({ ...range, user })).reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0)
    expect([await cost("ada"), await cost("nobody"), await cost(null)]).toEqual([5, 0, 23])
  })

  it("sums the spend of each tag per day, a run with several in each of them", async () => {
    const projectId = "proj_tags"
    const records = open()
    records.add(record({ projectId, tags: ["team-a", "batch"], costMicroUsd: 5 }))
    records.add(record({ projectId, tags: ["team-a"], costMicroUsd: 7, startedAt: day + 86_400_000 }))
    records.add(record({ projectId, costMicroUsd: 11 }))
    await records[Symbol.asyncDispose]()
    const range = { projectId, user: null, since: day, until: day + 2 * 86_400_000 }
    const rows = await createUsageSummary(database)({ ...range, groupBy: "tag", interval: "day" })
    expect(rows.map(({ time, group, costMicroUsd }) => [time, group, costMicroUsd])).toEqual([
      ["2026-01-31", "", 11],
      ["2026-01-31", "batch", 5],
      ["2026-01-31", "team-a", 5],
      ["2026-02-01", "team-a", 7],
    ])
  })

  it("shows a project its own light runs only", async () => {
    const records = open()
    const mine = record({ projectId: "proj_mine" })
    records.add(mine)
    await records[Symbol.asyncDispose]()
    expect(await lightRuns.lightRun(database.store.project("proj_mine"), "proj_mine", mine.id)).toMatchObject({ id: mine.id })
    expect(await lightRuns.lightRun(database.store.project("proj_thief"), "proj_mine", mine.id)).toBeUndefined()
    expect(await lightRuns.lightRuns(database.store.project("proj_mine"), "proj_mine", { limit: 10, search: "fake/m" })).toHaveLength(1)
  })
})
