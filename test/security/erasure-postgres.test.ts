// Erasure on a Postgres server, down to its files: what memory, blocks and states keep is never there in plain, in the log neither, and its key is gone.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createDataKeys } from "../../packages/server/src/context/memory/data-keys.ts"
import { newId, systemClock } from "../../packages/server/src/core/index.ts"
import { openSealer } from "../../packages/server/src/security/index.ts"
import { startContextServer, type ContextServer } from "../../packages/server/src/testing/context-server.ts"
import { testEngines } from "../../packages/server/src/testing/database.ts"
import { memoryForTests } from "../../packages/server/src/testing/memory-settings.ts"
import { startTestPostgres, type TestPostgres } from "../../packages/server/src/testing/postgres-server.ts"
import { filesWith } from "../support/byte-search.ts"

const projectId = "proj_default"
const caller = { projectId, principal: "key_a" }
const scope = "user:zoe"
const word = "kanarie-90c4d17be2a6"
const said = `My new hobby is ${word}. I live in Oslo. I love ${word} very much.`
const label = { integrity: 3 as const, sources: ["user:key_a"], readers: [projectId], secrets: [] }
const isThere = testEngines().includes("postgres")

describe.skipIf(!isThere)(`an erasure on a Postgres server${isThere ? "" : " (skipped: it is not installed)"}`, () => {
  const cleanUps = new AsyncDisposableStack()
  let postgres: TestPostgres
  let server: ContextServer
  beforeAll(async () => {
    // As servers write their log by default: whole pages after each checkpoint.
    postgres = cleanUps.use(await startTestPostgres({ settings: { full_page_writes: "on", wal_level: "replica" } }))
    server = cleanUps.use(await startContextServer({ databaseUrl: await postgres.createDatabase(), memory: memoryForTests }))
  })
  afterAll(() => cleanUps.disposeAsync())

  const settled = async (): Promise<void> => {
    const behind = async (): Promise<number> => {
      const { backlog, endedAt } = await server.context.upkeep.status(caller, scope)
      return backlog.toIndex + backlog.toExtract + (endedAt === null ? 1 : 0)
    }
    await expect.poll(behind, { timeout: 60_000 }).toBe(0)
  }
  const erase = async (target: Parameters<ContextServer["context"]["erasures"]["start"]>[1]["target"]): Promise<object | null> => {
    const { erasures } = server.context
    const { id } = await erasures.start(caller, { target, dryRun: false }, AbortSignal.timeout(60_000))
    await expect.poll(async () => (await erasures.get(projectId, id)).status, { timeout: 120_000 }).toBe("completed")
    return (await erasures.get(projectId, id)).receipt
  }
  const filesWithBytes = (bytes: Uint8Array): string[] =>
    readdirSync(postgres.directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(Buffer.from(bytes)))
      .map((entry) => join(entry.parentPath, entry.name))

  it("of a scope leaves neither the text nor its key in any file, and none of it was ever there in plain", async () => {
    const { context, store } = server
    await context.memories.remember(caller, { scope, text: said, speaker: word, metadata: { note: said } })
    const page = { kind: "web", uri: `https://x.test/${word}`, title: word } as const
    await context.memories.remember(caller, { scope, text: `Again: ${word}.`, source: page })
    await settled()
    await context.blocks.put(caller, { scope, path: "notes", text: `- ${said}`, label })
    await context.states.put(caller, { scope, key: "hobby", value: { name: word }, label })
    const found = await context.memories.recall(caller, { scopes: [scope], query: `who loves ${word}?` }, AbortSignal.timeout(60_000))
    expect(found.entries.some(({ kind, text }) => kind !== "episode" && text?.includes(word))).toBe(true)
    const limits = { dataKeysCachedMax: 10, dataKeyCacheMs: 1_000 }
    await using keys = createDataKeys({ store, sealer: await openSealer(store), clock: systemClock, newId, limits })
    const { bytes } = await keys.ensure(projectId, `scope:${scope}`)
    await postgres.admin("checkpoint")
    expect(filesWith(postgres.directory, word)).toEqual([])
    expect(filesWithBytes(bytes)).toEqual([])

    const receipt = await erase({ kind: "scope", name: scope })
    expect(receipt).toMatchObject({ counts: { episodes: 2, blocks: 1, states: 1, keys: 1 }, verified: { rows: {}, logCleared: null } })
    await postgres.admin("checkpoint")
    expect(filesWith(postgres.directory, word)).toEqual([])
    expect(filesWithBytes(bytes)).toEqual([])
    expect((await context.memories.recall(caller, { scopes: [scope], query: word }, AbortSignal.timeout(60_000))).entries).toEqual([])
  })
})
