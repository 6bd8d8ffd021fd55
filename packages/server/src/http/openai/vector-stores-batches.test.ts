// Tests of batches of files, uploads in parts and expiry, by OpenAI's client.
import OpenAI, { toFile } from "openai"
import { createHash } from "node:crypto"
import { setTimeout as delay } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startContextServer, wordVectors, type ContextServer } from "../../testing/context-server.ts"

let server: ContextServer
let client: OpenAI
let stranger: OpenAI
/** While it is set, embedding waits for it. */
let hold: Promise<void> | undefined

beforeAll(async () => {
  server = await startContextServer({
    limits: { vectorStoreFilesMax: 60, fileBatchInFlightMax: 4, expirySweepMs: 100 },
    embed: async (texts, signal) => {
      await hold
      return wordVectors(texts, signal)
    },
  })
  client = new OpenAI({ apiKey: server.apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 })
  stranger = client.withOptions({ apiKey: server.otherKey })
})
afterAll(() => server[Symbol.asyncDispose]())

async function upload(content: string | Buffer, name: string): Promise<string> {
  return (await client.files.create({ file: await toFile(Buffer.from(content), name), purpose: "assistants" })).id
}

describe("a batch of files", () => {
  it("ingests each by a run of its own beneath the batch's, and a broken one fails alone", async () => {
    const store = await client.vectorStores.create({})
    const good = await Promise.all(Array.from({ length: 9 }, (_, index) => upload(`Report ${index} about tea.`, `${index}.txt`)))
    const bad = await upload('a,b\n1,"2\n', "open.csv")
    const files = [...good, bad].map((file_id, index) => ({ file_id, attributes: { number: index } }))
    const batch = await client.vectorStores.fileBatches.createAndPoll(store.id, { files }, { pollIntervalMs: 100 })
    expect(batch).toMatchObject({ object: "vector_store.files_batch", status: "completed", vector_store_id: store.id })
    expect(batch.file_counts).toEqual({ in_progress: 0, completed: 9, failed: 1, cancelled: 0, total: 10 })
    const failed = await client.vectorStores.fileBatches.listFiles(batch.id, { vector_store_id: store.id, filter: "failed" })
    expect(failed.data.map(({ id, last_error }) => [id, last_error?.message])).toEqual([
      [bad, expect.stringMatching(/line 2 opens a quote/)],
    ])
    const page = await client.vectorStores.search(store.id, { query: "tea", filters: { type: "eq", key: "number", value: 3 } })
    expect(page.data.map(({ filename }) => filename)).toEqual(["3.txt"])
    const { runs } = await server.runs.list(server.projectId, { kind: "ingestion" })
    const [parent] = runs.filter(({ name }) => name === "file_batch")
    expect(runs.filter(({ parentId }) => parentId === parent?.id)).toHaveLength(10)
    const events = await server.runs.events(server.projectId, parent?.id ?? "", 0, 100)
    expect(events.findLast(({ type }) => type === "ingestion.progress")?.data).toEqual({ stage: "files", done: 10, total: 10 })
  })

  it("lists its files in pages in both orders, and those that came later first", async () => {
    const store = await client.vectorStores.create({})
    const ids = await Promise.all(["a", "b", "c"].map((name) => upload(`About ${name}.`, `${name}.txt`)))
    const early = await upload("Early.", "early.txt")
    const { id } = await client.vectorStores.fileBatches.createAndPoll(store.id, { file_ids: ids.toReversed() }, { pollIntervalMs: 100 })
    await delay(2)
    await client.vectorStores.files.createAndPoll(store.id, { file_id: early }, { pollIntervalMs: 100 })
    const own = { vector_store_id: store.id }
    const ascending: string[] = []
    for await (const file of client.vectorStores.fileBatches.listFiles(id, { ...own, order: "asc", limit: 1 })) ascending.push(file.id)
    expect(ascending).toEqual(ids.toSorted())
    const all = (await client.vectorStores.files.list(store.id)).data.map((file) => file.id)
    expect(all).toEqual([early, ...ids.toSorted().toReversed()])
    const before = await client.vectorStores.files.list(store.id, { before: all[2] ?? "", order: "desc" })
    expect(before.data.map((file) => file.id)).toEqual(all.slice(0, 2))
  })

  it("that is cancelled stops, and nothing of what it had not done is found", async () => {
    const store = await client.vectorStores.create({})
    const ids = await Promise.all(Array.from({ length: 12 }, (_, index) => upload(`Canary ${index}.`, `${index}.txt`)))
    const gate = Promise.withResolvers<void>()
    hold = gate.promise
    const batch = await client.vectorStores.fileBatches.create(store.id, { file_ids: ids })
    expect(batch).toMatchObject({ status: "in_progress", file_counts: { in_progress: 12, total: 12 } })
    const cancelled = await client.vectorStores.fileBatches.cancel(batch.id, { vector_store_id: store.id })
    hold = undefined
    gate.resolve()
    expect(cancelled).toMatchObject({ status: "cancelled", file_counts: { in_progress: 0, cancelled: 12 } })
    expect((await client.vectorStores.search(store.id, { query: "canary" })).data).toEqual([])
    const rows = await server.store.system.query("select 1 from vector_store_segments where vector_store_id = $1", [store.id])
    expect(rows).toEqual([])
  })

  it("is refused with its reason when it names what is not there, nothing, both, or too much", async () => {
    const store = await client.vectorStores.create({})
    const id = await upload("x", "x.txt")
    const create = (body: object): Promise<unknown> => client.vectorStores.fileBatches.create(store.id, body)
    await expect(create({ file_ids: [id, "file_none"] })).rejects.toMatchObject({ status: 404, param: "file_id" })
    await expect(create({})).rejects.toMatchObject({ status: 400, message: expect.stringContaining("file_ids") })
    await expect(create({ file_ids: [id], files: [{ file_id: id }] })).rejects.toMatchObject({ status: 400 })
    await expect(create({ file_ids: Array.from({ length: 2_001 }, (_, index) => `file_${index}`) })).rejects.toMatchObject({ status: 400 })
    await expect(create({ file_ids: [id], attributes: { a: "x".repeat(513) } })).rejects.toMatchObject({ status: 400 })
    const many = await Promise.all(Array.from({ length: 61 }, (_, index) => upload("y", `${index}.txt`)))
    await expect(create({ file_ids: many })).rejects.toMatchObject({ message: expect.stringContaining("vectorStoreFilesMax is 60") })
    await expect(stranger.vectorStores.fileBatches.create(store.id, { file_ids: [id] })).rejects.toMatchObject({ status: 404 })
    expect((await client.vectorStores.retrieve(store.id)).file_counts.total).toBe(0)
  })
})

