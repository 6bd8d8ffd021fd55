// Tests of ingestion as a durable run: killed in the middle it neither loses nor doubles, and what a crash left half started is made good.
import OpenAI, { toFile } from "openai"
import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { afterEach, expect, it } from "vitest"
import { vectorStoreFiles } from "../store/index.ts"
import { startContextServer, wordVectors } from "../testing/context-server.ts"
import { nodeFlags } from "../testing/node-flags.ts"

const program = new URL("../testing/context-process.ts", import.meta.url).pathname
const sentences = Array.from({ length: 1_200 }, (_, index) => `Sentence number ${index} tells a long story about tea and mountains.`)
const source = sentences.join(" ")

/** The test's vectors do not tell numbers apart. */
const byWords: object = { hybrid_search: { text_weight: 1, embedding_weight: 0 } }

const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

interface Running {
  client: OpenAI
  /** Resolves when that many batches were embedded by this process. */
  embedded(batches: number): Promise<void>
  /** Texts embedded so far. */
  texts(): number
  kill(): Promise<void>
}

async function start(directory: string): Promise<Running> {
  const child: ChildProcess = spawn(process.execPath, [...nodeFlags, program, directory], { stdio: ["ignore", "pipe", "inherit"] })
  const address = Promise.withResolvers<{ url: string; apiKey: string }>()
  const waiting: { batches: number; resolve: () => void }[] = []
  let batches = 0
  let texts = 0
  createInterface({ input: child.stdout ?? process.stdin }).on("line", (line) => {
    if (line.startsWith("{")) address.resolve(JSON.parse(line) as { url: string; apiKey: string })
    else {
      batches += 1
      texts += Number(line.replace("embed ", ""))
    }
    for (const waiter of waiting) if (waiter.batches <= batches) waiter.resolve()
  })
  child.once("exit", (code) => address.reject(new Error(`the server ended with ${code} before it began`)))
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill("SIGKILL")
    await once(child, "exit")
  }
  cleanUps.push(kill)
  const { url, apiKey } = await address.promise
  const client = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 })
  const embedded = (count: number): Promise<void> =>
    batches >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ batches: count, resolve }))
  return { client, embedded, texts: () => texts, kill }
}

it("a process killed while it ingests is continued by the next, without losing or doubling a chunk", async () => {
  const directory = await mkdtemp(join(tmpdir(), "perdure-ingestion-"))
  cleanUps.push(() => rm(directory, { recursive: true, force: true }))
  const first = await start(directory)
  const store = await first.client.vectorStores.create({ name: "tea" })
  const file = await first.client.files.create({ file: await toFile(Buffer.from(source), "tea.txt"), purpose: "assistants" })
  const chunking_strategy = { type: "static", static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 } } as const
  await first.client.vectorStores.files.create(store.id, { file_id: file.id, chunking_strategy })
  await first.embedded(3)
  await first.kill()

  const second = await start(directory)
  const done = await second.client.vectorStores.files.poll(store.id, file.id)
  expect(done).toMatchObject({ status: "completed", last_error: null })
  const parts: string[] = []
  for await (const part of second.client.vectorStores.files.content(file.id, { vector_store_id: store.id })) parts.push(part.text ?? "")
  expect([parts.join("").length, parts.join("") === source]).toEqual([source.length, true])
  // The second process repeats at most the batch that was being embedded, not those whose results were committed.
  expect(first.texts() + second.texts()).toBeLessThanOrEqual(parts.length + 32)
  const page = await second.client.vectorStores.search(store.id, { query: "sentence number 777", ranking_options: byWords })
  expect(page.data[0]?.content[0]?.text).toContain("777")
  await second.kill()
})

