// Tests of files and vector stores through the real `openai` client: upload, ingestion, search, deletion, walls between projects.
import OpenAI, { toFile } from "openai"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { LightRunRecord } from "../../accounting/index.ts"
import { defaultLimits, newId, systemClock } from "../../core/index.ts"
import { createGate, createIdentity } from "../../security/index.ts"
import { createApi, createHttpServer } from "../index.ts"
import { filesRoutes } from "./files.ts"
import { vectorStoreRoutes } from "./vector-stores.ts"
import { startContextServer, wordVectors, type ContextServer } from "../../testing/context-server.ts"
import { testEngines } from "../../testing/database.ts"

const guide = "# Animals\n\n## Llamas\n\nLlamas live in the Andes and eat grass.\n\n## Bees\n\nBees make honey in their hives.\n"
const text = (content: string, name: string): Promise<File> => toFile(Buffer.from(content), name)

it("files and vector stores change only where a grant allows it, and can be read without one", async () => {
  await using server = await startContextServer()
  const granted = new OpenAI({ apiKey: server.apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 })
  const file = await granted.files.create({ file: await text(guide, "guide.md"), purpose: "assistants" })
  const store = await granted.vectorStores.create({ file_ids: [file.id] })
  const gate = createGate({ grants: [{ to: "*", allow: ["memory.write:*", "tool.read:*"], origin: "test" }] })
  const records: LightRunRecord[] = []
  const record = (one: LightRunRecord): number => records.push(one)
  const parts = { ...server.context, gate, clock: systemClock, newId, limits: defaultLimits, record }
  const routes = [filesRoutes(parts), vectorStoreRoutes(parts)]
  const identity = await createIdentity({ store: server.store, clock: systemClock, newId, limits: defaultLimits, onError: () => undefined })
  const shared = { identity, clock: systemClock, newId, limits: defaultLimits, logger: { error: () => undefined } }
  await using http = createHttpServer({ ...shared, app: createApi({ ...shared, routes }), hotRoutes: {} })
  const url = await http.listen(0, "127.0.0.1")
  const client = new OpenAI({ apiKey: server.apiKey, baseURL: `${url}/v1`, maxRetries: 0 })
  const writes = [
    async () => client.files.create({ file: await text("x", "x.txt"), purpose: "assistants" }),
    () => client.files.delete(file.id),
    () => client.vectorStores.create({}),
    () => client.vectorStores.update(store.id, { name: "theirs" }),
    () => client.vectorStores.delete(store.id),
    () => client.vectorStores.files.create(store.id, { file_id: file.id }),
    () => client.vectorStores.files.update(file.id, { vector_store_id: store.id, attributes: { a: 1 } }),
    () => client.vectorStores.files.delete(file.id, { vector_store_id: store.id }),
  ]
  for (const write of writes) {
    const message = expect.stringContaining("file.write") as string
    await expect(write()).rejects.toMatchObject({ status: 403, code: "policy_denied", message })
  }
  expect(records).toHaveLength(writes.length)
  for (const { kind, outcome, status, data } of records) {
    const decision = { allowed: false, rule: "default deny", action: "file.write", reason: expect.stringContaining("no grant") as string }
    expect({ kind, outcome, status, data }).toMatchObject({ kind: "file", outcome: "failed", status: 403, data: { gate: decision } })
  }
  expect(await client.files.retrieve(file.id)).toEqual(file)
  expect((await client.vectorStores.retrieve(store.id)).id).toBe(store.id)
  await identity[Symbol.asyncDispose]()
})

