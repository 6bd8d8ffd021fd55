// A used-up budget, of a model, of a provider or of a key, on every way to a model over the real server: refused before the provider is reached, which an open one reaches.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeAnswer, type FakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { startFakeRealtime, type FakeRealtime } from "../../packages/server/src/testing/fake-realtime.ts"
import { openSocket } from "../../packages/server/src/testing/socket-client.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const messages = [{ role: "user", content: "Say hi." }]
const usage = { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 }
/** In the words of OpenAI and of Anthropic. */
const refusal = /"(?:insufficient_quota|billing_error)"/

interface Caller {
  model: string
  key: string
}

/** What the client was told, as text. */
type Ask = (caller: Caller) => Promise<string>

describe("a used-up budget", () => {
  const cleanUps = new AsyncDisposableStack()
  let provider: FakeProvider
  let voices: FakeRealtime
  let server: StartedServer
  let emptyKey: string

  beforeAll(async () => {
    provider = cleanUps.use(await startFakeProvider(({ path }) => mediaAnswer(path) ?? { text: "hi", usage }))
    voices = cleanUps.use(await startFakeRealtime())
    const directory = cleanUps.use(await temporaryDirectory())
    const config = join(directory.path, "perdure.yaml")
    writeFileSync(config, configOf(provider.url, voices.url))
    server = cleanUps.use(await startPerdure({ dataDirectory: join(directory.path, "data"), config }))
    const made = await post("/v1/keys", { name: "empty", limits: { budgetUsd: 0, budgetPer: "total" } })
    emptyKey = (JSON.parse(made) as { secret: string }).secret
  })
  afterAll(() => cleanUps.disposeAsync())

  const headersOf = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` })
  const post = async (path: string, body: object, key = server.apiKey): Promise<string> => {
    const headers = { ...headersOf(key), "content-type": "application/json" }
    return await (await fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })).text()
  }
  const form = async (path: string, { model, key }: Caller): Promise<string> => {
    const body = new FormData()
    body.set("model", model)
    body.set("prompt", "x")
    body.set(path.includes("images") ? "image" : "file", new File([new Uint8Array(64_000)], "it.bin"))
    return await (await fetch(`${server.url}${path}`, { method: "POST", headers: headersOf(key), body })).text()
  }
  const json =
    (path: string, body: object): Ask =>
    ({ model, key }) =>
      post(path, { model, ...body }, key)
  const background: Ask = async ({ model, key }) => {
    const { id } = JSON.parse(await post("/v1/responses", { model, input: "hi", background: true }, key)) as { id: string }
    for (;;) {
      const text = await (await fetch(`${server.url}/v1/responses/${id}`, { headers: headersOf(key) })).text()
      if (!["queued", "in_progress"].includes((JSON.parse(text) as { status: string }).status)) return text
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const socket: Ask = async ({ model, key }) => {
    using client = await openSocket(server.url, "/v1/responses", { headers: headersOf(key) })
    client.send({ type: "response.create", model, input: "hi" })
    for (;;) {
      const frame = await client.next()
      if (["error", "response.failed", "response.completed"].includes(frame["type"] as string)) return JSON.stringify(frame)
    }
  }
  const realtime: Ask = async ({ model, key }) => {
    using client = await openSocket(server.url, `/v1/realtime?model=${model}`, { headers: headersOf(key) })
    const frame = await client.next()
    return JSON.stringify(frame)
  }

  const ways: readonly [way: string, ask: Ask][] = [
    ["chat completions", json("/v1/chat/completions", { messages, max_tokens: 100 })],
    ["chat completions, streamed", json("/v1/chat/completions", { messages, stream: true })],
    ["completions", json("/v1/completions", { prompt: "hi", max_tokens: 100 })],
    ["completions, streamed", json("/v1/completions", { prompt: "hi", stream: true })],
    ["Anthropic's messages", json("/v1/messages", { messages, max_tokens: 100 })],
    ["Anthropic's messages, streamed", json("/v1/messages", { messages, max_tokens: 100, stream: true })],
    ["responses", json("/v1/responses", { input: "hi" })],
    ["responses, streamed", json("/v1/responses", { input: "hi", stream: true })],
    ["responses that are not stored", json("/v1/responses", { input: "hi", store: false })],
    ["responses in the background", background],
    ["responses over a WebSocket", socket],
    ["compaction", json("/v1/responses/compact", { input: "We agreed on blue." })],
    ["embeddings", json("/v1/embeddings", { input: "hi" })],
    ["images", json("/v1/images/generations", { prompt: "a cat" })],
    ["changed images", (caller) => form("/v1/images/edits", caller)],
    ["varied images", (caller) => form("/v1/images/variations", caller)],
    ["speech", json("/v1/audio/speech", { input: "hi", voice: "alloy" })],
    ["transcriptions", (caller) => form("/v1/audio/transcriptions", caller)],
    ["translations", (caller) => form("/v1/audio/translations", caller)],
    ["reranking", json("/v1/rerank", { query: "q", documents: ["a", "b"] })],
    ["realtime sessions", realtime],
  ]
  const reached = (): number => provider.requests.length + voices.sessions.length

  it.each(ways)("E3 %s: of a model, of a provider, of a key", async (way, ask) => {
    const spoken = way.startsWith("realtime")
    const [open, spent, there] = spoken ? ["open-voice", "spent-voice", "voice-there"] : ["open", "spent", "there"]
    const before = reached()
    expect(await ask({ model: spent, key: server.apiKey })).toMatch(refusal)
    expect(await ask({ model: there, key: server.apiKey })).toMatch(refusal)
    expect(await ask({ model: open, key: emptyKey })).toMatch(refusal)
    expect(reached()).toBe(before)
    expect(await ask({ model: open, key: server.apiKey })).not.toMatch(refusal)
    expect(reached()).toBe(before + 1)
  })

  it.each([
    ["images", "per-image", "/v1/images/generations", { prompt: "a cat", n: 3 }],
    ["speech", "per-character", "/v1/audio/speech", { input: "x".repeat(2_000), voice: "alloy" }],
    ["reranking", "per-search", "/v1/rerank", { query: "q", documents: Array.from({ length: 150 }, () => "a") }],
  ])("E3 %s that are paid by the piece are held before they are made", async (_what, model, path, body) => {
    const before = reached()
    expect(await post(path, { model, ...body })).toMatch(refusal)
    expect(reached()).toBe(before)
    expect(await post(path, { model, ...body, n: 1, input: "hi", documents: ["a"] })).not.toMatch(refusal)
    expect(reached()).toBe(before + 1)
  })
})

function mediaAnswer(path: string): FakeAnswer | undefined {
  const json = (body: object): FakeAnswer => ({
    raw: { status: 200, headers: { "content-type": "application/json" }, body: [JSON.stringify(body)] },
  })
  if (path.includes("/images/")) return json({ created: 1, data: [{ b64_json: "aGk=" }] })
  if (path.endsWith("/audio/speech")) return { raw: { status: 200, headers: { "content-type": "audio/mpeg" }, body: ["hi"] } }
  if (path.includes("/audio/")) return json({ text: "hi", usage: { type: "duration", seconds: 4 } })
  return path.endsWith("/rerank") ? json({ results: [{ index: 0, relevance_score: 1 }] }) : undefined
}

function configOf(providerUrl: string, voicesUrl: string): string {
  const everything = "chat: true, embeddings: true, images: true, speech: true, transcription: true, rerank: true"
  const pieces = "perImageUsd: 0.01, perSecondUsd: 0.001, perMillionCharactersUsd: 10, perThousandSearchesUsd: 2"
  const deployment = (model: string, provider = "fake"): string =>
    `{ provider: ${provider}, model: ${model}, price: { inputPerMillionUsd: 1, outputPerMillionUsd: 2, ${pieces} }, does: { ${everything} } }`
  const paidBy = (price: string, does: string): string =>
    `{ deployments: [{ provider: fake, model: by-${does}, price: { ${price} }, does: { ${does}: true } }] }`
  const voice = (model: string, provider = "voices"): string =>
    `{ provider: ${provider}, model: ${model}, price: { inputPerMillionUsd: 1, outputPerMillionUsd: 2 }, does: { realtime: true } }`
  return `providers: { fake: { baseUrl: "${providerUrl}" }, voices: { baseUrl: "${voicesUrl}" },
  spent: { type: openai-compatible, baseUrl: "${providerUrl}" }, spent-voices: { type: openai-compatible, baseUrl: "${voicesUrl}" } }
models:
  open: { deployments: [${deployment("a")}] }
  spent: { deployments: [${deployment("b")}] }
  open-voice: { deployments: [${voice("c")}] }
  spent-voice: { deployments: [${voice("d")}] }
  there: { deployments: [${deployment("e", "spent")}] }
  voice-there: { deployments: [${voice("f", "spent-voices")}] }
  per-image: ${paidBy("perImageUsd: 0.01", "images")}
  per-character: ${paidBy("perMillionCharactersUsd: 10", "speech")}
  per-search: ${paidBy("perThousandSearchesUsd: 2", "rerank")}
budgets:
  - { name: spent, for: { model: spent }, usd: 0, per: month }
  - { name: spent-voice, for: { model: spent-voice }, usd: 0, per: month }
  - { name: spent-there, for: { provider: [spent, spent-voices] }, usd: 0, per: month }
  - { name: two-images, for: { model: per-image }, usd: 0.02, per: total }
  - { name: a-thousand-characters, for: { model: per-character }, usd: 0.01, per: total }
  - { name: a-search, for: { model: per-search }, usd: 0.002, per: total }
discovery: false
`
}
