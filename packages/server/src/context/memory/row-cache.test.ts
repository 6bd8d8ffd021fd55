// Tests of the rows that are kept in memory between recalls, on both engines: they are as the tables have them, whatever was written since.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { testEngines } from "../../testing/database.ts"
import { startFactServer, type FactServer } from "../../testing/facts.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import { rowsByIds, type Row } from "./entries.ts"
import { createRowCache } from "./row-cache.ts"

const projectId = "proj_default"
const caller: MemoryCaller = { projectId, principal: "key_a" }
const scope = "user:rows"

/** Which goes on beside the test. */
function withoutUpkeep(row: Row | undefined): object {
  return { ...(row?.episode ?? row?.version), upkeptAt: null }
}

describe.each(testEngines())("rows kept in memory, on %s", (engine) => {
  let server: FactServer
  beforeAll(async () => void (server = await startFactServer({ engine })))
  afterAll(() => server[Symbol.asyncDispose]())

  it("shows each write to an episode, a version, a memory and a source", async () => {
    const { memories } = server.context
    const db = server.store.project(projectId)
    const cache = createRowCache({ bytesMax: 1_000_000 })
    const said = await Promise.all(
      ["tea", "maps", "clocks", "trains"].map((thing, index) => {
        const source = { kind: "user", uri: `https://${index}.example` } as const
        return memories.remember(caller, { scope, text: `I like ${thing}`, source })
      }),
    )
    const [pinned, retracted, revoked, redacted] = said.map(({ id }) => id)
    const parents = [{ kind: "episode" as const, id: pinned ?? "", quote: "I like tea" }]
    const fact = {
      projectId,
      scope,
      kind: "preference",
      op: "assert",
      slot: "user/tea",
      text: "Likes tea",
      principal: "key_a",
      parents,
    } as const
    const outcome = await server.conclude(fact)
    if (outcome === undefined || !("versionId" in outcome)) throw new Error("The fact was not written.")
    const ids = [...said.map(({ id }) => id), outcome.versionId, "mem_absent", "ver_absent"]
    const compared = async (): Promise<void> => {
      const [kept, read] = [await cache.rowsByIds(db, projectId, ids), await rowsByIds(db, projectId, ids)]
      expect([...kept.keys()].sort()).toEqual([...read.keys()].sort())
      for (const [id, row] of read) expect(withoutUpkeep(kept.get(id))).toMatchObject(withoutUpkeep(row))
    }

    await compared()
    const writes = [
      () => memories.pin(caller, pinned ?? "", true),
      () => memories.retract(caller, retracted ?? "", null),
      () => memories.revoke(caller, said[2]?.sourceId ?? "", null),
      () => memories.redact(caller, redacted ?? ""),
      () => memories.pin(caller, outcome.memoryId, true),
      () => memories.retract(caller, outcome.memoryId, null),
      () => memories.forget(caller, pinned ?? ""),
    ]
    for (const write of writes) {
      await write()
      await compared()
    }
    expect((await cache.rowsByIds(db, projectId, [revoked ?? ""])).get(revoked ?? "")?.episode?.revokedAt).not.toBeNull()
  })

  it("holds no more than it may, and nothing of what it was told to forget", async () => {
    const { memories } = server.context
    const db = server.store.project(projectId)
    const small = createRowCache({ bytesMax: 2_000 })
    const said = await Promise.all(Array.from({ length: 6 }, (_, index) => memories.remember(caller, { scope, text: `Shelf ${index}` })))
    const ids = said.map(({ id }) => id)
    for (let round = 0; round < 3; round++) expect([...(await small.rowsByIds(db, projectId, ids)).keys()].sort()).toEqual(ids.toSorted())
    small.clear()
    expect((await small.rowsByIds(db, projectId, ids)).size).toBe(6)
    expect((await small.rowsByIds(db, "proj_other", ids)).size).toBe(0)
  })
})
