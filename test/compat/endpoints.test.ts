// Each endpoint that we have in common with OpenAI, asked by OpenAI's own client: replies, streams and errors as its description says.
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import OpenAI, { toFile } from "openai"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { apiRoutes } from "../../packages/contract/src/index.ts"
import { startFakeProvider, type FakeAnswer } from "../../packages/server/src/testing/fake-provider.ts"
import { loadOpenAiSchema, openAiSchemaMissing } from "../../packages/server/src/testing/openai-schema.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"
import { pixel } from "./clients/client.ts"
import { validation } from "./validation.ts"

const provider = await startFakeProvider()
const validated = validation()
const directory = await temporaryDirectory()
let server: StartedServer
let openai: OpenAI

beforeAll(async () => {
  const config = join(directory.path, "perdure.yaml")
  await writeFile(config, configText(provider.url))
  server = await startPerdure({ dataDirectory: join(directory.path, "data"), config })
  openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.apiKey, fetch: validated.fetch, maxRetries: 0 })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
})
afterEach(async () => {
  provider.always({})
  const problems = await validated.problems()
  if (problems.length > 0) throw new Error(`not what OpenAI's description says:\n${problems.join("\n")}`)
})

/** Models of OpenAI's dialect and of others: what they answer is made here. */
function configText(url: string): string {
  const origin = url.replace(/\/v1$/, "")
  const all = "does: { chat: true, embeddings: true, images: true, speech: true, transcription: true, moderation: true, realtime: true }"
  return `discovery: false
limits: { sameDeploymentRetriesMax: 0, attemptsMax: 1, retryWaitMsMax: 1, breakerFailuresMax: 1000, breakerRequestsMin: 1000, breakerOpenMs: 1, coolDownMs: 1, coolDownMsMax: 1 }
providers:
  up: { type: openai, baseUrl: "${url}", apiKey: "up-key" }
  claude: { type: anthropic, baseUrl: "${origin}", apiKey: "claude-key" }
  gemini: { type: gemini, baseUrl: "${origin}/v1beta", apiKey: "gemini-key" }
  cohere: { type: cohere, baseUrl: "${origin}", apiKey: "cohere-key" }
models:
  gpt: { deployments: [{ provider: up, model: m, ${all} }] }
  claude: { deployments: [{ provider: claude, model: claude-sonnet-4-5 }] }
  gemini: { deployments: [{ provider: gemini, model: gemini-2.5-flash, does: { chat: true, embeddings: true } }] }
  cohere: { deployments: [{ provider: cohere, model: command-a-03-2025, does: { chat: true, embeddings: true } }] }
`
}

function json(answer: object): FakeAnswer {
  return { raw: { status: 200, headers: { "content-type": "application/json" }, body: [JSON.stringify(answer)] } }
}

function events(...all: ({ type: string } & Record<string, unknown>)[]): FakeAnswer {
  const body = all.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  return { raw: { status: 200, headers: { "content-type": "text/event-stream" }, body } }
}

const question = [{ role: "user" as const, content: "How is the weather?" }]
const refused: FakeAnswer = { error: { status: 400, message: "no such thing", type: "invalid_request_error" } }
const tools = [
  { type: "function" as const, function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } } },
]
const calls: FakeAnswer = {
  toolCalls: [
    { id: "call_1", name: "weather", arguments: ['{"city":', '"Lisbon"}'] },
    { id: "call_2", name: "weather", arguments: '{"city":"Porto"}' },
  ],
}
const thinking: FakeAnswer = {
  reasoning: ["Let me ", "think."],
  text: "42",
  usage: { prompt_tokens: 9, completion_tokens: 7, cached_tokens: 4, reasoning_tokens: 3 },
}

/** Reads a stream to its end. */
async function eventsOf<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const event of stream) all.push(event)
  return all
}

async function failed(call: Promise<unknown>): Promise<number | undefined> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return error instanceof OpenAI.APIError ? error.status : undefined
}