describe.each(testEngines())("on %s", (engine) => {
  let server: ContextServer
  let client: OpenAI
  let stranger: OpenAI

  beforeAll(async () => {
    server = await startContextServer({ engine, limits: { fileBytesMax: 3_000_000 } })
    client = new OpenAI({ apiKey: server.apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 })
    stranger = new OpenAI({ apiKey: server.otherKey, baseURL: `${server.url}/v1`, maxRetries: 0 })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  describe("files", () => {
    it("come back byte for byte, with what describes them", async () => {
      const bytes = Buffer.alloc(2_500_000, Buffer.from(Array.from({ length: 251 }, (_, index) => index)))
      const file = await client.files.create({ file: await toFile(bytes, "data ünï.bin"), purpose: "user_data" })
      expect(file).toMatchObject({ object: "file", bytes: 2_500_000, filename: "data ünï.bin", purpose: "user_data", status: "processed" })
      const content = await client.files.content(file.id)
      expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true)
      expect(content.headers.get("content-type")).toBe("application/octet-stream")
      expect(await client.files.retrieve(file.id)).toEqual(file)
      expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: "file", deleted: true })
      await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404, code: "not_found" })
    })

    it("are listed in pages in both orders, and by purpose", async () => {
      const made: string[] = []
      for (const purpose of ["batch", "batch", "vision", "batch", "batch"] as const) {
        made.push((await client.files.create({ file: await text(purpose, `${purpose}.txt`), purpose })).id)
      }
      const batches = made.filter((_, index) => index !== 2)
      const ascending: string[] = []
      for await (const file of client.files.list({ purpose: "batch", order: "asc", limit: 2 })) ascending.push(file.id)
      expect(ascending).toEqual(batches)
      const descending = (await client.files.list({ purpose: "batch" })).data.map((file) => file.id)
      expect(descending).toEqual(batches.toReversed())
    })

    it("larger than the limit are refused by its name", async () => {
      const sizes = [3_000_001, 3_200_000]
      const attempts = sizes.map(async (size) =>
        client.files
          .create({ file: await toFile(Buffer.alloc(size, "a"), "huge.txt"), purpose: "assistants" })
          .catch((thrown: unknown) => thrown),
      )
      for (const error of await Promise.all(attempts))
        expect(error).toMatchObject({ status: 413, code: "file_too_large", message: expect.stringContaining("fileBytesMax") })
    })

    it("cannot be asked for by a text that the database cannot hold", async () => {
      for (const path of ["files/%00", "files?after=%00", "vector_stores/a%00b"]) {
        const answer = await fetch(`${server.url}/v1/${path}`, { headers: { authorization: `Bearer ${server.apiKey}` } })
        expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: "invalid_request" } }])
      }
    })

    it("need a purpose that exists and a file", async () => {
      const file = await text("x", "x.txt")
      await expect(client.files.create({ file, purpose: "nonsense" as "batch" })).rejects.toMatchObject({
        code: "unsupported_value",
        param: "purpose",
      })
      const form = new FormData()
      form.append("purpose", "assistants")
      const answer = await fetch(`${server.url}/v1/files`, {
        method: "POST",
        body: form,
        headers: { authorization: `Bearer ${server.apiKey}` },
      })
      expect([answer.status, ((await answer.json()) as { error: object }).error]).toMatchObject([400, { param: "file" }])
    })
  })

  describe("vector stores", () => {
    it("ingest a file that the client uploads and polls for, and find the passage that answers", async () => {
      const store = await client.vectorStores.create({ name: "animals", metadata: { team: "zoo" } })
      const file = await client.vectorStores.files.uploadAndPoll(store.id, await text(guide, "animals.md"))
      expect(file).toMatchObject({ object: "vector_store.file", status: "completed", last_error: null, vector_store_id: store.id })
      const page = await client.vectorStores.search(store.id, { query: "Where do llamas live?" })
      expect(page.object).toBe("vector_store.search_results.page")
      expect(page.data[0]).toMatchObject({
        file_id: file.id,
        filename: "animals.md",
        content: [{ type: "text", text: "Llamas live in the Andes and eat grass." }],
      })
      const best = page.data[0] as unknown as {
        score: number
        perdure: { span: { start: number; end: number }; why: object; label: object; heading: string[] }
      }
      expect(best.score).toBeGreaterThan(0)
      expect(best.score).toBeLessThanOrEqual(1)
      expect(guide.slice(best.perdure.span.start, best.perdure.span.end)).toBe("Llamas live in the Andes and eat grass.")
      expect(best.perdure).toMatchObject({
        heading: ["Animals", "Llamas"],
        why: { words: { rank: 1 }, vectors: server.store.capabilities.vector ? { rank: 1 } : null },
        label: { integrity: 0, sources: [`file:${file.id}`], readers: [server.projectId] },
      })
      expect(await client.vectorStores.retrieve(store.id)).toMatchObject({
        name: "animals",
        status: "completed",
        metadata: { team: "zoo" },
        file_counts: { completed: 1, total: 1, in_progress: 0 },
      })
      const contents: unknown[] = []
      for await (const part of client.vectorStores.files.content(file.id, { vector_store_id: store.id })) contents.push(part)
      expect(contents).toEqual([
        { type: "text", text: "Llamas live in the Andes and eat grass." },
        { type: "text", text: "Bees make honey in their hives." },
      ])
    })

    it("record each search as a light run that says why each result came", async () => {
      const record = server.records.find((row) => row.name === "vector_store.search")
      expect(record).toMatchObject({ kind: "retrieval", outcome: "completed" })
      expect(record?.data).toHaveProperty("results[0].why.words.rank", 1)
    })

    it("ingest by durable runs whose steps can be read", async () => {
      const { runs } = await server.runs.list(server.projectId, { kind: "ingestion" })
      expect(runs[0]).toMatchObject({ kind: "ingestion", name: "file", status: "completed" })
      const events = await server.runs.events(server.projectId, runs[0]?.id ?? "", 0, 100)
      const steps = events.filter((event) => event.type === "step.completed").map((event) => (event.data as { key: string }).key)
      expect(steps).toEqual(["parse", "plan", ...(server.store.capabilities.vector ? ["embed:0:0"] : []), "segment:0", "commit"])
    })

    it("let a broken file fail alone, with its reason", async () => {
      const good = await client.files.create({ file: await text("Good text about tea.", "good.txt"), purpose: "assistants" })
      const bad = await client.files.create({
        file: await toFile(Buffer.from("fLaC\0\0\0\x22", "latin1"), "notes.md"),
        purpose: "assistants",
      })
      const empty = await client.files.create({ file: await text("", "empty.md"), purpose: "assistants" })
      const store = await client.vectorStores.create({ file_ids: [good.id, bad.id, empty.id] })
      const ended = await Promise.all([good, bad, empty].map((file) => client.vectorStores.files.poll(store.id, file.id)))
      expect(ended.map((file) => [file.status, file.last_error?.code])).toEqual([
        ["completed", undefined],
        ["failed", "unsupported_file"],
        ["failed", "invalid_file"],
      ])
      expect(ended[1]?.last_error?.message).toMatch(/audio\/(?:x-)?flac/)
      expect((await client.vectorStores.search(store.id, { query: "tea" })).data).toHaveLength(1)
      const failed = await client.vectorStores.files.list(store.id, { filter: "failed" })
      expect(failed.data.map((file) => file.id).toSorted()).toEqual([bad.id, empty.id].toSorted())
    })

    it("filter by attributes before they rank, so that no match is lost", async () => {
      const store = await client.vectorStores.create({})
      for (let year = 2020; year < 2026; year++) {
        const file = await client.files.create({ file: await text(`Report about tea, ${year}.`, `${year}.txt`), purpose: "assistants" })
        await client.vectorStores.files.createAndPoll(store.id, { file_id: file.id, attributes: { year, final: year % 2 === 0 } })
      }
      const search = async (filters: OpenAI.ComparisonFilter | OpenAI.CompoundFilter): Promise<string[]> => {
        const page = await client.vectorStores.search(store.id, { query: "tea report", filters, max_num_results: 2 })
        return page.data.map((result) => result.filename).toSorted()
      }
      expect(await search({ type: "lt", key: "year", value: 2022 })).toEqual(["2020.txt", "2021.txt"])
      const both = {
        type: "and",
        filters: [
          { type: "gte", key: "year", value: 2022 },
          { type: "eq", key: "final", value: true },
        ],
      } as const
      expect(await search({ ...both, filters: [...both.filters] })).toEqual(["2022.txt", "2024.txt"])
      expect(await search({ type: "eq", key: "year", value: 1999 })).toEqual([])
      await expect(search({ type: "like", key: "year", value: 1 } as unknown as OpenAI.ComparisonFilter)).rejects.toMatchObject({
        param: "filters.type",
      })
    })

    it("cut by the score threshold", async () => {
      const store = await client.vectorStores.create({})
      await client.vectorStores.files.uploadAndPoll(store.id, await text(guide, "animals.md"))
      const all = await client.vectorStores.search(store.id, { query: "honey hives bees, not llamas" })
      const threshold = ((all.data[0]?.score ?? 0) + (all.data[1]?.score ?? 0)) / 2
      const cut = await client.vectorStores.search(store.id, {
        query: "honey hives bees, not llamas",
        ranking_options: { score_threshold: threshold },
      })
      expect([all.data.length, cut.data.length]).toEqual([2, 1])
      const several = await client.vectorStores.search(store.id, { query: ["llamas", "bees"] })
      expect(several.data).toHaveLength(2)
    })

    it("forget a file at once when it is removed or deleted", async () => {
      const store = await client.vectorStores.create({})
      const first = await client.vectorStores.files.uploadAndPoll(store.id, await text("The canary sings.", "canary.txt"))
      const second = await client.vectorStores.files.uploadAndPoll(store.id, await text("The canary sleeps.", "canary2.txt"))
      await client.vectorStores.files.delete(first.id, { vector_store_id: store.id })
      expect((await client.vectorStores.search(store.id, { query: "canary" })).data.map((result) => result.file_id)).toEqual([second.id])
      await client.files.delete(second.id)
      expect((await client.vectorStores.search(store.id, { query: "canary" })).data).toEqual([])
      await expect(client.vectorStores.files.retrieve(second.id, { vector_store_id: store.id })).rejects.toMatchObject({ status: 404 })
      const left = await server.store.system.query<{ rows: number }>(
        `select (select count(*) from word_deltas where scope_id = $1) + (select count(*) from index_entries where scope_id = $1)
         + ${server.store.capabilities.vector ? "(select count(*) from embeddings where scope_id = $1)" : "0"} + (select count(*) from chunks where vector_store_id = $1) as rows`,
        [store.id],
      )
      expect(left[0]?.rows).toBe(0)
    })

    it("are changed, listed and deleted", async () => {
      const store = await client.vectorStores.create({ name: "before", expires_after: { anchor: "last_active_at", days: 2 } })
      const changed = await client.vectorStores.update(store.id, { name: "after", metadata: { a: "b" } })
      expect(changed).toMatchObject({ name: "after", metadata: { a: "b" }, expires_after: { anchor: "last_active_at", days: 2 } })
      expect((changed.expires_at ?? 0) - (changed.last_active_at ?? 0)).toBe(2 * 86_400)
      expect((await client.vectorStores.list({ limit: 1 })).data[0]?.id).toBe(store.id)
      expect(await client.vectorStores.delete(store.id)).toMatchObject({ deleted: true })
      await expect(client.vectorStores.retrieve(store.id)).rejects.toMatchObject({ status: 404, code: "not_found" })
    })

    it("put a file in again with other chunks, without a trace of the first ones", async () => {
      const store = await client.vectorStores.create({})
      const sentences = Array.from({ length: 60 }, (_, index) => `Sentence ${index} tells of tea and nothing else.`).join(" ")
      const file = await client.files.create({ file: await text(sentences, "tea.txt"), purpose: "assistants" })
      await client.vectorStores.files.createAndPoll(store.id, { file_id: file.id })
      const chunking_strategy = { type: "static", static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 } } as const
      const again = await client.vectorStores.files.createAndPoll(store.id, { file_id: file.id, chunking_strategy })
      expect(again).toMatchObject({ status: "completed", chunking_strategy })
      const parts: string[] = []
      for await (const part of client.vectorStores.files.content(file.id, { vector_store_id: store.id })) parts.push(part.text ?? "")
      expect(parts.join("")).toBe(sentences)
    })

    it("and files of another project do not exist for a stranger", async () => {
      const store = await client.vectorStores.create({ name: "mine" })
      const file = await client.vectorStores.files.uploadAndPoll(store.id, await text("Secret plans.", "secret.txt"))
      const attempts = [
        () => stranger.files.retrieve(file.id),
        () => stranger.files.content(file.id),
        () => stranger.files.delete(file.id),
        () => stranger.vectorStores.retrieve(store.id),
        () => stranger.vectorStores.update(store.id, { name: "theirs" }),
        () => stranger.vectorStores.delete(store.id),
        () => stranger.vectorStores.search(store.id, { query: "secret" }),
        () => stranger.vectorStores.files.retrieve(file.id, { vector_store_id: store.id }),
        () => stranger.vectorStores.files.create(store.id, { file_id: file.id }),
        () => stranger.vectorStores.files.delete(file.id, { vector_store_id: store.id }),
        () => stranger.vectorStores.create({ file_ids: [file.id] }),
      ]
      for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ status: 404, code: "not_found" })
      expect((await stranger.vectorStores.list()).data).toEqual([])
      expect((await client.vectorStores.search(store.id, { query: "secret" })).data).toHaveLength(1)
    })
  })

  it("reached no error handler in all of this", () => {
    expect(server.errors).toEqual([])
  })
})

