// A stored file as a source, on both engines: what it leads to, taking that back, deleting it, and erasing it with every byte.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { autoChunking } from "../../packages/server/src/context/index.ts"
import { testEngines } from "../../packages/server/src/testing/database.ts"
import { startFactServer, type FactServer } from "../../packages/server/src/testing/facts.ts"
import { filesWith } from "../support/byte-search.ts"

const projectId = "proj_default"
const caller = { projectId, principal: "key_a", user: null }
const scope = "user:files"
const signal = (): AbortSignal => AbortSignal.timeout(60_000)

describe.each(testEngines())("a stored file as a source, on %s", (engine) => {
  const directory = mkdtempSync(join(tmpdir(), "perdure-erased-"))
  let server: FactServer
  beforeAll(async () => {
    server = await startFactServer({ engine, ...(engine === "pglite" ? { dataDirectory: directory } : {}) })
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true, force: true })
  })

  /** A file in a vector store, an answer that had it before its model, and a fact that was read out of that. */
  async function put(word: string): Promise<{ fileId: string; storeId: string }> {
    const { context } = server
    const content = `# Birds of the harbour\n\nThe keeper of the ${word} writes down every evening how many there are.\n`
    const upload = { filename: "birds.md", purpose: "assistants", content: Buffer.from(content) }
    const { id: fileId } = await context.files.upload(caller, upload)
    const storeId = await storeOf(fileId)
    const text = `As far as I can see, the ${word} are counted by their keeper.`
    const answer = await context.memories.remember(caller, { scope, role: "assistant", text, madeWith: { fileIds: [fileId] } })
    const said = { kind: "file", uri: fileId } as const
    await context.memories.remember(caller, { scope, text: `Page two speaks of the ${word} as well.`, source: said })
    const parents = [{ kind: "episode" as const, id: answer.id, quote: text }]
    const fact = {
      projectId,
      scope,
      kind: "fact",
      op: "assert",
      slot: null,
      text: `Somebody counts the ${word}.`,
      principal: "key_a",
      parents,
    } as const
    await server.conclude(fact)
    return { fileId, storeId }
  }
  async function storeOf(fileId: string): Promise<string> {
    const asked = { name: null, description: null, metadata: null, expiresAfterDays: null, fileIds: [fileId], chunking: autoChunking }
    const { store } = await server.context.vectorStores.create(caller, asked)
    const completed = async (): Promise<number> => (await server.context.vectorStores.get(caller, store.id)).counts.completed
    await expect.poll(completed, { timeout: 60_000 }).toBe(1)
    return store.id
  }
  const found = async (storeId: string, word: string): Promise<string[]> => {
    const { results } = await server.context.search(caller, { vectorStoreIds: [storeId], query: word, limit: 10 }, signal())
    return results.map(({ text }) => text)
  }
  /** The answer is not told beside the fact that quotes it in full. */
  const recalled = async (word: string): Promise<(string | null)[]> =>
    (await server.context.memories.recall(caller, { scopes: [scope], query: word }, signal())).entries.map(({ text }) => text)
  const tablesWith = async (word: string): Promise<string[]> => {
    const tables = await server.store.system.query<{ name: string }>(
      "select format('%I', table_name) as name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE'",
    )
    const names: string[] = []
    for (const { name } of tables) {
      const text = `select 1 from ${name} t where t::text ilike '%' || $1 || '%' or t::text like '%' || $2 || '%' limit 1`
      if ((await server.store.system.query(text, [word, Buffer.from(word).toString("hex")])).length > 0) names.push(name)
    }
    return names
  }

  it("tells what came of it, and takes that back with its passages while the file stays", async () => {
    const word = "kittiwakes-4107"
    const { fileId, storeId } = await put(word)
    expect(await server.context.memories.blastRadius(caller, fileId)).toMatchObject({
      source: { id: fileId, kind: "file", title: "birds.md", label: { integrity: 0 } },
      episodes: 2,
      versions: 1,
    })
    expect([(await found(storeId, word)).length, (await recalled(word)).length]).toEqual([1, 2])
    await expect(server.context.memories.revoke({ ...caller, user: "eve" }, fileId, null)).rejects.toMatchObject({ code: "not_found" })

    const revoked = await server.context.memories.revoke(caller, fileId, "it is not ours")
    expect(revoked).toMatchObject({ source: { id: fileId, revokedBy: "key_a" }, episodes: 2, versions: 1 })
    expect([await found(storeId, word), await recalled(word)]).toEqual([[], []])
    expect((await server.context.files.get(caller, fileId)).filename).toBe("birds.md")
    expect(await server.context.memories.revoke(caller, fileId, null)).toMatchObject({ episodes: 0, versions: 0 })
    await expect(server.context.memories.revoke(caller, "file_00000000000000000000000000000000", null)).rejects.toMatchObject({
      code: "not_found",
    })
  })

  it("is deleted with its passages alone, or with what was remembered with it", async () => {
    const remove = (id: string, query: string): Promise<Response> =>
      fetch(`${server.url}/v1/files/${id}${query}`, { method: "DELETE", headers: { authorization: `Bearer ${server.apiKey}` } })
    const [plain, taken] = ["shearwaters-3350", "guillemots-8802"]
    const first = await put(plain)
    expect((await remove(first.fileId, "")).status).toBe(200)
    expect([await found(first.storeId, plain), (await recalled(plain)).length]).toEqual([[], 2])
    // It is gone, and still the source of what was said with it.
    expect(await server.context.memories.revoke(caller, first.fileId, null)).toMatchObject({ episodes: 2 })
    expect(await recalled(plain)).toEqual([])

    const second = await put(taken)
    expect((await remove(second.fileId, "?derived=all")).status).toBe(400)
    expect((await remove(second.fileId, "?derived=revoke")).status).toBe(200)
    expect([await found(second.storeId, taken), await recalled(taken)]).toEqual([[], []])
    expect((await remove(second.fileId, "?derived=revoke")).status).toBe(404)
  })

  it("is erased with what was derived of it, from every table and file, and other files stay", async () => {
    const { context } = server
    const word = "oystercatchers-6613"
    const { fileId } = await put(word)
    const kept = "The ferry leaves at noon, on Sundays an hour later than on other days."
    const other = await context.files.upload(caller, { filename: "ferry.md", purpose: "assistants", content: Buffer.from(kept) })
    const conversation = await context.conversations.create(caller)
    const quoted = `# Birds of the harbour\n\nThe keeper of the ${word} writes down every evening how many there are.`
    const item = { type: "message", role: "user", content: `It says: ${quoted}` }
    const label = { integrity: 0 as const, sources: [`file:${fileId}`], readers: [projectId], secrets: [] }
    await context.conversations.append(caller, conversation.id, [{ id: "msg_birds", item, label, runId: null }])

    const erase = async (dryRun: boolean): Promise<Awaited<ReturnType<typeof context.erasures.get>>> => {
      const { id } = await context.erasures.start(caller, { target: { kind: "source", name: fileId }, dryRun }, signal())
      await expect.poll(async () => (await context.erasures.get(projectId, id)).status, { timeout: 120_000 }).not.toBe("in_progress")
      return context.erasures.get(projectId, id)
    }
    const counts = { episodes: 2, versions: 1, files: 1, rows: { conversation_items: 1 } }
    expect((await erase(true)).receipt?.counts).toMatchObject(counts)
    expect((await context.files.get(caller, fileId)).id).toBe(fileId)

    const { status, receipt } = await erase(false)
    expect([status, receipt]).toMatchObject(["completed", { counts, verified: { rows: {}, filesContaining: [] } }])
    expect(await tablesWith(word)).toEqual([])
    expect(await recalled(word)).toEqual([])
    await expect(context.files.get(caller, fileId)).rejects.toMatchObject({ code: "not_found" })
    expect((await context.files.get(caller, other.id)).filename).toBe("ferry.md")
    if (engine === "pglite") expect(filesWith(directory, word)).toEqual([])
  })

  it("is erased without what another file says, too", async () => {
    const { context } = server
    const content = Buffer.from("The pilot boat of sandpipers-2290 is painted anew each spring, before the season begins.")
    const files = await Promise.all(
      ["one.txt", "two.txt"].map((filename) => context.files.upload(caller, { filename, purpose: "assistants", content })),
    )
    const stores = await Promise.all(files.map(({ id }) => storeOf(id)))
    const target = { kind: "source", name: files[0]?.id ?? "" } as const
    const { id } = await context.erasures.start(caller, { target, dryRun: false }, signal())
    await expect.poll(async () => (await context.erasures.get(projectId, id)).status, { timeout: 120_000 }).toBe("completed")
    expect(await Promise.all(stores.map(async (store) => (await found(store, "sandpipers-2290")).length))).toEqual([0, 1])
  })
})
