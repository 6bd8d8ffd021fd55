// What a scope's retention ends loses its text: bodies, words, vectors, what rests on it alone, and the key where nothing else is under it; on both engines.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { systemClock } from "../../../core/index.ts"
import { startContextServer, type ContextServer, type ContextServerOptions } from "../../../testing/context-server.ts"
import { testEngines } from "../../../testing/database.ts"
import { memoryForTests } from "../../../testing/memory-settings.ts"
import { userLabel } from "../../../security/index.ts"

const day = 86_400_000
const caller = { projectId: "proj_default", principal: "key_test" }
let aheadMs = 0
const clock = { now: () => systemClock.now() + aheadMs, monotonic: () => systemClock.monotonic() }
beforeEach(() => {
  aheadMs = 0
})

function optionsWith(graceMs: number): ContextServerOptions {
  const settings = { ...memoryForTests.settings, quietMs: 1, retentionGraceMs: graceMs }
  return { clock, limits: { memoryUpkeepPollMs: 100 }, memory: { ...memoryForTests, settings } }
}

async function settled({ context: { upkeep } }: ContextServer, scope: string): Promise<void> {
  const isDone = async (): Promise<boolean> => {
    const { isBehind, endedAt, backlog } = await upkeep.status(caller, scope)
    return !isBehind && endedAt !== null && backlog.toIndex === 0
  }
  await expect.poll(isDone, { timeout: 120_000 }).toBe(true)
}

const bodies = (server: ContextServer, scope: string): Promise<{ id: string; endedBy: string | null }[]> =>
  server.store.system.query(
    `select id, ended_by as "endedBy" from episodes where scope = $1 and body is not null
     union all select id, ended_by from memory_versions where scope = $1 and body is not null order by id`,
    [scope],
  )

describe.each(testEngines())("retention on %s", { timeout: 300_000 }, (engine) => {
  let server: ContextServer
  beforeAll(async () => {
    server = await startContextServer({ ...optionsWith(0), engine })
  }, 300_000)
  afterAll(() => server[Symbol.asyncDispose]())

  test("removes text, words and vectors of what has expired and of what rests on it alone, and nothing else", async () => {
    const { memories, scopes, changeLog } = server.context
    const scope = "user:old"
    const occurredAt = clock.now() - 40 * day
    const { id } = await memories.remember(caller, { scope, text: "I live in Paris.", occurredAt, speaker: "Ada" })
    const kept = await memories.remember(caller, { scope, text: "I work at Acme." })
    await settled(server, scope)
    const facts = await memories.list(caller, { scope, kinds: ["fact"], limit: 10 })
    const fact = facts.find(({ text }) => text?.includes("Paris"))
    expect(fact).toBeDefined()
    await scopes.update(caller, scope, { retentionDays: 30 })
    await expect.poll(async () => (await memories.get(caller, id)).text, { timeout: 120_000 }).toBeNull()
    await settled(server, scope)
    expect(await memories.get(caller, id)).toMatchObject({ text: null, speaker: null, endedBy: "redact" })
    expect((await memories.get(caller, fact?.id ?? "")).text).toBeNull()
    expect((await memories.get(caller, kept.id)).text).toBe("I work at Acme.")
    const left = (await bodies(server, scope)).map((row) => row.id)
    expect(left).toContain(kept.id)
    expect(left).not.toContain(id)
    expect(left).not.toContain(fact?.versionId)
    for (const document of [id, fact?.versionId ?? ""]) {
      for (const table of ["index_entries", "embeddings", "token_vectors"])
        expect(await server.store.system.query(`select 1 from ${table} where document_id = $1`, [document])).toEqual([])
    }
    const place = await changeLog.place({ caller, scope })
    const { changes } = await changeLog.page(place, 0, { limit: 100 })
    expect(changes).toContainEqual(expect.objectContaining({ entry: id, op: "redact" }))
    expect(changes).not.toContainEqual(expect.objectContaining({ entry: kept.id, op: "redact" }))
  })

  test("removes what was retracted when it grows old, and leaves a fact that a newer message says too", async () => {
    const { memories, scopes } = server.context
    const scope = "user:both"
    const occurredAt = clock.now() - 15 * day
    await memories.remember(caller, { scope, text: "I live in Rome.", occurredAt })
    const wrong = await memories.remember(caller, { scope, text: "The moon is a cheese.", occurredAt })
    await settled(server, scope)
    await memories.retract(caller, wrong.id, null)
    await memories.remember(caller, { scope, text: "I live in Rome!" })
    await settled(server, scope)
    await scopes.update(caller, scope, { retentionDays: 20 })
    await settled(server, scope)
    expect((await memories.get(caller, wrong.id)).text).toBe("The moon is a cheese.")
    aheadMs = 10 * day
    await expect.poll(async () => (await memories.get(caller, wrong.id)).text, { timeout: 120_000 }).toBeNull()
    await settled(server, scope)
    const facts = await memories.list(caller, { scope, kinds: ["fact"], limit: 10 })
    expect(facts.map(({ text }) => text)).toContain("The user lives in Rome.")
  })

  test("destroys the key of a subject of whom nothing is left, and no other", async () => {
    const { memories, scopes } = server.context
    const scope = "user:keys"
    const occurredAt = clock.now() - 40 * day
    const uri = "https://example.com/old"
    const old = { scope, text: "Badge 7 opens the vault.", subject: "person:7", occurredAt, source: { kind: "web", uri } } as const
    const { id } = await memories.remember(caller, old)
    await memories.remember(caller, { scope, text: "Badge 8 opens the door.", subject: "person:8" })
    await settled(server, scope)
    await scopes.update(caller, scope, { retentionDays: 30 })
    await expect.poll(async () => (await memories.get(caller, id)).text, { timeout: 120_000 }).toBeNull()
    const live = async (): Promise<string[]> => {
      const rows = await server.store.system.query<{ subject: string }>("select subject from data_keys where destroyed_at is null")
      return rows.map(({ subject }) => subject)
    }
    await expect.poll(live, { timeout: 120_000 }).not.toContain("person:7")
    expect(await live()).toEqual(expect.arrayContaining(["person:8", `scope:${scope}`]))
    // The address went with it, and who says something from there again is another source.
    const again = await memories.remember(caller, { ...old, text: "Badge 9 opens the gate.", occurredAt: clock.now() })
    expect(again.sourceId).not.toBe((await memories.get(caller, id)).sourceId)
  })

  test("forgets replaced versions of blocks and states that are as old, and keeps what is in force", async () => {
    const { blocks, states, scopes, memories } = server.context
    const scope = "user:versions"
    const label = userLabel(caller.principal)
    await memories.remember(caller, { scope, text: "hello" })
    for (const value of ["first", "second"]) {
      await states.put(caller, { scope, key: "cart", value, label })
      await blocks.put(caller, { scope, path: "notes", text: value, label })
    }
    await states.put(caller, { scope, key: "untouched", value: "still in force", label })
    aheadMs = 40 * day
    await states.put(caller, { scope, key: "cart", value: "third", label })
    await scopes.update(caller, scope, { retentionDays: 30 })
    const kept = async (): Promise<unknown> => (await states.versions(caller, scope, "cart")).map(({ value }) => value)
    await expect.poll(kept, { timeout: 120_000 }).toEqual(["third"])
    expect((await states.get(caller, scope, "untouched")).value).toBe("still in force")
    expect((await blocks.versions(caller, scope, "notes")).map(({ text }) => text)).toEqual(["second"])
  })
})

