// Tests of spaces: vectors of other weights are not compared, words find all the same, and everything is embedded anew.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startContextServer, wordVectors, type ContextServer } from "../../testing/context-server.ts"
import { autoChunking } from "../vector-stores.ts"
import { spaceName } from "./spaces.ts"

const caller = { projectId: "proj_default", principal: "key_a", user: null }
const [oldHash, newHash] = ["a".repeat(64), "b".repeat(64)]
const signal = AbortSignal.timeout(290_000)

describe("the name of a space", () => {
  it("is that of the model with the beginning of its hash, or the model's alone where nobody knows its weights", () => {
    expect(spaceName({ model: "perdure/minilm", weightsHash: oldHash })).toBe("perdure/minilm@aaaaaaaaaaaa")
    expect(spaceName({ model: "text-embedding-3-small", weightsHash: null })).toBe("text-embedding-3-small")
  })
})

describe("a model whose weights have changed", () => {
  let directory = ""
  let server: ContextServer
  let storeId = ""
  const made = Promise.withResolvers<void>()
  /** Questions are embedded at once, what is kept only when the test says so. */
  const late: typeof wordVectors = async (texts, until, purpose) => {
    if (purpose !== "query") await made.promise
    return wordVectors(texts, until)
  }
  const rankByVectors = async (): Promise<number | undefined> =>
    (await server.context.memories.recall(caller, { scopes: ["s"], query: "green tea" }, signal)).entries[0]?.why.vectors?.rank
  const chunkByVectors = async (): Promise<number | undefined> =>
    (await server.context.search(caller, { vectorStoreIds: [storeId], query: "honey", limit: 3 }, signal)).results[0]?.why.vectors?.rank

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "perdure-spaces-"))
    server = await startContextServer({ dataDirectory: directory, weightsHash: oldHash })
    const { memories, files, vectorStores } = server.context
    await memories.remember(caller, { scope: "s", text: "Ada drinks green tea" })
    const file = await files.upload(caller, { filename: "bees.txt", content: Buffer.from("Bees make honey."), purpose: "assistants" })
    const blank = { name: "facts", description: null, metadata: null, expiresAfterDays: null }
    storeId = (await vectorStores.create(caller, { ...blank, fileIds: [file.id], chunking: autoChunking })).store.id
  }, 300_000)
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })

  it("finds by words and compares with no old vector, until all have their new ones", async () => {
    await expect.poll(rankByVectors, { timeout: 60_000 }).toBe(1)
    await expect.poll(chunkByVectors, { timeout: 60_000 }).toBe(1)
    await server[Symbol.asyncDispose]()
    server = await startContextServer({ dataDirectory: directory, weightsHash: newHash, embed: late, limits: { expirySweepMs: 500 } })
    const before = await server.context.memories.recall(caller, { scopes: ["s"], query: "green tea" }, signal)
    expect(before.entries).toMatchObject([{ text: "Ada drinks green tea", why: { words: { rank: 1 }, vectors: null } }])
    const found = await server.context.search(caller, { vectorStoreIds: [storeId], query: "honey", limit: 3 }, signal)
    expect(found.results).toMatchObject([{ text: "Bees make honey.", why: { vectors: null } }])
    made.resolve()
    await expect.poll(rankByVectors, { timeout: 60_000 }).toBe(1)
    await expect.poll(chunkByVectors, { timeout: 60_000 }).toBe(1)
    const models = (): Promise<unknown[]> => server.store.system.query("select distinct model from embeddings")
    await expect.poll(models, { timeout: 60_000 }).toEqual([{ model: "words@bbbbbbbbbbbb" }])
    expect(server.errors).toEqual([])
  }, 300_000)
})
