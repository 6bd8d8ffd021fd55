// Messages that are remembered while their source is revoked or erased, or their key destroyed: they are kept under what is there afterwards, and can be read.
import { expect, it } from "vitest"
import { dataKeys, erasureTargets, sources } from "../../store/index.ts"
import { describeRaces, during, raceTimeoutMs, type Race } from "../../testing/races.ts"
import { subjectOfScope } from "./data-keys.ts"
import type { Entry } from "./types.ts"

const projectId = "proj_default"
const caller = { projectId, principal: "key_a" }

describeRaces({}, (server) => {
  const say = (scope: string, text: string): Promise<Entry> =>
    server().context.memories.remember(caller, { scope, text, source: { kind: "web", uri: "https://pages.test/a" } })
  const settled = (scope: string): Promise<void> =>
    expect.poll(async () => (await server().context.upkeep.status(caller, scope)).backlog.toIndex, { timeout: raceTimeoutMs }).toBe(0)
  const sourceOf = async (id: string): Promise<string> => {
    const rows = await server().store.system.query<{ id: string }>(`select source_id as id from episodes where id = $1`, [id])
    return rows[0]?.id ?? ""
  }
  /** What is said while another transaction has done that and not yet committed it. */
  const sayDuring = (scope: string, first: Race<Entry>["first"]): Promise<Entry> =>
    during(server(), { first, begin: () => say(scope, "The second sentence.") })
  const textOf = async (id: string): Promise<string | null> => (await server().context.memories.get(caller, id)).text

  it("what comes from a page that is revoked at that moment comes from it anew", async () => {
    const scope = "user:revoked"
    const { id } = await say(scope, "The first sentence.")
    await settled(scope)
    const source = await sourceOf(id)
    const by = { principal: "key_a", reason: null, now: Date.now() }
    const second = await sayDuring(scope, (tx) => sources.revokeSource(tx, projectId, source, by))
    expect(await sourceOf(second.id)).not.toBe(source)
    expect(await textOf(second.id)).toBe("The second sentence.")
  })

  it("what comes from a page whose last message is erased at that moment comes from it anew", async () => {
    const scope = "user:erased"
    const { id } = await say(scope, "The first sentence.")
    await settled(scope)
    const source = await sourceOf(id)
    const second = await sayDuring(scope, (tx) => erasureTargets.deleteEntries(tx, projectId, [id]))
    expect(await sourceOf(second.id)).not.toBe(source)
    expect(await textOf(second.id)).toBe("The second sentence.")
  })

  it("what is said while the key of its scope is destroyed lies under the next one", async () => {
    const scope = "user:key"
    await say(scope, "The first sentence.")
    await settled(scope)
    const second = await sayDuring(scope, (tx) => dataKeys.destroyKeys(tx, projectId, subjectOfScope(scope), Date.now()))
    expect(await textOf(second.id)).toBe("The second sentence.")
  })
})
