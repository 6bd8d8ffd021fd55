// Vector stores and files that are deleted while a run writes of them or somebody adds to them: nobody waits for the other forever, and who comes late is told.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { files, vectorStores, type Queryable, type StoredVectorStoreFile } from "../store/index.ts"
import { startContextServer, type ContextServer } from "../testing/context-server.ts"
import { testEngines } from "../testing/database.ts"
import { autoChunking } from "./vector-stores.ts"
import { wholeProject } from "./index.ts"

const projectId = "proj_default"
const caller = wholeProject(projectId)
const timeout = 120_000
// The embedded engine has one connection, so nothing happens there meanwhile.
const isThere = testEngines().includes("postgres")

describe.skipIf(!isThere)(`on Postgres${isThere ? "" : " (skipped: it is not installed)"}`, { timeout: 300_000 }, () => {
  let server: ContextServer
  beforeAll(async () => {
    server = await startContextServer({ engine: "postgres", embed: undefined })
  }, timeout)
  afterAll(() => server[Symbol.asyncDispose]())

  const upload = async (): Promise<string> => {
    const content = Buffer.from("Otters hold hands while they sleep.")
    return (await server.context.files.upload(caller, { filename: "otters.txt", purpose: "assistants", content })).id
  }
  const added = { attributes: {}, chunking: autoChunking, replaces: null }
  const storeWith = async (fileIds: string[]): Promise<string> => {
    const chosen = { name: "otters", description: null, metadata: null, expiresAfterDays: null, fileIds, chunking: autoChunking }
    return (await server.context.vectorStores.create(caller, chosen)).store.id
  }
  const ingested = async (id: string, fileId: string): Promise<StoredVectorStoreFile> => {
    const file = (): Promise<StoredVectorStoreFile> => server.context.vectorStores.getFile(caller, id, fileId)
    await expect.poll(async () => (await file()).status, { timeout }).toBe("completed")
    return file()
  }
  const waits = (): Promise<unknown[]> =>
    server.store.system.query("select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")
  /** Begins something while a transaction is open that then goes on. */
  const during = async <T>(
    first: (tx: Queryable) => Promise<unknown>,
    begin: () => Promise<T>,
    then: (tx: Queryable) => Promise<unknown>,
  ): Promise<T> => {
    let begun: Promise<T> | undefined
    await server.store.project(projectId).transaction(async (tx) => {
      await first(tx)
      begun = begin()
      begun.catch(() => undefined)
      await expect.poll(waits, { timeout }).not.toEqual([])
      await then(tx)
    })
    if (begun === undefined) throw new Error("nothing was begun")
    return begun
  }

  it("a vector store is deleted while a run shows what it wrote of a file", async () => {
    const fileId = await upload()
    const id = await storeWith([fileId])
    const { runId } = await ingested(id, fileId)
    await during(
      (tx) => vectorStores.lockVectorStoreFile(tx, projectId, id, fileId, runId),
      () => server.context.vectorStores.delete(caller, id),
      // Later than a minute, or it would write nothing.
      (tx) => vectorStores.touchVectorStores(tx, projectId, [id], Date.now() + 120_000),
    )
    await expect(server.context.vectorStores.get(caller, id)).rejects.toMatchObject({ code: "not_found" })
    expect(await server.store.system.query("select 1 from index_entries where scope_id = $1", [id])).toEqual([])
  })

  it("who adds a file to a vector store that is deleted at that moment is told that there is none", async () => {
    const fileId = await upload()
    const id = await storeWith([])
    const adding = during(
      (tx) => vectorStores.deleteVectorStore(tx, projectId, id),
      () => server.context.vectorStores.addFile(caller, id, { fileId, ...added }),
      () => Promise.resolve(),
    )
    await expect(adding).rejects.toMatchObject({ code: "not_found", message: expect.stringContaining(id) as string })
  })

  it("who adds a file that is deleted at that moment is told that there is none", async () => {
    const fileId = await upload()
    const id = await storeWith([])
    const adding = during(
      (tx) => files.deleteFile(tx, projectId, fileId),
      () => server.context.vectorStores.addFile(caller, id, { fileId, ...added }),
      () => Promise.resolve(),
    )
    await expect(adding).rejects.toMatchObject({ code: "not_found", message: expect.stringContaining(fileId) as string })
  })
})