describe("without vectors", () => {
  it.each([
    ["no embedding model", { embed: undefined }, "no embedding model is configured"],
    ["no pgvector", { vector: false, embed: wordVectors }, "the database has no pgvector"],
  ])("(%s) search is by words and says so", async (_, options, reason) => {
    await using bare = await startContextServer(options)
    const openai = new OpenAI({ apiKey: bare.apiKey, baseURL: `${bare.url}/v1`, maxRetries: 0 })
    const store = await openai.vectorStores.create({})
    await openai.vectorStores.files.uploadAndPoll(store.id, await text(guide, "animals.md"))
    const page = await openai.vectorStores.search(store.id, { query: "honey" }).asResponse()
    expect(await page.json()).toMatchObject({
      data: [{ content: [{ text: "Bees make honey in their hives." }], perdure: { why: { vectors: null } } }],
      perdure: { words_only: reason },
    })
  })

  it("a failing embedding model fails the file with its reason, and the words of a query still find", async () => {
    let broken = false
    const embed: typeof wordVectors = (texts, signal) => (broken ? Promise.reject(new Error("model is gone")) : wordVectors(texts, signal))
    await using flaky = await startContextServer({ embed })
    const openai = new OpenAI({ apiKey: flaky.apiKey, baseURL: `${flaky.url}/v1`, maxRetries: 0 })
    const store = await openai.vectorStores.create({})
    await openai.vectorStores.files.uploadAndPoll(store.id, await text(guide, "animals.md"))
    broken = true
    const page = await openai.vectorStores.search(store.id, { query: "honey" }).asResponse()
    expect(await page.json()).toMatchObject({ data: [{}], perdure: { words_only: "embedding the query failed" } })
    const failed = await openai.vectorStores.files.uploadAndPoll(store.id, await text("More text.", "more.txt"))
    expect(failed).toMatchObject({ status: "failed", last_error: { code: "server_error", message: "model is gone" } })
  })
})