it.each(["when somebody asks for it", "in time when nobody does"])(
  "a file whose run was never started, because the process died between the two writes, is ingested %s",
  async (when) => {
    await using server = await startContextServer({ limits: { expirySweepMs: when === "when somebody asks for it" ? 3_600_000 : 100 } })
    const caller = { projectId: server.projectId, principal: "key_test", user: null }
    const upload = { filename: "a.md", purpose: "assistants", content: new TextEncoder().encode("Tea is a drink.") }
    const file = await server.context.files.upload(caller, upload)
    const { store } = await server.context.vectorStores.create(caller, {
      name: null,
      description: null,
      metadata: null,
      expiresAfterDays: null,
      fileIds: [],
      chunking: { tokensMax: 200, overlapTokens: 20 },
    })
    await vectorStoreFiles.upsertVectorStoreFiles(server.store.system, [
      {
        projectId: server.projectId,
        vectorStoreId: store.id,
        fileId: file.id,
        runId: "run_01a210a3fbe97d088ebc2ed9f85932de",
        attributes: {},
        chunkTokensMax: 200,
        chunkOverlapTokens: 20,
        createdAt: Date.now() - 60_000,
        replaces: null,
        batchId: null,
      },
    ])
    const stored = async (): Promise<string | undefined> =>
      (await vectorStoreFiles.findVectorStoreFile(server.store.system, server.projectId, store.id, file.id))?.status
    const asked = async (): Promise<string> => (await server.context.vectorStores.getFile(caller, store.id, file.id)).status
    const status = when === "when somebody asks for it" ? asked : stored
    await expect.poll(status, { timeout: 30_000 }).toBe("completed")
  },
)

it("a file removed while it is ingested leaves nothing behind", async () => {
  const hold = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  await using server = await startContextServer({
    embed: async (texts) => {
      begun.resolve()
      await hold.promise
      return texts.map(() => new Float32Array(4).fill(0.5))
    },
  })
  const client = new OpenAI({ apiKey: server.apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 })
  const store = await client.vectorStores.create({})
  const file = await client.files.create({ file: await toFile(Buffer.from("Tea is a drink."), "a.txt"), purpose: "assistants" })
  await client.vectorStores.files.create(store.id, { file_id: file.id })
  await begun.promise
  await client.vectorStores.files.delete(file.id, { vector_store_id: store.id })
  hold.resolve()
  const [run] = (await server.runs.list(server.projectId, { kind: "ingestion" })).runs
  const ended = await server.runs.ended(server.projectId, run?.id ?? "", AbortSignal.timeout(30_000))
  expect(ended.status).toBe("cancelled")
  const [left] = await server.store.system.query<{ rows: number }>(
    "select (select count(*) from chunks) + (select count(*) from index_entries) + (select count(*) from embeddings) as rows",
  )
  expect(left?.rows).toBe(0)
})