describe("an upload in parts", () => {
  const announce = (bytes: number): Promise<OpenAI.Upload> =>
    client.uploads.create({ filename: "big.txt", purpose: "assistants", bytes, mime_type: "text/plain" })
  const part = async (id: string, content: string): Promise<string> =>
    (await client.uploads.parts.create(id, { data: await toFile(Buffer.from(content), "part") })).id

  it("is put together in the order named, checked by length and MD5, and its parts are nobody's files", async () => {
    const { id } = await announce(11)
    const [world, hello] = [await part(id, "world"), await part(id, "hello ")]
    expect((await client.files.list()).data.map((file) => file.id)).not.toContain(world)
    await expect(client.uploads.complete(id, { part_ids: [hello] })).rejects.toMatchObject({
      message: expect.stringContaining("6 bytes together; 11 were announced"),
    })
    await expect(client.uploads.complete(id, { part_ids: [hello, world], md5: "0".repeat(32) })).rejects.toMatchObject({ param: "md5" })
    const md5 = createHash("md5").update("hello world").digest("hex")
    const done = await client.uploads.complete(id, { part_ids: [hello, world], md5 })
    expect(done).toMatchObject({ status: "completed", file: { filename: "big.txt", bytes: 11, purpose: "assistants" } })
    expect(await (await client.files.content(done.file?.id ?? "")).text()).toBe("hello world")
    await expect(part(id, "more")).rejects.toMatchObject({ message: expect.stringContaining("is completed") })
    const left = await server.store.system.query("select 1 from files where not is_complete")
    expect(left).toEqual([])
  })

  it("takes no part that is larger than what was announced, none of a stranger, and none once it is cancelled", async () => {
    const { id } = await announce(3)
    await expect(part(id, "too long")).rejects.toMatchObject({ status: 413, code: "file_too_large" })
    await expect(stranger.uploads.cancel(id)).rejects.toMatchObject({ status: 404 })
    expect((await client.uploads.cancel(id)).status).toBe("cancelled")
    await expect(part(id, "abc")).rejects.toMatchObject({ status: 400 })
    await expect(announce(10 ** 12)).rejects.toMatchObject({ status: 413, message: expect.stringContaining("fileBytesMax") })
  })
})

