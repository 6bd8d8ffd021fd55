// Messages that are erased or revoked between two statements of the work on them: no run fails, nothing of them is left, nothing of others is lost.
import { expect, it } from "vitest"
import { erasureTargets, type Queryable } from "../../../store/index.ts"
import { memoryForTests } from "../../../testing/memory-settings.ts"
import { describeRaces, lockWaits, raceTimeoutMs } from "../../../testing/races.ts"
import type { NewMemory } from "../types.ts"

const projectId = "proj_default"
const caller = { projectId, principal: "key_a" }
const settings = { ...memoryForTests.settings, quietMs: 1, sessionGapMs: 1 }
const options = { limits: { memoryUpkeepPollMs: 100 }, memory: { ...memoryForTests, settings } }

describeRaces(options, (server) => {
  const system = (): Queryable => server().store.system
  const say = async (scope: string, text: string, more: Partial<NewMemory> = {}): Promise<string> =>
    (await server().context.memories.remember(caller, { scope, text, ...more })).id
  const isSettled = async (scope: string): Promise<boolean> => {
    const { isBehind, backlog, endedAt } = await server().context.upkeep.status(caller, scope)
    return !isBehind && backlog.toIndex + backlog.toExtract === 0 && endedAt !== null
  }
  const settled = (scope: string): Promise<void> => expect.poll(() => isSettled(scope), { timeout: raceTimeoutMs }).toBe(true)
  const believed = async (scope: string): Promise<(string | null)[]> =>
    (await server().context.memories.list(caller, { scope, kinds: ["fact", "preference", "event"], limit: 100 })).map(({ text }) => text)
  const pages = async (scope: string): Promise<string> =>
    (await server().context.memories.list(caller, { scope, kinds: ["summary", "profile", "timeline"], limit: 100 }))
      .map(({ text }) => text)
      .join()

  /** Holds the job where it comes upon that lock, and then lets somebody else come in between until that one waits, too, or is done. */
  const between = async (lock: string, begin: () => Promise<unknown>, other: () => Promise<unknown>): Promise<void> => {
    let done: Promise<unknown> = Promise.resolve()
    await server().store.system.transaction(async (tx) => {
      await tx.query(lock)
      await begin()
      await expect.poll(() => lockWaits(server()), { timeout: raceTimeoutMs }).toBeGreaterThan(0)
      let isDone = false
      done = other().finally(() => (isDone = true))
      done.catch(() => undefined)
      await expect.poll(async () => isDone || (await lockWaits(server())) > 1, { timeout: raceTimeoutMs }).toBe(true)
    })
    await done
  }
  const erase = async (subject: string): Promise<void> => {
    const target = { kind: "subject", name: subject } as const
    const { id } = await server().context.erasures.start(caller, { target, dryRun: false }, AbortSignal.timeout(raceTimeoutMs))
    await expect
      .poll(async () => (await server().context.erasures.get(projectId, id)).status, { timeout: raceTimeoutMs })
      .not.toBe("in_progress")
    expect((await server().context.erasures.get(projectId, id)).status).toBe("completed")
  }
  const nothingFailed = async (): Promise<void> => {
    expect(await system().query("select name, status, error from runs where status not in ('completed', 'running', 'queued')")).toEqual([])
    const unsupported = "select id from memory_versions v where v.expired_at is null and not perdure_is_supported(v.project_id, v.id)"
    expect(await system().query(unsupported)).toEqual([])
    const dangling = `select d.child from derivations d where d.parent_kind = 'episode'
      and not exists (select from episodes e where e.project_id = d.project_id and e.id = d.parent)`
    expect(await system().query(dangling)).toEqual([])
  }

  it("facts of a message that is erased meanwhile go with it", async () => {
    const scope = "user:facts"
    await between(
      "lock table memory_entities in share mode",
      () => say(scope, "The hobby of Ines Falk is archery.", { subject: "ines" }),
      () => erase("ines"),
    )
    await settled(scope)
    expect(await believed(scope)).toEqual([])
    await nothingFailed()
  })

  it("facts of a message whose source is revoked meanwhile are not believed", async () => {
    const scope = "user:revoked"
    const source = { kind: "web", uri: "https://pages.test/hobbies" } as const
    await between(
      "lock table memory_entities in share mode",
      () => say(scope, "The hobby of Otto Brand is chess.", { source }),
      async () => {
        const [page] = await server().context.memories.sources(caller, { scope, limit: 1 })
        await server().context.memories.revoke(caller, page?.id ?? "", null)
      },
    )
    await settled(scope)
    expect(await believed(scope)).toEqual([])
    await nothingFailed()
  })

  it("a summary of a session has nothing of a message that is erased while it is written", async () => {
    const scope = "user:summary"
    const session = "planning"
    const texts = [
      "We want to move the billing service to the new cluster in June.",
      "The new cluster has forty nodes and enough memory for billing.",
      "Grace will write the migration plan for the billing service.",
      "The old cluster is switched off when the migration is over.",
      "Lunch is at noon in the big kitchen on the second floor.",
      "Please remember that the migration needs a backup of billing first.",
    ]
    for (const text of texts) await say(scope, text, { session, occurredAt: 1_000 })
    await settled(scope)
    await expect.poll(() => pages(scope), { timeout: raceTimeoutMs }).toContain("billing")
    await between(
      "select 1 from memories where scope = 'user:summary' and kind = 'summary' for update",
      () =>
        say(scope, "The migration of billing to the new cluster is paid by Kestrel.", { session, occurredAt: 2_000, subject: "kestrel" }),
      () => erase("kestrel"),
    )
    await settled(scope)
    expect(await pages(scope)).not.toContain("Kestrel")
    await nothingFailed()
  })

  it("a page has nothing of a message that is erased while it is written", async () => {
    const scope = "user:page"
    await say(scope, "I work at Acme.")
    await say(scope, "I love green tea.")
    await expect.poll(() => pages(scope), { timeout: raceTimeoutMs }).toContain("Acme")
    await settled(scope)
    await between(
      "select 1 from memories where scope = 'user:page' and kind = 'profile' for update",
      () => say(scope, "I live in Oslo.", { subject: "nina" }),
      () => erase("nina"),
    )
    await settled(scope)
    expect(await pages(scope)).not.toContain("Oslo")
    await nothingFailed()
  })

  it("who is named again keeps their name, though what named them first was just erased", async () => {
    const scope = "user:named"
    await say(scope, "The hobby of Paula Stern is rowing.")
    await settled(scope)
    await system().query("delete from memory_mentions where entity_id in (select id from memory_entities where scope = $1)", [scope])
    await between(
      "lock table memory_mentions in share mode",
      () => say(scope, "The birthday of Paula Stern is 4 May."),
      () =>
        server()
          .store.project(projectId)
          .transaction((tx) => erasureTargets.deleteRests(tx, projectId)),
    )
    await settled(scope)
    const unnamed = `select m.id from memories m where m.scope = $1 and m.kind in ('fact', 'preference', 'event') and m.created_at > (
      select min(created_at) from memories where scope = $1) and not exists (select from memory_mentions x where x.memory_id = m.id and x.is_subject)`
    expect(await system().query(unnamed, [scope])).toEqual([])
    expect(await believed(scope)).toHaveLength(2)
    await nothingFailed()
  })

  it("an answer that is remembered while what stood before the model is erased goes with it", async () => {
    const scope = "user:answered"
    const id = await say(scope, "Vera Lund keeps bees on the roof.", { subject: "vera" })
    await settled(scope)
    const text = "As you said, Vera Lund keeps bees."
    let said: Promise<string> = Promise.resolve("")
    await between(
      "lock table episode_parents in share mode",
      () => {
        said = say("user:other", text, { role: "assistant", recalledFrom: [id] })
        return Promise.resolve()
      },
      () => erase("vera"),
    )
    const answer = await said
    expect(await system().query("select 1 from episodes where id = any($1)", [[id, answer]])).toEqual([])
    await nothingFailed()
  })
})