it("a file put in again, or the next version of it, changes only what changed: other chunks keep their ids and are not embedded again", async () => {
  let texts = 0
  await using server = await startContextServer({
    embed: (list, signal) => {
      texts += list.length
      return wordVectors(list, signal)
    },
  })
  const client = new OpenAI({ apiKey: server.apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 })
  const store = await client.vectorStores.create({})
  const chunking_strategy = { type: "static", static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 } } as const
  const paragraphs = Array.from({ length: 600 }, (_, index) => `Paragraph ${index}. ${sentences.slice(index, index + 6).join(" ")}`)
  const upload = async (content: string): Promise<string> =>
    (await client.files.create({ file: await toFile(Buffer.from(content), "book.txt"), purpose: "assistants" })).id
  const rows = (): Promise<{ id: string; segment: string }[]> =>
    server.store.system.query(
      `select c.id, c.document_id as segment from chunks c join vector_store_segments s using (project_id, vector_store_id, document_id)
       order by s.first_position, c.part`,
    )
  const first = await upload(paragraphs.join("\n\n"))
  expect((await client.vectorStores.files.createAndPoll(store.id, { file_id: first, chunking_strategy })).status).toBe("completed")
  const before = await rows()
  expect(texts).toBe(before.length)

  expect((await client.vectorStores.files.createAndPoll(store.id, { file_id: first, chunking_strategy })).status).toBe("completed")
  expect([texts, await rows()]).toEqual([before.length, before])

  const second = await upload(
    ["A new beginning about llamas.", ...paragraphs.slice(0, 299), "A changed one.", ...paragraphs.slice(300)].join("\n\n"),
  )
  const body = { file_id: second, chunking_strategy, perdure: { replaces: first } }
  await client.vectorStores.files.create(store.id, body)
  expect((await client.vectorStores.files.poll(store.id, second)).status).toBe("completed")
  const after = await rows()
  expect(texts - before.length).toBeLessThanOrEqual(4)
  const kept = new Set(before.map(({ id }) => id))
  expect(after.filter(({ id }) => !kept.has(id)).length).toBeLessThanOrEqual(4)
  const segments = new Set(before.map(({ segment }) => segment))
  expect(after.filter(({ segment }) => segments.has(segment)).length).toBeGreaterThan(after.length / 3)
  expect((await client.vectorStores.files.list(store.id)).data.map(({ id }) => id)).toEqual([second])
  const page = await client.vectorStores.search(store.id, { query: "Paragraph 450", ranking_options: byWords })
  const best = page.data[0] as unknown as {
    file_id: string
    content: { text: string }[]
    perdure: { span: { start: number; end: number } }
  }
  const text = await (await client.files.content(second)).text()
  expect([best.file_id, text.slice(best.perdure.span.start, best.perdure.span.end)]).toEqual([second, best.content[0]?.text])
})

it("nothing of a file is found before all of it is there, and what it had before is found until then", async () => {
  const hold = Promise.withResolvers<void>()
  let batches = 0
  await using server = await startContextServer({
    embed: async (list, signal) => {
      batches += 1
      if (batches === 8) await hold.promise
      return wordVectors(list, signal)
    },
  })
  const client = new OpenAI({ apiKey: server.apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 })
  const store = await client.vectorStores.create({})
  const small = await client.files.create({
    file: await toFile(Buffer.from("A small note about mountains."), "small.txt"),
    purpose: "assistants",
  })
  await client.vectorStores.files.createAndPoll(store.id, { file_id: small.id })
  const large = await client.files.create({ file: await toFile(Buffer.from(source), "large.txt"), purpose: "assistants" })
  const chunking_strategy = { type: "static", static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 } } as const
  await client.vectorStores.files.create(store.id, { file_id: large.id, chunking_strategy })
  const hidden = (): Promise<unknown[]> => server.store.system.query("select 1 from vector_store_segments where not is_live")
  await expect.poll(async () => (await hidden()).length, { timeout: 30_000 }).toBeGreaterThan(0)
  await expect.poll(() => batches, { timeout: 30_000 }).toBeGreaterThanOrEqual(8)
  const found = async (): Promise<string[]> => [
    ...new Set((await client.vectorStores.search(store.id, { query: "a story about mountains" })).data.map((hit) => hit.filename)),
  ]
  expect(await found()).toEqual(["small.txt"])
  const waiting = (await client.vectorStores.files.retrieve(large.id, { vector_store_id: store.id })) as unknown as {
    perdure: { progress: { stage: string; parts_done: number; parts_total: number } }
  }
  expect(waiting.perdure.progress.stage).toBe("indexing")
  expect(waiting.perdure.progress.parts_done).toBeLessThan(waiting.perdure.progress.parts_total)
  hold.resolve()
  expect((await client.vectorStores.files.poll(store.id, large.id)).status).toBe("completed")
  expect(await found()).toContain("large.txt")
  const [run] = (await server.runs.list(server.projectId, { kind: "ingestion" })).runs
  const events = await server.runs.events(server.projectId, run?.id ?? "", 0, 500)
  expect(events.filter(({ type }) => type === "ingestion.progress").length).toBeGreaterThan(1)
})
