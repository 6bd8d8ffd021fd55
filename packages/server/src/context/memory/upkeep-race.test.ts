// What changes while upkeep is at a batch is not taken for seen: what ended leaves the index, what was restored gets its vector.
import { expect, it } from "vitest"
import { startContextServer, wordVectors } from "../../testing/context-server.ts"
import { memoryWithoutFacts } from "../../testing/memory-settings.ts"
import { describeRaces, lockWaits, raceTimeoutMs } from "../../testing/races.ts"

const projectId = "proj_default"
const caller = { projectId, principal: "key_a" }

describeRaces({}, (server) => {
  const indexed = (id: string): Promise<unknown[]> =>
    server().store.system.query("select document_id from index_entries where document_id = $1", [id])
  const toIndex = async (): Promise<number> => (await server().context.upkeep.status(caller, "user:race")).backlog.toIndex

  it("what ends while its batch is under way is looked at again", async () => {
    const { id } = await server().context.memories.remember(caller, { scope: "user:race", text: "I work at Evil Corp" })
    await expect.poll(toIndex, { timeout: 30_000 }).toBe(0)
    expect(await indexed(id)).toHaveLength(1)
    await server().store.system.query("update episodes set upkept_at = null where id = $1", [id])
    await server()
      .store.project(projectId)
      .transaction(async (tx) => {
        await tx.query("update episodes set expired_at = now(), ended_by = 'revoke', upkept_at = null where id = $1", [id])
        // Another write starts upkeep, which comes upon the row that is about to end.
        await server().context.memories.remember(caller, { scope: "user:race", text: "I live in Oslo" })
        await expect.poll(() => lockWaits(server()), { timeout: raceTimeoutMs }).toBeGreaterThan(0)
      })
    await expect.poll(() => indexed(id), { timeout: 30_000 }).toEqual([])
    await expect.poll(toIndex, { timeout: 30_000 }).toBe(0)
  })
})

it("what is told again while its batch is read gets its vector in the next one", async () => {
  let restore: (() => Promise<unknown>) | undefined
  const embed: typeof wordVectors = async (texts, signal) => {
    const once = restore
    restore = undefined
    await once?.()
    return wordVectors(texts, signal)
  }
  // Within the time of grace, or what has expired would be removed before it is told again.
  const settings = { ...memoryWithoutFacts.settings, retentionGraceMs: 86_400_000 }
  await using server = await startContextServer({ embed, memory: { ...memoryWithoutFacts, settings } })
  const scope = "user:restored"
  const toIndex = async (): Promise<number> => (await server.context.upkeep.status(caller, scope)).backlog.toIndex
  const { id } = await server.context.memories.remember(caller, { scope, text: "I work at the harbour" })
  await expect.poll(toIndex, { timeout: 60_000 }).toBe(0)
  await server.store.system.query("update episodes set expired_at = now(), ended_by = 'expire', upkept_at = null where id = $1", [id])
  await server.store.system.query("delete from embeddings where document_id = $1", [id])
  restore = () => server.store.system.query("update episodes set expired_at = null, ended_by = null where id = $1", [id])
  await server.context.memories.remember(caller, { scope, text: "I live in Oslo" })
  await expect.poll(() => restore, { timeout: 60_000 }).toBe(undefined)
  await expect.poll(toIndex, { timeout: 60_000 }).toBe(0)
  expect(await server.store.system.query("select document_id as id from embeddings where document_id = $1", [id])).toEqual([{ id }])
})