describe("what has expired", () => {
  it("is deleted: a file at once with its chunks, a vector store a day later; until then it can be brought back", async () => {
    const store = await client.vectorStores.create({ expires_after: { anchor: "last_active_at", days: 1 } })
    const other = await client.vectorStores.create({})
    const file = await upload("The canary sings.", "canary.txt")
    for (const { id } of [store, other]) await client.vectorStores.files.createAndPoll(id, { file_id: file }, { pollIntervalMs: 100 })
    const age = (hours: number): Promise<unknown> =>
      server.store.system.query("update vector_stores set last_active_at = now() - make_interval(hours => $2) where id = $1", [
        store.id,
        hours,
      ])
    await age(25)
    expect((await client.vectorStores.retrieve(store.id)).status).toBe("expired")
    await expect(client.vectorStores.search(store.id, { query: "canary" })).rejects.toMatchObject({
      message: expect.stringContaining("expired"),
    })
    await client.vectorStores.update(store.id, { expires_after: { anchor: "last_active_at", days: 2 } })
    expect((await client.vectorStores.search(store.id, { query: "canary" })).data).toHaveLength(1)
    await age(24 * 3 + 1)
    const status = (): Promise<number> =>
      client.vectorStores.retrieve(store.id).then(
        () => 200,
        (error: unknown) => (error as { status: number }).status,
      )
    await expect.poll(status, { timeout: 20_000 }).toBe(404)
    await server.store.system.query("update files set expires_at = now() - interval '1 second' where id = $1", [file])
    await expect
      .poll(async () => (await client.vectorStores.search(other.id, { query: "canary" })).data.length, { timeout: 20_000 })
      .toBe(0)
    const rows = (): Promise<unknown[]> =>
      server.store.system.query("select 1 from vector_store_segments where vector_store_id = any($1)", [[store.id, other.id]])
    await expect.poll(async () => (await rows()).length, { timeout: 20_000 }).toBe(0)
  })
})

