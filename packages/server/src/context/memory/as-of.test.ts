// What was believed then: a question about a time before evidence was retracted finds it, by words and by vectors; what was revoked, redacted or erased it does not find.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { systemClock } from "../../core/index.ts"
import { startContextServer, type ContextServer } from "../../testing/context-server.ts"
import { testEngines } from "../../testing/database.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import type { RecalledEntry } from "./types.ts"

const caller: MemoryCaller = { projectId: "proj_default", principal: "key_a" }
let aheadMs = 0
const clock = { now: () => systemClock.now() + aheadMs, monotonic: () => systemClock.monotonic() }

describe.each(testEngines())("evidence of the past on %s", (engine) => {
  let server: ContextServer
  beforeAll(async () => {
    server = await startContextServer({ engine, clock, limits: { memoryUpkeepPollMs: 100 } })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const recalled = async (scope: string, query: string, asOf?: number): Promise<RecalledEntry[]> => {
    const asked = { scopes: [scope], query, ...(asOf === undefined ? {} : { asOf }) }
    return (await server.context.memories.recall(caller, asked, AbortSignal.timeout(60_000))).entries
  }
  const texts = async (...asked: Parameters<typeof recalled>): Promise<(string | null)[]> =>
    (await recalled(...asked)).map(({ text }) => text)
  const settled = (scope: string): Promise<void> =>
    expect.poll(async () => (await server.context.upkeep.status(caller, scope)).backlog.toIndex, { timeout: 120_000 }).toBe(0)

  /** One that stays and one that is ended a day later; the time between. */
  const twoSaid = async (scope: string): Promise<{ id: string; between: number }> => {
    await server.context.memories.remember(caller, { scope, text: "The harbour has a crane." })
    const { id } = await server.context.memories.remember(caller, { scope, text: "The harbour opens at six.", speaker: "Ada" })
    const between = clock.now() + 1_000
    aheadMs += 86_400_000
    return { id, between }
  }

  it("finds what was retracted since, and tells it of no later time", async () => {
    const scope = "user:retracted"
    const { id, between } = await twoSaid(scope)
    await server.context.memories.retract(caller, id, null)
    expect(await texts(scope, "When does the harbour open?")).not.toContain("The harbour opens at six.")
    expect(await texts(scope, "When does the harbour open?", between)).toContain("The harbour opens at six.")
    await settled(scope)
    expect(await texts(scope, "When does the harbour open?")).not.toContain("The harbour opens at six.")
    const [best] = await recalled(scope, "harbour opens at six", between)
    expect(best).toMatchObject({ id, text: "The harbour opens at six.", speaker: "Ada", endedBy: "retract" })
    expect(best?.why.vectors).not.toBeNull()
    expect(await texts(scope, "When does the harbour open?", clock.now())).not.toContain("The harbour opens at six.")
  })

  it("does not find what was redacted or forgotten after it was retracted, nor keep a word of it", async () => {
    for (const end of ["redact", "forget"] as const) {
      const scope = `user:${end}`
      const { id, between } = await twoSaid(scope)
      await server.context.memories.retract(caller, id, null)
      await settled(scope)
      await server.context.memories[end](caller, id)
      expect(await texts(scope, "When does the harbour open?", between)).toEqual(["The harbour has a crane."])
      const left = await server.store.system.query(
        `select 1 from index_entries where document_id = $1 union all select 1 from embeddings where document_id = $1`,
        [id],
      )
      expect(left).toEqual([])
    }
  })

  it("does not find what was retracted when its source is revoked afterwards", async () => {
    const scope = "user:revoked"
    const { id, between } = await twoSaid(scope)
    await server.context.memories.retract(caller, id, null)
    await settled(scope)
    const { sourceId } = await server.context.memories.get(caller, id)
    await server.context.memories.revoke(caller, sourceId ?? "", null)
    expect(await texts(scope, "When does the harbour open?", between)).toEqual([])
    await settled(scope)
    const left = await server.store.system.query(`select 1 from index_entries where document_id = $1`, [id])
    expect(left).toEqual([])
  })
})