describe.each(["gpt", "claude", "gemini", "cohere"])("chat completions and Responses on the model %s", (model) => {
  it.each<[string, FakeAnswer]>([
    ["text", { text: ["It ", "is ", "sunny 🌞."] }],
    ["parallel tool calls", calls],
    ["reasoning", thinking],
    ["an answer that is cut at its limit", { text: "It is", finishReason: "length" }],
  ])("%s", async (_, script) => {
    provider.always(script)
    const asked = { model, messages: question, tools }
    await openai.chat.completions.create(asked)
    await eventsOf(await openai.chat.completions.create({ ...asked, stream: true, stream_options: { include_usage: true } }))
    const same = {
      model,
      input: "How is the weather?",
      tools: tools.map(({ function: each }) => ({ type: "function" as const, strict: null, ...each })),
    }
    await openai.responses.create(same)
    const streamed = await eventsOf(await openai.responses.create({ ...same, stream: true }))
    expect(streamed.map((event) => event.sequence_number)).toEqual(streamed.map((__, index) => index))
    expect(streamed.at(-1)?.type).toMatch(/^response\.(?:completed|incomplete)$/)
  })

  it("refusals by the provider, and errors in the middle of a stream", async () => {
    provider.always(refused)
    expect(await failed(openai.chat.completions.create({ model, messages: question }))).toBe(400)
    provider.always({ text: ["a ", "b"], finishReason: null, ending: "eof", usage: null })
    const chat = await openai.chat.completions.create({ model, messages: question, stream: true })
    await expect(eventsOf(chat)).rejects.toThrow(OpenAI.APIError)
    const streamed = await failed(openai.responses.create({ model, input: "x", stream: true }).then(eventsOf))
    expect(streamed).toBeUndefined()
  })
})

describe("completions", () => {
  it("of texts, a list of them and tokens, whole and streamed", async () => {
    provider.always({ text: ["def add", "(a, b):"] })
    for (const prompt of ["hi", ["a", "b"], [1, 2, 3]]) {
      const made = await openai.completions.create({ model: "gpt", prompt, suffix: "\n", max_tokens: 16 })
      expect(made.choices[0]).toMatchObject({ text: "def add(a, b):", finish_reason: "stop" })
    }
    const chunks = await eventsOf(
      await openai.completions.create({ model: "gpt", prompt: "hi", stream: true, stream_options: { include_usage: true } }),
    )
    expect(chunks.flatMap(({ choices }) => choices.map(({ text }) => text)).join("")).toBe("def add(a, b):")
    expect(chunks.at(-1)?.usage?.total_tokens).toBe(17)
  })

  it("that fail: refused by the provider, of a model that nobody completes, cut in the middle", async () => {
    provider.always(refused)
    expect(await failed(openai.completions.create({ model: "gpt", prompt: "hi" }))).toBe(400)
    expect(await failed(openai.completions.create({ model: "claude", prompt: "hi" }))).toBe(400)
    provider.always({ text: ["a ", "b"], finishReason: null, ending: "eof", usage: null })
    const cut = await openai.completions.create({ model: "gpt", prompt: "hi", stream: true })
    await expect(eventsOf(cut)).rejects.toThrow(OpenAI.APIError)
  })
})

describe("embeddings", () => {
  it.each(["gpt", "gemini", "cohere", "perdure/minilm"])("of %s, as numbers and as base64", async (model) => {
    for (const encoding_format of ["float", "base64"] as const) {
      const made = await openai.embeddings.create({ model, input: ["a", "b"], encoding_format })
      expect(made.data.map(({ index }) => index)).toEqual([0, 1])
    }
  })

  it("of a model that has none are an error", async () => {
    expect(await failed(openai.embeddings.create({ model: "claude", input: "a" }))).toBe(400)
  })
})

const usage = { input_tokens: 7, output_tokens: 9, total_tokens: 16, input_tokens_details: { text_tokens: 7, image_tokens: 0 } }
const picture = { b64_json: pixel, created_at: 1, size: "1024x1024", quality: "low", background: "opaque", output_format: "png" }

