// Tests of remembering and recalling on both engines: evidence is there at once, once, encrypted, and behind its wall.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startContextServer, type ContextServer } from "../../testing/context-server.ts"
import { testEngines } from "../../testing/database.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import type { RecallQuery } from "./recall-query.ts"

const caller: MemoryCaller = { projectId: "proj_default", principal: "key_a" }

describe.each(testEngines())("memory on %s", (engine) => {
  let server: ContextServer
  beforeAll(async () => {
    server = await startContextServer({ engine, embed: undefined })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const recalled = async (query: RecallQuery, by = caller): Promise<(string | null)[]> =>
    (await server.context.memories.recall(by, query, AbortSignal.timeout(30_000))).entries.map(({ text }) => text)

  it("finds what was remembered as soon as it is acknowledged", async () => {
    const { memories } = server.context
    for (let index = 0; index < 20; index++) {
      await memories.remember(caller, { scope: "user:now", text: `Box ${index} stands in row ${index + 100}` })
      expect(await recalled({ scopes: ["user:now"], query: `row ${index + 100}`, limit: 1 })).toEqual([
        `Box ${index} stands in row ${index + 100}`,
      ])
    }
  })

  it("keeps the same text of the same source once, however often it comes", async () => {
    const { memories } = server.context
    const first = await memories.remember(caller, { scope: "user:twice", text: "I moved to Bergen" })
    for (let index = 0; index < 10; index++) {
      const again = await memories.remember(caller, { scope: "user:twice", text: "I moved to Bergen" })
      expect([again.id, again.created]).toEqual([first.id, false])
    }
    const other = await memories.remember({ ...caller, principal: "key_b" }, { scope: "user:twice", text: "I moved to Bergen" })
    expect(other.created).toBe(true)
    const at = { scope: "user:twice", text: "I moved to Bergen" }
    const together = await Promise.all(Array.from({ length: 8 }, () => memories.remember({ ...caller, principal: "key_c" }, at)))
    expect(together.filter(({ created }) => created)).toHaveLength(1)
    expect(await memories.list(caller, { scope: "user:twice", limit: 10 })).toHaveLength(3)
    expect(await recalled({ scopes: ["user:twice"], query: "Bergen" })).toEqual(["I moved to Bergen"])
  })

  it("keeps no word of a text, its metadata, its speaker or its address in plain", async () => {
    const canary = "zyzzyva"
    await server.context.memories.remember(caller, {
      scope: "user:secret",
      text: `My ${canary} is green`,
      speaker: `${canary} Smith`,
      metadata: { about: canary },
      source: { kind: "user", uri: `https://${canary}.example` },
    })
    for (const table of ["scopes", "data_keys", "sources", "episodes"]) {
      const rows = await server.store.system.query<{ row: string }>(`select t::text as row from ${table} t`)
      expect(rows.length).toBeGreaterThan(0)
      expect(rows.filter(({ row }) => row.includes(canary) || row.includes(Buffer.from(canary).toString("hex")))).toEqual([])
    }
    const [entry] = await server.context.memories.list(caller, { scope: "user:secret", limit: 1 })
    expect(entry).toMatchObject({ text: `My ${canary} is green`, speaker: `${canary} Smith`, metadata: { about: canary } })
  })

  it("searches the scopes that were named, and no other", async () => {
    const { memories } = server.context
    await memories.remember(caller, { scope: "team:north", text: "The harbour opens at six" })
    await memories.remember(caller, { scope: "team:south", text: "The harbour opens at nine" })
    expect(await recalled({ scopes: ["team:north"], query: "harbour" })).toEqual(["The harbour opens at six"])
    expect(new Set(await recalled({ scopes: ["team:north", "team:south"], query: "harbour" }))).toEqual(
      new Set(["The harbour opens at nine", "The harbour opens at six"]),
    )
    expect(await recalled({ scopes: ["team:west"], query: "harbour" })).toEqual([])
    await expect(recalled({ scopes: [], query: "harbour" })).rejects.toThrow(/1 to 16 scopes; got 0/)
    expect(await recalled({ scopes: ["team:north"], query: "harbour" }, { ...caller, projectId: "proj_other" })).toEqual([])
  })

  it("refuses a key that acts for a user the scopes of other users", async () => {
    const ada: MemoryCaller = { ...caller, user: "ada" }
    await server.context.memories.remember(ada, { scope: "agent:support/user:ada", text: "Ada lost her card" })
    for (const scope of ["user:bob", "agent:support/user:bob", "user:bob/thread:1"]) {
      await expect(server.context.memories.remember(ada, { scope, text: "x" })).rejects.toMatchObject({ code: "permission_denied" })
      await expect(recalled({ scopes: ["user:ada", scope], query: "card" }, ada)).rejects.toMatchObject({ code: "permission_denied" })
    }
    const bobs = await server.context.memories.remember(caller, { scope: "user:bob", text: "Bob lost his hat" })
    await expect(server.context.memories.get(ada, bobs.id)).rejects.toMatchObject({ code: "not_found" })
    await expect(server.context.memories.forget(ada, bobs.id)).rejects.toMatchObject({ code: "not_found" })
  })

  it("refuses what is no scope, and says what one is", async () => {
    for (const scope of ["", "usr:ada", "user:", "user: ada", "a//b", "user:ada/", "a\u200bb", "x".repeat(201), "a/b/c/d/e/f/g"]) {
      const work = server.context.memories.remember(caller, { scope, text: "x" })
      await expect(work).rejects.toMatchObject({
        code: "invalid_request",
        param: "scope",
        hint: expect.stringContaining("user:ada") as string,
      })
    }
  })

  it("carries the flat statements of before over when their project is first used", async () => {
    const flat = `insert into flat_memories (project_id, id, scope, body, metadata, principal, run_id, label, valid_from, valid_to, created_at)
      values ($1, $2, $3, $4, '{"a":1}', 'key_old', null, '{"integrity":3,"sources":["user:key_old"],"readers":["proj_old"],"secrets":[]}', null, null, to_timestamp(1700000000))`
    for (const [index, scope] of ["user:old", "user:old", "odd name: x/y"].entries()) {
      await server.store.system.query(flat, ["proj_old", `mem_${index}`, scope, `Old statement number ${index}`])
    }
    const old: MemoryCaller = { projectId: "proj_old", principal: "key_new" }
    expect(await recalled({ scopes: ["user:old"], query: "statement" }, old)).toHaveLength(2)
    const entries = await server.context.memories.list(old, { scope: "user:old", limit: 5 })
    expect(entries).toMatchObject([
      { id: "mem_1", text: "Old statement number 1", metadata: { a: 1 }, principal: "key_old", createdAt: 1_700_000_000_000 },
      { id: "mem_0", label: { integrity: 3 } },
    ])
    expect(await server.context.memories.list(old, { scope: "application:odd name: x|y", limit: 5 })).toHaveLength(1)
    expect(await server.store.system.query("select from flat_memories")).toEqual([])
  })

  it("reached no error handler in all of this", () => {
    expect(server.errors).toEqual([])
  })
})