describe("search options", () => {
  it("page through all results by `next_page`, each once and in one order, and refuse a page of another search", async () => {
    const store = await client.vectorStores.create({})
    const texts = Array.from(
      { length: 7 },
      (_, index) => new File([`Llama number ${index} eats hay ${"daily ".repeat(index)}.`], `llama-${index}.txt`),
    )
    await client.vectorStores.fileBatches.uploadAndPoll(store.id, { files: texts }, { pollIntervalMs: 50 })
    type Answer = OpenAI.VectorStoreSearchResponse[]
    const ask = async (more: object): Promise<{ status: number; data: Answer; has_more: boolean; next_page: string | null }> => {
      const body = { query: "llama hay", max_num_results: 3, ...more }
      const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" }
      const answer = await fetch(`${server.url}/v1/vector_stores/${store.id}/search`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      })
      return { status: answer.status, ...((await answer.json()) as { data: Answer; has_more: boolean; next_page: string | null }) }
    }
    const names: string[] = []
    const sizes: number[] = []
    for (let page: string | null | undefined; page !== null;) {
      const answer = await ask({ page })
      names.push(...answer.data.map(({ filename }) => filename))
      sizes.push(answer.data.length)
      expect(answer.has_more).toBe(answer.next_page !== null)
      page = answer.next_page
    }
    expect(sizes).toEqual([3, 3, 1])
    const whole = await ask({ max_num_results: 50 })
    expect(names).toEqual(whole.data.map(({ filename }) => filename))
    expect(whole).toMatchObject({ has_more: false, next_page: null })
    const { next_page: next } = await ask({})
    expect(await ask({ page: next, query: "hay" })).toMatchObject({ status: 400 })
    expect(await ask({ page: "3" })).toMatchObject({ status: 400 })
  })

  it("weigh words and vectors as asked, rewrite the question, and refuse rankers that do not exist", async () => {
    const store = await client.vectorStores.create({})
    await client.vectorStores.files.uploadAndPoll(store.id, await toFile(Buffer.from("Llamas eat grass."), "llamas.txt"), {
      pollIntervalMs: 100,
    })
    const ask = async (ranking_options: object): Promise<OpenAI.VectorStores.VectorStoreSearchResponsesPage> =>
      client.vectorStores.search(store.id, { query: "What do llamas eat?", ranking_options })
    const [words, vectors] = [
      await ask({ hybrid_search: { text_weight: 1, embedding_weight: 0 } }),
      await ask({ hybrid_search: { text_weight: 0, embedding_weight: 1 } }),
    ]
    expect(words.data[0]?.score).not.toBeCloseTo(vectors.data[0]?.score ?? 0, 3)
    const query = "Can you tell me what llamas eat, please?"
    const answer = await client.vectorStores
      .search(store.id, { query, rewrite_query: true, ranking_options: { ranker: "none" } })
      .asResponse()
    expect(await answer.json()).toMatchObject({ search_query: ["what llamas eat"] })
    await expect(ask({ ranker: "best" })).rejects.toMatchObject({
      status: 400,
      param: "ranking_options.ranker",
      message: expect.stringMatching(/"best".*none, auto, default-2024-11-15/) as string,
    })
    await expect(ask({ hybrid_search: { text_weight: 0, embedding_weight: 0 } })).rejects.toMatchObject({ status: 400 })
  })

  it("let chunks that are like better ones give way where diversity is asked for, page by page without one twice", async () => {
    const store = await client.vectorStores.create({})
    const texts = [
      "Llamas eat fresh green grass every day in summer.",
      "Every day in summer llamas eat grass, fresh and green.",
      "In summer every day fresh grass, green: llamas eat.",
      "Llamas carry wool to markets beyond mountains.",
    ]
    const files = texts.map((text, index) => new File([text], `${index}.txt`))
    await client.vectorStores.fileBatches.uploadAndPoll(store.id, { files }, { pollIntervalMs: 50 })
    const ask = async (more: object): Promise<{ names: string[]; next: string | null }> => {
      const answer = await fetch(`${server.url}/v1/vector_stores/${store.id}/search`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
        body: JSON.stringify({ query: "llamas eat grass in summer every day", max_num_results: 2, ...more }),
      })
      const { data, next_page: next } = (await answer.json()) as { data: { filename: string }[]; next_page: string | null }
      return { names: data.map(({ filename }) => filename), next }
    }
    expect((await ask({})).names).not.toContain("3.txt")
    const ranking_options = { diversity: 0.7 }
    const first = await ask({ ranking_options })
    expect(first.names).toContain("3.txt")
    const second = await ask({ ranking_options, page: first.next })
    expect([...first.names, ...second.names].toSorted()).toEqual(["0.txt", "1.txt", "2.txt", "3.txt"])
    const tooMuch = { query: "llamas", ranking_options: { diversity: 2 } as object }
    await expect(client.vectorStores.search(store.id, tooMuch)).rejects.toMatchObject({ status: 400, param: "ranking_options.diversity" })
  })
})

it("reached no error handler in all of this", () => {
  expect(server.errors).toEqual([])
})
