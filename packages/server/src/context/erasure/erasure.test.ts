// Tests of erasure on both engines: what goes with a subject, a scope, a source; what stays; that nothing of it is found in any table or, on PGlite, any file.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startContextServer } from "../../testing/context-server.ts"
import { memoryForTests } from "../../testing/memory-settings.ts"
import { startFactServer, type FactServer } from "../../testing/facts.ts"
import { testEngines } from "../../testing/database.ts"
import type { Entry, NewMemory } from "../memory/types.ts"
import type { Erasure, ErasureTarget } from "./types.ts"
import { wholeProject } from "../index.ts"

const projectId = "proj_default"
const caller = { projectId, principal: "key_a" }

describe.each(testEngines())("an erasure on %s", (engine) => {
  let server: FactServer
  beforeAll(async () => void (server = await startFactServer({ engine })))
  afterAll(() => server[Symbol.asyncDispose]())

  const say = (scope: string, text: string, more: Partial<NewMemory> = {}): Promise<Entry> =>
    server.context.memories.remember(caller, { scope, text, ...more })
  const conclude = async (scope: string, from: readonly Entry[], text: string): Promise<void> => {
    const parents = from.map(({ id, text: quote }) => ({ kind: "episode" as const, id, quote: quote ?? "" }))
    const fact = { projectId, scope, kind: "fact", op: "assert", slot: null, text, principal: "key_a", parents } as const
    await server.conclude(fact)
  }
  const erase = async (target: ErasureTarget, dryRun = false): Promise<Erasure> => {
    const { id } = await server.context.erasures.start(caller, { target, dryRun }, AbortSignal.timeout(60_000))
    for (;;) {
      const erasure = await server.context.erasures.get(projectId, id)
      if (erasure.status !== "in_progress") return erasure
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  const textsIn = async (scope: string): Promise<(string | null)[]> =>
    (await server.context.memories.list(caller, { scope, limit: 50 })).map(({ text }) => text)

  /** Names of tables of which a row, as text, contains the word. */
  const tablesWith = async (word: string): Promise<string[]> => {
    const tables = await server.store.system.query<{ name: string }>(
      "select format('%I', table_name) as name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE'",
    )
    const found: string[] = []
    for (const { name } of tables) {
      const text = `select 1 from ${name} t where t::text ilike '%' || $1 || '%' or t::text like '%' || $2 || '%' limit 1`
      if ((await server.store.system.query(text, [word, Buffer.from(word).toString("hex")])).length > 0) found.push(name)
    }
    return found
  }

  it("takes the names that were read out of it, and the sessions that it was said in", { timeout: 300_000 }, async () => {
    await using reading = await startContextServer({ engine, embed: undefined, memory: memoryForTests })
    const { store, context } = reading
    const rows = async (): Promise<number> => {
      const [found] = await store.system.query<{ count: number }>(
        "select (select count(*) from memory_entities)::int + (select count(*) from memory_sessions)::int as count",
      )
      return found?.count ?? 0
    }
    await context.memories.remember(caller, {
      scope: "user:ines",
      text: "I live in Paris. I work at Acme.",
      subject: "ines",
      session: "kestrel-talk",
    })
    await expect.poll(rows, { timeout: 60_000 }).toBeGreaterThan(1)
    const { id } = await context.erasures.start(
      caller,
      { target: { kind: "subject", name: "ines" }, dryRun: false },
      AbortSignal.timeout(60_000),
    )
    await expect.poll(async () => (await context.erasures.get(projectId, id)).status, { timeout: 120_000 }).toBe("completed")
    expect(await rows()).toBe(0)
  })

  it("of a subject takes what is about them in every scope, with what was derived, and destroys their key", async () => {
    const about = await say("team:sales", "Grace Kestrel-9131 prefers the window seat on trains.", { subject: "grace" })
    await say("user:desk", "Grace Kestrel-9131 called on Monday about the invoice.", { subject: "grace" })
    const kept = await say("team:sales", "The sales team meets on the first floor every morning.")
    await conclude("team:sales", [about], "Grace Kestrel-9131 likes window seats very much.")
    await conclude("team:sales", [kept], "Meetings are on the first floor.")
    const conversation = await server.context.conversations.create(wholeProject(projectId))
    const item = { type: "message", role: "user", content: "As said: Grace Kestrel-9131 prefers the window seat on trains. Yes." }
    await server.context.conversations.append(wholeProject(projectId), conversation.id, [
      { id: "msg_1", item, label: about.label, runId: null },
    ])
    expect((await erase({ kind: "subject", name: "grace" }, true)).receipt?.counts).toMatchObject({ episodes: 2, versions: 1 })
    expect((await textsIn("team:sales")).length).toBe(4)

    const { status, receipt } = await erase({ kind: "subject", name: "grace" })
    expect([status, receipt]).toMatchObject([
      "completed",
      { counts: { episodes: 2, versions: 1, keys: 1, rows: { conversation_items: 1 } }, verified: { rows: {} } },
    ])
    expect(new Set(await textsIn("team:sales"))).toEqual(
      new Set(["Meetings are on the first floor.", "The sales team meets on the first floor every morning."]),
    )
    expect(await textsIn("user:desk")).toEqual([])
    expect(await tablesWith("Kestrel-9131")).toEqual([])
    const again = await erase({ kind: "subject", name: "grace" })
    expect([again.status, again.receipt?.counts.episodes]).toEqual(["completed", 0])
    expect((await say("team:sales", "Grace is back.", { subject: "grace" })).text).toBe("Grace is back.")
  })

  it("of a scope takes its memories, blocks and states, and leaves the neighbour's", async () => {
    const label = { integrity: 3 as const, sources: ["user:key_a"], readers: [projectId], secrets: [] }
    for (const scope of ["user:heron", "user:stork"]) {
      await say(scope, `The bird of ${scope} is called Falconet-${scope === "user:heron" ? "5512" : "7001"} by its keeper.`)
      await server.context.blocks.put(caller, { scope, path: "notes", text: `Falconet of ${scope}`, label })
      await server.context.states.put(caller, { scope, key: "bird", value: { of: scope }, label })
    }
    const { status, receipt } = await erase({ kind: "scope", name: "user:heron" })
    expect([status, receipt]).toMatchObject(["completed", { counts: { episodes: 1, blocks: 1, states: 1, keys: 1 } }])
    expect(await textsIn("user:heron")).toEqual([])
    expect(await server.context.blocks.list(caller, "user:heron", { limit: 10 })).toEqual([])
    expect(await textsIn("user:stork")).toEqual(["The bird of user:stork is called Falconet-7001 by its keeper."])
    expect((await server.context.states.get(caller, "user:stork", "bird")).value).toEqual({ of: "user:stork" })
    expect(await tablesWith("Falconet-5512")).toEqual([])
    const found = await server.context.memories.recall(
      caller,
      { scopes: ["user:heron"], query: "the bird Falconet" },
      AbortSignal.timeout(60_000),
    )
    expect(found.entries).toEqual([])
  })

  it("takes the name of an end user out of limits and alerts, and leaves the figures", async () => {
    const scope = (user: string): string => JSON.stringify({ project: projectId, key: null, user, model: null, tag: null })
    const { store } = server
    for (const user of ["wren-31", "wren-32"]) {
      await store.system.query(
        `insert into limit_counters (id, project_id, kind, rule, unit, scope, amount, used) values ($1, $2, 'budget', 'each', 'microUsd', $3, 9, 4)`,
        [`hash of ${user.slice(-2)}`, projectId, scope(user)],
      )
      await store.system.query(
        `insert into alerts (id, project_id, type, occasion, data) values ($1, $2, 'budget.threshold', $1, $3::text::jsonb)`,
        [`alert_${user.slice(-2)}`, projectId, JSON.stringify({ budget: "each", scope: { user }, spent: 4 })],
      )
    }
    const rows = { limit_counters: 1, alerts: 1 }
    expect((await erase({ kind: "scope", name: "user:wren-31" }, true)).receipt?.counts.rows).toEqual(rows)
    const { status, receipt } = await erase({ kind: "scope", name: "user:wren-31" })
    expect([status, receipt?.counts.rows]).toEqual(["completed", rows])
    expect(receipt?.remains.map(({ where }) => where)).toContain("counters of limits")
    const shown = await store.system.query(
      "select c.scope::json ->> 'user' as counter, c.used, a.data -> 'scope' ->> 'user' as alert from limit_counters c join alerts a on right(a.id, 2) = right(c.id, 2) order by c.id",
    )
    expect(shown).toEqual([
      { counter: "[erased]", used: 4, alert: "[erased]" },
      { counter: "wren-32", used: 4, alert: "wren-32" },
    ])
    expect((await erase({ kind: "subject", name: "wren-32" })).receipt?.counts.rows).toEqual(rows)
  })

  it("of a source takes what came from there only", async () => {
    const page = { source: { kind: "web", uri: "https://gull.example/4410" } } as const
    const from = await say("user:sea", "Gull-4410 says that the tide comes at nine in the evening.", page)
    await say("user:sea", "I like the tide.")
    expect((await erase({ kind: "source", name: from.sourceId ?? "" })).receipt?.counts).toMatchObject({ episodes: 1, sources: 1 })
    expect(await textsIn("user:sea")).toEqual(["I like the tide."])
    expect(await tablesWith("gull.example")).toEqual([])
  })

  it("refuses a query that is too short, a scope that is none, and another user's key", async () => {
    await expect(erase({ kind: "query", name: " ab " })).rejects.toMatchObject({ code: "invalid_request", param: "query" })
    await expect(erase({ kind: "scope", name: "planet:mars" })).rejects.toMatchObject({ code: "invalid_request" })
    const mallory = { ...caller, user: "mallory" }
    const request = { target: { kind: "subject", name: "grace" } as const, dryRun: false }
    await expect(server.context.erasures.start(mallory, request, AbortSignal.timeout(1_000))).rejects.toMatchObject({
      code: "permission_denied",
    })
  })
})
