// The second hop of a recall: what speaks of the same people and things.
import { expect, test } from "vitest"
import { newId, systemClock } from "../../../core/index.ts"
import { openSealer } from "../../../security/index.ts"
import { startContextServer } from "../../../testing/context-server.ts"
import { memoryForTests } from "../../../testing/memory-settings.ts"
import { createDataKeys, subjectOfScope } from "../data-keys.ts"
import type { RecalledEntry } from "../types.ts"
import { entityHop } from "./hop.ts"

test(
  "leads from a name, from an entry, and in a recall that asks for it, to what speaks of the same, and nowhere into another scope",
  { timeout: 300_000 },
  async () => {
    await using server = await startContextServer({ embed: undefined, memory: memoryForTests })
    const { store, context } = server
    const caller = { projectId: "proj_default", principal: "key_test" }
    const say = async (scope: string, text: string): Promise<string> => (await context.memories.remember(caller, { scope, text })).id
    const birthday = await say("team:sales", "Grace's birthday is 9 December.")
    const deadline = await say("team:sales", "The deadline for Apollo is 12 June.")
    const meeting = await say("team:sales", "I met Grace about Apollo yesterday.")
    await say("team:other", "Grace's birthday is 1 January.")
    for (const scope of ["team:sales", "team:other"])
      await expect.poll(async () => (await context.upkeep.status(caller, scope)).backlog.toExtract, { timeout: 200_000 }).toBe(0)

    await using keys = createDataKeys({
      store,
      clock: systemClock,
      newId,
      sealer: await openSealer(store),
      limits: { dataKeysCachedMax: 10, dataKeyCacheMs: 60_000 },
    })
    const { bytes: scopeKey } = await keys.ensure("proj_default", subjectOfScope("team:sales"))
    const db = store.project("proj_default")
    const episodes = async (entryIds: string[], names: string[]): Promise<string[]> =>
      (await entityHop(db, "proj_default", { entryIds, named: { scope: "team:sales", scopeKey, names } }, 20))
        .flatMap(({ episodeId }) => episodeId ?? [])
        .toSorted((a, b) => (a < b ? -1 : 1))
    expect(await episodes([], ["grace"])).toEqual([birthday, meeting])
    expect(await episodes([deadline], [])).toEqual([meeting])
    expect(await episodes([meeting], [])).toEqual([birthday, deadline])
    expect(await episodes([], ["Nobody"])).toEqual([])

    const query = { scopes: ["team:sales"], query: "Whom did I meet yesterday?", time: "ignore" } as const
    const recall = async (hop: boolean): Promise<RecalledEntry[]> =>
      (await context.memories.recall(caller, { ...query, hop }, AbortSignal.timeout(60_000))).entries
    expect((await recall(false)).filter(({ why }) => why.hop !== undefined)).toEqual([])
    const reached = (await recall(true)).filter(({ why }) => why.hop !== undefined)
    expect(reached.map(({ text }) => text)).toEqual(expect.arrayContaining([expect.stringMatching(/Grace.*9 December/u) as string]))
    expect(reached.every(({ scope, why }) => scope === "team:sales" && why.hop!.from.includes(meeting))).toBe(true)
  },
)