describe("images", () => {
  const whole = json({ created: 1, data: [{ b64_json: pixel }], usage })
  const image = async (): Promise<File> => toFile(Buffer.from(pixel, "base64"), "a.png", { type: "image/png" })

  it("are made, changed and varied", async () => {
    provider.next(whole, whole, whole)
    expect((await openai.images.generate({ model: "gpt", prompt: "a cat" })).data).toHaveLength(1)
    expect((await openai.images.edit({ model: "gpt", prompt: "a hat", image: await image() })).data).toHaveLength(1)
    expect((await openai.images.createVariation({ model: "gpt", image: await image() })).data).toHaveLength(1)
  })

  it("are streamed in part", async () => {
    const of = (kind: string): FakeAnswer =>
      events({ type: `${kind}.partial_image`, partial_image_index: 0, ...picture }, { type: `${kind}.completed`, ...picture, usage })
    provider.next(of("image_generation"), of("image_edit"))
    expect(await eventsOf(await openai.images.generate({ model: "gpt", prompt: "a cat", stream: true }))).toHaveLength(2)
    expect(await eventsOf(await openai.images.edit({ model: "gpt", prompt: "a", image: await image(), stream: true }))).toHaveLength(2)
  })

  it("that a model cannot make, or a provider refuses, are an error", async () => {
    expect(await failed(openai.images.generate({ model: "claude", prompt: "a cat" }))).toBe(400)
    provider.next(refused)
    expect(await failed(openai.images.generate({ model: "gpt", prompt: "a cat" }))).toBe(400)
  })
})

describe("sounds", () => {
  const sound = async (): Promise<File> => toFile(Buffer.from("RIFFsound"), "a.wav", { type: "audio/wav" })
  const counted = { type: "tokens", input_tokens: 14, output_tokens: 3, total_tokens: 17 }

  it("are written down: as text, in full, in pieces, and in English", async () => {
    const verbose = {
      task: "transcribe",
      language: "english",
      duration: 2.5,
      text: "hello",
      segments: [],
      usage: { type: "duration", seconds: 3 },
    }
    provider.next(
      json({ text: "hello", usage: counted }),
      json(verbose),
      events({ type: "transcript.text.delta", delta: "hel" }, { type: "transcript.text.done", text: "hello", usage: counted }),
      json({ text: "hello" }),
    )
    expect((await openai.audio.transcriptions.create({ model: "gpt", file: await sound() })).text).toBe("hello")
    expect(
      (await openai.audio.transcriptions.create({ model: "gpt", file: await sound(), response_format: "verbose_json" })).duration,
    ).toBe(2.5)
    expect(await eventsOf(await openai.audio.transcriptions.create({ model: "gpt", file: await sound(), stream: true }))).toHaveLength(2)
    expect((await openai.audio.translations.create({ model: "gpt", file: await sound() })).text).toBe("hello")
  })

  it("are spoken, as bytes and as events", async () => {
    provider.next(
      { raw: { status: 200, headers: { "content-type": "audio/mpeg" }, body: [Buffer.from([0, 255, 1])] } },
      events({ type: "speech.audio.delta", audio: "AAAA" }, { type: "speech.audio.done", usage: counted }),
    )
    const spoken = await openai.audio.speech.create({ model: "gpt", voice: "alloy", input: "hello" })
    expect(Buffer.from(await spoken.arrayBuffer())).toEqual(Buffer.from([0, 255, 1]))
    const streamed = await openai.audio.speech.create({ model: "gpt", voice: "alloy", input: "hello", stream_format: "sse" })
    expect(await streamed.text()).toContain("speech.audio.done")
  })

  it("that a model cannot read or speak are an error", async () => {
    expect(await failed(openai.audio.transcriptions.create({ model: "claude", file: await sound() }))).toBe(400)
    expect(await failed(openai.audio.speech.create({ model: "claude", voice: "alloy", input: "hello" }))).toBe(400)
  })
})

describe("moderations", () => {
  it("are the provider's", async () => {
    const names = [
      "hate", "hate/threatening", "harassment", "harassment/threatening", "illicit", "illicit/violent", "self-harm", "self-harm/intent",
      "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic",
    ] // prettier-ignore
    const of = <T>(value: T): Record<string, T> => Object.fromEntries(names.map((name) => [name, value]))
    const result = { flagged: false, categories: of(false), category_scores: of(0.01), category_applied_input_types: of(["text"]) }
    provider.next(json({ id: "modr-1", model: "omni-moderation-latest", results: [result] }))
    expect((await openai.moderations.create({ model: "gpt", input: "hello" })).results[0]?.flagged).toBe(false)
    expect(await failed(openai.moderations.create({ model: "claude", input: "hello" }))).toBe(400)
  })
})

describe("models", () => {
  it("are listed and read", async () => {
    const { data } = await openai.models.list()
    expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining(["gpt", "claude"]))
    expect((await openai.models.retrieve("gpt")).id).toBe("gpt")
    expect(await failed(openai.models.retrieve("nothing"))).toBe(404)
  })
})

