// Tests of corrections, on both engines: the caller's word takes the place of the old one in one step, with its subject, session and times, and both are told of.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { testEngines } from "../../testing/database.ts"
import { startFactServer, type FactServer } from "../../testing/facts.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import type { NewFact } from "./assert-fact.ts"
import type { Entry } from "./types.ts"

const projectId = "proj_default"
const caller: MemoryCaller = { projectId, principal: "key_a" }
const person: MemoryCaller = { projectId, principal: "user:admin" }
const [march, june] = [Date.UTC(2026, 2, 1), Date.UTC(2026, 5, 1)]

describe.each(testEngines())("a correction, on %s", (engine) => {
  let server: FactServer
  beforeAll(async () => void (server = await startFactServer({ engine })))
  afterAll(() => server[Symbol.asyncDispose]())

  const told = async (scope: string, query: string): Promise<(string | null)[]> =>
    (await server.context.memories.recall(caller, { scopes: [scope], query }, AbortSignal.timeout(60_000))).entries.map(({ text }) => text)
  const subjectOf = async ({ id, versionId }: Entry): Promise<string | undefined> => {
    const text = `select k.subject from data_keys k join (select id, key_id from episodes union all select id, key_id from memory_versions) e
      on e.key_id = k.id where e.id = $1`
    return (await server.store.system.query<{ subject: string }>(text, [versionId ?? id]))[0]?.subject
  }
  const conclude = async (scope: string, from: Entry, fact: Partial<NewFact> & { text: string }): Promise<string> => {
    const parents = [{ kind: "episode" as const, id: from.id, quote: from.text ?? "" }]
    const all: NewFact = { projectId, scope, kind: "fact", op: "assert", slot: "user/home", principal: "key_a", parents, ...fact }
    const outcome = await server.conclude(all)
    if (outcome === undefined || !("memoryId" in outcome)) throw new Error(JSON.stringify(outcome))
    return outcome.memoryId
  }

  it("of what was said keeps subject, session and times, and each tells of the other", async () => {
    const { memories } = server.context
    const scope = "user:ada"
    const about = { subject: "person:ada", session: "s1", occurredAt: march, validFrom: march, validTo: june, metadata: { topic: "home" } }
    const old = await memories.remember(caller, { scope, text: "Ada lives in Rome", role: "user", ...about })
    const fact = await conclude(scope, old, { text: "Lives in Rome" })
    const right = await memories.correct(person, old.id, { text: "Ada lives in Paris" })
    expect(right).toMatchObject({
      kind: "episode",
      scope,
      text: "Ada lives in Paris",
      session: "s1",
      occurredAt: march,
      validFrom: march,
      validTo: june,
    })
    expect(right).toMatchObject({ principal: "user:admin", label: { integrity: 3 }, metadata: { topic: "home", corrects: old.id } })
    expect([await subjectOf(old), await subjectOf(right)]).toEqual(["person:ada", "person:ada"])
    expect(await memories.get(caller, old.id)).toMatchObject({ text: "Ada lives in Rome", endedBy: "retract" })
    expect(await memories.explain(caller, old.id)).toMatchObject({ corrects: null, correctedBy: right.id })
    expect(await memories.explain(caller, right.id)).toMatchObject({ corrects: old.id, correctedBy: null, source: { kind: "user" } })
    // What was concluded of the old one went with it.
    expect(await memories.get(caller, fact)).toMatchObject({ endedBy: "revoke" })
    expect(await memories.list(caller, { scope, kinds: ["episode"], limit: 10 })).toMatchObject([{ id: right.id }])
  })

  it("may give other times to the same words", async () => {
    const { memories } = server.context
    const old = await memories.remember(caller, { scope: "user:bo", text: "Bo works at the harbour", validFrom: march })
    const right = await memories.correct(person, old.id, { text: "Bo works at the harbour", validFrom: null, validTo: june })
    expect(right).toMatchObject({ validFrom: null, validTo: june, expiredAt: null })
    expect(right.id).not.toBe(old.id)
    expect(await told("user:bo", "harbour")).toEqual(Date.now() < june ? ["Bo works at the harbour"] : [])
  })

  it("of what was derived is a version that supersedes it and rests on the correction", async () => {
    const { memories } = server.context
    const scope = "user:cy"
    const said = await memories.remember(caller, { scope, text: "I live in Rome", role: "user" })
    const id = await conclude(scope, said, { text: "Lives in Rome", validFrom: march })
    const before = await memories.get(caller, id)
    const right = await memories.correct(person, id, { text: "Lives in Oslo" })
    expect(right).toMatchObject({
      id,
      text: "Lives in Oslo",
      op: "supersede",
      supersedes: before.versionId,
      validFrom: march,
      slot: before.slot,
    })
    expect(right.label.integrity).toBe(3)
    const versions = await memories.versions(caller, id, 10)
    expect(versions.map(({ text, endedBy }) => [text, endedBy])).toEqual([
      ["Lives in Oslo", null],
      ["Lives in Rome", "supersede"],
    ])
    const grounds = (versionId: string | null): Promise<unknown> =>
      memories.explain(caller, versionId ?? "").then((explained) => explained.grounds)
    expect(await grounds(right.versionId)).toMatchObject([{ kind: "episode", quote: "Lives in Oslo", entry: { principal: "user:admin" } }])
    expect(await grounds(before.versionId)).toMatchObject([{ kind: "episode", id: said.id, quote: "I live in Rome" }])
    expect(await told(scope, "Lives in Rome or Oslo?")).toContain("Lives in Oslo")
    expect(await told(scope, "Lives in Rome or Oslo?")).not.toContain("Lives in Rome")
  })

  it("changes nothing where it cannot be: the same words, what is believed no more, a scope of somebody else", async () => {
    const { memories } = server.context
    const old = await memories.remember(caller, { scope: "user:di", text: "Di keeps bees" })
    await expect(memories.correct(person, old.id, { text: "Di keeps bees" })).rejects.toMatchObject({ code: "invalid_request" })
    const stranger = { projectId, principal: "key_b", user: "eve" }
    await expect(memories.correct(stranger, old.id, { text: "Di keeps wasps" })).rejects.toMatchObject({ code: "not_found" })
    const other = { projectId: "proj_other", principal: "key_c" }
    await expect(memories.correct(other, old.id, { text: "Di keeps wasps" })).rejects.toMatchObject({ code: "not_found" })
    expect(await memories.get(caller, old.id)).toMatchObject({ text: "Di keeps bees", expiredAt: null })
    await memories.retract(person, old.id, null)
    await expect(memories.correct(person, old.id, { text: "Di keeps wasps" })).rejects.toMatchObject({ code: "conflict" })
    expect(await memories.list(caller, { scope: "user:di", kinds: ["episode"], limit: 10 })).toEqual([])
  })
})
