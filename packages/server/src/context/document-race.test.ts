// Vector stores and files that are deleted while a run writes of them or somebody adds to them: nobody waits for the other forever, and who comes late is told.
import { expect, it } from "vitest"
import { files, vectorStoreFiles, vectorStores, type StoredVectorStoreFile } from "../store/index.ts"
import { describeRaces, during, raceTimeoutMs } from "../testing/races.ts"
import { autoChunking } from "./vector-stores.ts"
import { wholeProject } from "./index.ts"

const projectId = "proj_default"
const caller = wholeProject(projectId)

describeRaces({}, (server) => {
  const upload = async (): Promise<string> => {
    const content = Buffer.from("Otters hold hands while they sleep.")
    return (await server().context.files.upload(caller, { filename: "otters.txt", purpose: "assistants", content })).id
  }
  const added = { attributes: {}, chunking: autoChunking, replaces: null }
  const storeWith = async (fileIds: string[]): Promise<string> => {
    const chosen = { name: "otters", description: null, metadata: null, expiresAfterDays: null, fileIds, chunking: autoChunking }
    return (await server().context.vectorStores.create(caller, chosen)).store.id
  }
  const ingested = async (id: string, fileId: string): Promise<StoredVectorStoreFile> => {
    const file = (): Promise<StoredVectorStoreFile> => server().context.vectorStores.getFile(caller, id, fileId)
    await expect.poll(async () => (await file()).status, { timeout: raceTimeoutMs }).toBe("completed")
    return file()
  }

  it("a vector store is deleted while a run shows what it wrote of a file", async () => {
    const fileId = await upload()
    const id = await storeWith([fileId])
    const { runId } = await ingested(id, fileId)
    await during(server(), {
      first: (tx) => vectorStoreFiles.lockVectorStoreFile(tx, projectId, id, fileId, runId),
      begin: () => server().context.vectorStores.delete(caller, id),
      // Later than a minute, or it would write nothing.
      last: (tx) => vectorStores.touchVectorStores(tx, projectId, [id], Date.now() + 120_000),
    })
    await expect(server().context.vectorStores.get(caller, id)).rejects.toMatchObject({ code: "not_found" })
    expect(await server().store.system.query("select 1 from index_entries where scope_id = $1", [id])).toEqual([])
  })

  it("who adds a file to a vector store that is deleted at that moment is told that there is none", async () => {
    const fileId = await upload()
    const id = await storeWith([])
    const adding = during(server(), {
      first: (tx) => vectorStores.deleteVectorStore(tx, projectId, id),
      begin: () => server().context.vectorStores.addFile(caller, id, { fileId, ...added }),
    })
    await expect(adding).rejects.toMatchObject({ code: "not_found", message: expect.stringContaining(id) as string })
  })

  it("who adds a file that is deleted at that moment is told that there is none", async () => {
    const fileId = await upload()
    const id = await storeWith([])
    const adding = during(server(), {
      first: (tx) => files.deleteFile(tx, projectId, fileId),
      begin: () => server().context.vectorStores.addFile(caller, id, { fileId, ...added }),
    })
    await expect(adding).rejects.toMatchObject({ code: "not_found", message: expect.stringContaining(fileId) as string })
  })
})