describe("stored responses", () => {
  it("are read, replayed, listed by their input, cancelled and deleted", async () => {
    const { id } = await openai.responses.create({ model: "gpt", input: "hello" })
    expect((await openai.responses.retrieve(id)).id).toBe(id)
    expect((await eventsOf(await openai.responses.retrieve(id, { stream: true }))).at(-1)?.type).toBe("response.completed")
    expect((await openai.responses.inputItems.list(id)).data).toHaveLength(1)
    provider.always({ text: "late", delayMs: 30_000 })
    const background = await openai.responses.create({ model: "gpt", input: "hello", background: true })
    expect((await openai.responses.cancel(background.id)).status).toBe("cancelled")
    await openai.responses.delete(id)
    expect(await failed(openai.responses.retrieve(id))).toBe(404)
  })

  it("are compacted, and their input is counted", async () => {
    provider.always({ text: "A short summary." })
    expect((await openai.responses.compact({ model: "gpt", input: "a long conversation" })).object).toBe("response.compaction")
    expect((await openai.responses.inputTokens.count({ model: "gpt", input: "hello" })).input_tokens).toBeGreaterThan(0)
  })
})

describe("conversations", () => {
  it("are made, read, changed and deleted, with their items", async () => {
    const item = { type: "message" as const, role: "user" as const, content: "hello" }
    const { id } = await openai.conversations.create({ items: [item], metadata: { topic: "test" } })
    expect((await openai.conversations.retrieve(id)).id).toBe(id)
    expect((await openai.conversations.update(id, { metadata: { topic: "other" } })).metadata).toEqual({ topic: "other" })
    const [added] = (await openai.conversations.items.create(id, { items: [item] })).data
    const itemId = added?.id ?? ""
    expect((await openai.conversations.items.list(id)).data).toHaveLength(2)
    expect((await openai.conversations.items.retrieve(itemId, { conversation_id: id })).type).toBe("message")
    await openai.conversations.items.delete(itemId, { conversation_id: id })
    expect((await openai.conversations.delete(id)).deleted).toBe(true)
    expect(await failed(openai.conversations.retrieve(id))).toBe(404)
  })
})