test("keeps the text for the time of grace, and removes it then", { timeout: 300_000 }, async () => {
  await using server = await startContextServer(optionsWith(5 * day))
  const { memories, scopes } = server.context
  const scope = "user:grace"
  const { id } = await memories.remember(caller, { scope, text: "I live in Oslo.", occurredAt: clock.now() - 31 * day })
  await settled(server, scope)
  await scopes.update(caller, scope, { retentionDays: 30 })
  await expect.poll(async () => (await memories.get(caller, id)).endedBy, { timeout: 120_000 }).toBe("expire")
  await settled(server, scope)
  expect((await memories.get(caller, id)).text).toBe("I live in Oslo.")
  aheadMs = 6 * day
  await expect.poll(async () => (await memories.get(caller, id)).text, { timeout: 120_000 }).toBeNull()
})

test("goes on after its process ended in the middle, and removes everything once", { timeout: 300_000 }, async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), "perdure-retention-"))
  const scope = "user:many"
  const count = 250
  try {
    {
      await using server = await startContextServer({ ...optionsWith(0), dataDirectory, embed: undefined })
      const occurredAt = clock.now() - 40 * day
      for (let index = 0; index < count; index++)
        await server.context.memories.remember(caller, { scope, text: `Parcel ${index} lies in hall ${index % 7}.`, occurredAt })
      await settled(server, scope)
      await server.context.scopes.update(caller, scope, { retentionDays: 30 })
      // Some slices are done, others not.
      await expect.poll(async () => (await bodies(server, scope)).length, { timeout: 120_000, interval: 5 }).toBeLessThan(count)
    }
    await using server = await startContextServer({ ...optionsWith(0), dataDirectory, embed: undefined })
    await expect.poll(() => bodies(server, scope), { timeout: 120_000 }).toEqual([])
    await settled(server, scope)
    const rows = await server.store.system.query<{ entry: string; count: number }>(
      "select entry, count(*)::int as count from changes where scope = $1 and op = 'redact' and entry like 'mem_%' group by entry",
      [scope],
    )
    expect(rows.filter((row) => row.count !== 1)).toEqual([])
    expect(rows.length).toBeGreaterThanOrEqual(count)
  } finally {
    await rm(dataDirectory, { recursive: true, force: true })
  }
})