describe("files, vector stores and batches", () => {
  const text = async (): Promise<File> => toFile(Buffer.from("The capital of Portugal is Lisbon."), "facts.md", { type: "text/markdown" })

  it("files are kept, listed, read and deleted", async () => {
    const file = await openai.files.create({ file: await text(), purpose: "user_data" })
    expect((await openai.files.list()).data.map(({ id }) => id)).toContain(file.id)
    expect((await openai.files.retrieve(file.id)).filename).toBe("facts.md")
    expect(await (await openai.files.content(file.id)).text()).toContain("Lisbon")
    expect((await openai.files.delete(file.id)).deleted).toBe(true)
    expect(await failed(openai.files.retrieve(file.id))).toBe(404)
  })

  it("vector stores hold files and are searched", async () => {
    const file = await openai.files.create({ file: await text(), purpose: "user_data" })
    const store = await openai.vectorStores.create({ name: "facts" })
    expect((await openai.vectorStores.list()).data.map(({ id }) => id)).toContain(store.id)
    expect((await openai.vectorStores.update(store.id, { name: "all facts" })).name).toBe("all facts")
    await openai.vectorStores.files.createAndPoll(store.id, { file_id: file.id }, { pollIntervalMs: 200 })
    expect((await openai.vectorStores.retrieve(store.id)).file_counts.completed).toBe(1)
    expect((await openai.vectorStores.files.list(store.id)).data).toHaveLength(1)
    const own = { vector_store_id: store.id }
    expect((await openai.vectorStores.files.retrieve(file.id, own)).status).toBe("completed")
    expect((await openai.vectorStores.files.update(file.id, { ...own, attributes: { year: 2026 } })).attributes).toEqual({ year: 2026 })
    expect((await openai.vectorStores.files.content(file.id, own)).data.length).toBeGreaterThan(0)
    expect((await openai.vectorStores.search(store.id, { query: "capital of Portugal" })).data[0]?.filename).toBe("facts.md")
    expect((await openai.vectorStores.files.delete(file.id, own)).deleted).toBe(true)
    expect((await openai.vectorStores.delete(store.id)).deleted).toBe(true)
  })

  it("files are put into a vector store in batches", async () => {
    const store = await openai.vectorStores.create({ name: "many" })
    const own = { vector_store_id: store.id }
    const batch = await openai.vectorStores.fileBatches.uploadAndPoll(
      store.id,
      { files: [await text(), await text()] },
      { pollIntervalMs: 200 },
    )
    expect(batch.file_counts).toEqual({ in_progress: 0, completed: 2, failed: 0, cancelled: 0, total: 2 })
    expect((await openai.vectorStores.fileBatches.retrieve(batch.id, own)).status).toBe("completed")
    const files = (await openai.vectorStores.fileBatches.listFiles(batch.id, own)).data.map(({ id }) => ({
      file_id: id,
      attributes: { a: 1 },
    }))
    const again = await openai.vectorStores.fileBatches.create(store.id, { files })
    expect((await openai.vectorStores.fileBatches.cancel(again.id, own)).status).toBe("cancelled")
    expect(await failed(openai.vectorStores.fileBatches.create(store.id, { file_ids: ["file_nothing"] }))).toBe(404)
  })

  it("large files are uploaded in parts", async () => {
    const halves = ["The capital of Portugal ", "is Lisbon."]
    const bytes = halves.join("").length
    const upload = await openai.uploads.create({ filename: "facts.txt", purpose: "assistants", bytes, mime_type: "text/plain" })
    const parts = await Promise.all(
      halves.map(async (half) => openai.uploads.parts.create(upload.id, { data: await toFile(Buffer.from(half), "part") })),
    )
    const done = await openai.uploads.complete(upload.id, { part_ids: parts.map(({ id }) => id) })
    expect(await (await openai.files.content(done.file?.id ?? "")).text()).toBe(halves.join(""))
    const other = await openai.uploads.create({ filename: "a.txt", purpose: "assistants", bytes: 1, mime_type: "text/plain" })
    expect((await openai.uploads.cancel(other.id)).status).toBe("cancelled")
    expect(await failed(openai.uploads.complete(other.id, { part_ids: [] }))).toBe(400)
  })

  it("batches are made, listed, read and cancelled", async () => {
    provider.always({ text: "late", delayMs: 30_000 })
    const line = { custom_id: "one", method: "POST", url: "/v1/chat/completions", body: { model: "gpt", messages: question } }
    const jsonl = await toFile(Buffer.from(`${JSON.stringify(line)}\n`), "requests.jsonl")
    const input = await openai.files.create({ file: jsonl, purpose: "batch" })
    const batch = await openai.batches.create({ input_file_id: input.id, endpoint: "/v1/chat/completions", completion_window: "24h" })
    expect((await openai.batches.list()).data.map(({ id }) => id)).toContain(batch.id)
    expect((await openai.batches.retrieve(batch.id)).object).toBe("batch")
    expect((await openai.batches.cancel(batch.id)).status).toMatch(/^cancel/)
  })

  it("secrets for browsers are made", async () => {
    const made = await openai.realtime.clientSecrets.create({ session: { type: "realtime", model: "gpt" } })
    expect(made.value).toMatch(/^ek_/)
  })
})

/** What is not compared with the description, and why. */
const unchecked: Readonly<Record<string, string>> = {
  "GET /files/{file_id}/content application/json": "described as a JSON string, served as the file's bytes",
}

describe.skipIf(openAiSchemaMissing)("OpenAI's description", () => {
  it("has been held against every endpoint that we have in common", () => {
    const schema = loadOpenAiSchema()
    const wanted = apiRoutes
      .filter(({ dialect, status }) => dialect === "openai" && status === undefined)
      .flatMap(({ method, path, streams }) => {
        const operation = schema.operationOf(method, path)
        if (operation === undefined) return []
        const kinds = (["application/json", ...(streams ? ["text/event-stream" as const] : [])] as const).filter(
          (kind) => schema.answerProblems(operation, kind, null) !== undefined,
        )
        return kinds.map((kind) => `${operation} ${kind}`)
      })
    expect(wanted.length).toBeGreaterThan(40)
    expect(wanted.filter((each) => !validated.checked.has(each) && unchecked[each] === undefined)).toEqual([])
    console.log(`${validated.checkedCount} answers and events of ${validated.checked.size} kinds were checked against OpenAI's description`)
  })
})
