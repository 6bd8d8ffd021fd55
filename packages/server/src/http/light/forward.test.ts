// How a light run goes through several deployments: waits, retries, fallbacks across dialects, hedging, and going on in the middle of a stream.
import OpenAI from "openai"
import Anthropic from "@anthropic-ai/sdk"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import type { CallableModel, ModelCall, ModelEvent } from "../../inference/index.ts"
import { fakeSignature } from "../../testing/fake-anthropic-answers.ts"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testKey, testModel } from "../../testing/gateway.ts"

const first = await startFakeProvider()
const second = await startFakeProvider()
const here = testDeployment("", {
  id: "perdure/here",
  provider: "embedded",
  dialect: "native",
  baseUrl: null,
  apiKey: null,
  priority: 1,
  continuesPrefix: true,
})
let asked: ModelCall | undefined
const goesOn: readonly ModelEvent[] = [
  { type: "text-delta", text: "three " },
  { type: "text-delta", text: "four" },
  {
    type: "finished",
    reason: "stop",
    usage: { inputTokens: 9, outputTokens: 2, cachedTokens: 0, reasoningTokens: 0, estimated: false },
    upstreamModel: "here",
  },
]
/** Called in this process, and says nothing until it is given up. */
const endless = testDeployment("", { id: "fake/endless", provider: "ai-sdk", dialect: "ai-sdk" })
async function* untilStopped(_: ModelCall, signal: AbortSignal): AsyncGenerator<ModelEvent> {
  await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)))
  yield* goesOn
}
const one = testDeployment(first.url, { id: "fake/one" })
const two = testDeployment(second.url, { id: "fake/two", priority: 1 })
const claude = (id: string, url: string, priority = 0) =>
  testDeployment(url, { id, provider: "anthropic", dialect: "anthropic-messages", priority })
const gateway = await startTestGateway({
  models: [
    testModel("pair", one, two),
    { ...testModel("hedged", one, two), hedgeAfterMs: 300 },
    { ...testModel("claudes", claude("fake/claude-one", first.url), claude("fake/claude-two", second.url, 1)), hedgeAfterMs: 300 },
    testModel("lonely", one),
    testModel("impatient", { ...one, id: "fake/slow", timeouts: { firstTokenMs: 500 } }, two),
    testModel("hurried", { ...one, id: "fake/hurried", timeouts: { totalMs: 400 } }, two),
    testModel("hurried here", { ...endless, timeouts: { totalMs: 400 } }, two),
    testModel("continued", one, here),
    testModel("picky", { ...one, id: "fake/picky", retry: { attempts: 1, on: [400], first: true }, fallbackOn: [418] }, two),
    testModel("signed", claude("fake/claude", first.url), here),
    testModel("anew", one, { ...two, continuesPrefix: false }),
  ],
  natives: new Map<string, CallableModel>([
    [endless.id, { deployment: endless, chat: untilStopped }],
    [
      here.id,
      {
        deployment: here,
        chat: async function* (call: ModelCall) {
          asked = call
          yield* goesOn
        },
        countTokens: (text: string) => text.length,
      },
    ],
  ]),
  limits: { sameDeploymentRetriesMax: 1, retryBackoffMs: 10, headHoldMs: 200 },
})
const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: testKey, maxRetries: 0 })
const anthropic = new Anthropic({ baseURL: gateway.url, apiKey: testKey, maxRetries: 0 })
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
  await second[Symbol.asyncDispose]()
})
beforeEach(() => {
  gateway.records.length = 0
  first.requests.length = 0
  second.requests.length = 0
  first.abortsCount = 0
  asked = undefined
})

const messages = [{ role: "user" as const, content: "count" }]
const path = "/v1/chat/completions"
const cut = { text: ["one ", "two "], ending: "reset" as const, framesMax: 3 }
async function record() {
  await expect.poll(() => gateway.records.length, { timeout: 20_000 }).toBe(1)
  return gateway.records[0]
}

describe("a call through several deployments", () => {
  it("waits for the time that a busy provider asks for, and says how many attempts there were", async () => {
    first.next({ error: { status: 429, headers: { "retry-after-ms": "20" } } }, { text: "at last" })
    const answer = await rawPost(gateway.url, path, { model: "lonely", messages })
    expect([answer.status, answer.headers["x-perdure-attempts"]]).toEqual([200, "2"])
    expect(first.requests).toHaveLength(2)
    expect(await record()).toMatchObject({ outcome: "completed", data: { attempts: 2 } })
  })

  it("asks again after the failures that its configuration lists, and elsewhere after those alone, but never once words were sent", async () => {
    const error = (status: number) => ({ error: { status, message: "as configured" } })
    first.next(error(400), error(418), error(500))
    const elsewhere = await rawPost(gateway.url, path, { model: "picky", messages })
    expect([elsewhere.status, elsewhere.headers["x-perdure-route"], elsewhere.headers["x-perdure-attempts"]]).toEqual([
      200,
      "fake/two",
      "3",
    ])
    const told = await rawPost(gateway.url, path, { model: "picky", messages })
    expect([told.status, second.requests.length]).toEqual([500, 1])
    first.next(cut)
    const broken = await rawPost(gateway.url, path, { model: "picky", messages, stream: true })
    expect(broken.text).toContain("one ")
    expect([broken.text.includes("[DONE]"), first.requests.length, second.requests.length]).toEqual([false, 4, 1])
  })

  it("gives up a deployment that says nothing in time, also once its stream is open, and asks another", async () => {
    for (const script of [
      { hang: true },
      { text: "late", ending: "hang" as const, framesMax: 1 },
      { text: "late", firstChunkDelayMs: 9_000 },
    ]) {
      gateway.records.length = 0
      first.next(script)
      const answer = await rawPost(gateway.url, path, { model: "impatient", messages, stream: true })
      expect(answer.text).toContain("[DONE]")
      expect(answer.text).not.toContain("late")
      expect(await record()).toMatchObject({ outcome: "completed", deployment: "fake/two", data: { attempts: 2 } })
    }
    expect(second.requests).toHaveLength(3)
  })

  it.each([false, true])("gives up a deployment that takes longer than it may in all, and asks another (stream: %s)", async (stream) => {
    first.next({ text: "late", firstChunkDelayMs: 60_000, delayMs: 60_000 })
    for (const model of ["hurried", "hurried here"]) {
      gateway.records.length = 0
      const answer = await rawPost(gateway.url, path, { model, messages, stream })
      expect([answer.status, answer.text.includes("late")]).toEqual([200, false])
      expect(await record()).toMatchObject({ outcome: "completed", deployment: "fake/two", data: { attempts: 2 } })
    }
  })

  it("tries no other where the request forbids it, nor what the request leaves out", async () => {
    first.next({ error: { status: 500, message: "boom" } }, { error: { status: 500, message: "boom" } })
    const alone = await rawPost(gateway.url, path, { model: "pair", messages, perdure: { fallbacks: false } })
    expect([alone.status, second.requests.length]).toEqual([500, 0])
    const other = await rawPost(gateway.url, path, { model: "pair", messages, perdure: { only: ["fake/two"] } })
    expect([other.status, other.headers["x-perdure-route"]]).toEqual([200, "fake/two"])
    expect(second.last?.body).not.toHaveProperty("perdure")
  })

  it("takes routing from a header too, and says what is wrong in it", async () => {
    const routed = await rawPost(gateway.url, path, { model: "pair", messages }, { "x-perdure-routing": '{"order":["fake/two"]}' })
    expect(routed.headers["x-perdure-route"]).toBe("fake/two")
    const wrong = await rawPost(gateway.url, path, { model: "pair", messages, perdure: { ordr: [] } })
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('has no key \\"ordr\\"')])
  })

  it("asks a second deployment beside a slow one, takes whichever begins first, and lets go of the other", async () => {
    first.next({ hang: true })
    second.next({ text: "quick" })
    const answer = await rawPost(gateway.url, path, { model: "hedged", messages })
    expect([answer.status, answer.headers["x-perdure-route"]]).toEqual([200, "fake/two"])
    await expect.poll(() => first.abortsCount, { timeout: 20_000 }).toBe(1)
    expect(await record()).toMatchObject({ outcome: "completed", deployment: "fake/two" })
  })
})

describe("a second attempt beside a slow one", () => {
  const stuck = [{ hang: true }, { text: "late", ending: "hang" as const, framesMax: 1 }] as const

  it.each([
    ["translated", "hedged", "fake/two"],
    ["passed on", "claudes", "fake/claude-two"],
  ])("answers messages that are %s, whole and streamed, once and from one of them", async (_name, model, deployment) => {
    for (const script of stuck) {
      gateway.records.length = 0
      first.abortsCount = 0
      first.next(script)
      second.next({ text: ["qui", "ck"] })
      const asked = { model, max_tokens: 9, messages }
      const answer = script === stuck[0] ? await anthropic.messages.create(asked) : await anthropic.messages.stream(asked).finalMessage()
      expect(answer.content).toEqual([expect.objectContaining({ type: "text", text: "quick" })])
      expect(answer.stop_reason).toBe("end_turn")
      await expect.poll(() => first.abortsCount, { timeout: 20_000 }).toBe(1)
      expect(await record()).toMatchObject({ outcome: "completed", deployment })
    }
  })

  it("gives embeddings, as numbers and as base64, and pays for both", async () => {
    for (const format of ["float", "base64"] as const) {
      gateway.records.length = 0
      first.abortsCount = 0
      first.next({ hang: true })
      second.next({ usage: { prompt_tokens: 7, completion_tokens: 0 } })
      const { data } = await openai.embeddings.create({ model: "hedged", input: "x".repeat(400), encoding_format: format })
      expect(data).toHaveLength(1)
      await expect.poll(() => first.abortsCount, { timeout: 20_000 }).toBe(1)
      const written = await record()
      expect(written).toMatchObject({ outcome: "completed", deployment: "fake/two" })
      expect(written?.inputTokens).toBeGreaterThan(100)
    }
  })

  it("that fails leaves the first to answer, and whoever leaves lets go of both", async () => {
    for (const [path, body] of [
      ["/v1/messages", { max_tokens: 9, messages }],
      ["/v1/embeddings", { input: "x" }],
    ] as const) {
      first.next({ text: "slow but sure", delayMs: 1_500 })
      second.next({ error: { status: 500, message: "boom" } })
      const answer = await rawPost(gateway.url, path, { model: "hedged", ...body })
      expect([answer.status, answer.headers["x-perdure-route"], answer.headers["x-perdure-attempts"]]).toEqual([200, "fake/one", "2"])
      first.next({ hang: true })
      second.next({ hang: true })
      const [before, beforeOther] = [first.abortsCount, second.abortsCount]
      const seen = second.requests.length
      const left = new AbortController()
      const gone = fetch(`${gateway.url}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${testKey}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "hedged", ...body }),
        signal: left.signal,
      }).catch((error: unknown) => error)
      await expect.poll(() => second.requests.length, { timeout: 20_000 }).toBe(seen + 1)
      left.abort()
      await gone
      await expect.poll(() => [first.abortsCount - before, second.abortsCount - beforeOther], { timeout: 20_000 }).toEqual([1, 1])
    }
  })
})

describe("T18 a stream that breaks off", () => {
  it("is gone on with by a deployment that continues a prefix, as one answer, where the request asks for it", async () => {
    first.next(cut)
    const request = {
      model: "continued",
      messages,
      stream: true as const,
      stream_options: { include_usage: true },
      perdure: { failover: "continue" },
    }
    const chunks: OpenAI.ChatCompletionChunk[] = []
    for await (const chunk of await openai.chat.completions.create(request)) chunks.push(chunk)
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe("one two three four")
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
    expect(chunks.filter((chunk) => chunk.choices[0]?.delta.role !== undefined)).toHaveLength(1)
    expect(chunks.filter((chunk) => typeof chunk.choices[0]?.finish_reason === "string")).toHaveLength(1)
    expect(asked).toMatchObject({
      continuesPrefix: true,
      messages: [{ role: "user" }, { role: "assistant", content: [{ text: "one two " }] }],
    })
    const written = await record()
    expect(written).toMatchObject({
      outcome: "completed",
      deployment: "perdure/here",
      data: { failovers: [{ from: "fake/one", afterCharacters: 8 }] },
    })
    expect(written?.outputTokens).toBe(4)
    expect(written?.inputTokens).toBeGreaterThan(9)
  })

  it("is gone on with in Anthropic's dialect too", async () => {
    first.next(cut)
    const request = { model: "continued", max_tokens: 9, messages, perdure: { failover: "continue" } }
    const message = await anthropic.messages.stream(request).finalMessage()
    expect(message.content).toEqual([expect.objectContaining({ type: "text", text: "one two three four" })])
  })

  it("says so in a trailer", async () => {
    first.next(cut)
    const body = JSON.stringify({ model: "continued", messages, stream: true, perdure: { failover: "continue" } })
    const { request } = await import("undici")
    const headers = { authorization: `Bearer ${testKey}`, "content-type": "application/json" }
    const answer = await request(`${gateway.url}${path}`, { method: "POST", headers, body })
    await answer.body.text()
    expect(answer.trailers).toMatchObject({ "x-perdure-failover": "to perdure/here after 8 characters" })
  })

  it.each([
    ["it was not asked for", "continued", {}, cut],
    ["nobody continues a prefix", "anew", { failover: "continue" }, cut],
    [
      "a tool call has begun",
      "continued",
      { failover: "continue" },
      { toolCalls: [{ id: "c", name: "t", arguments: ['{"a":', "1}"] }], ending: "reset" as const, framesMax: 3 },
    ],
  ])("ends with an error where %s", async (_, model, perdure, script) => {
    first.next(script)
    const answer = await rawPost(gateway.url, path, { model, messages, stream: true, perdure })
    expect(answer.text).toContain('data: {"error"')
    expect(answer.text).not.toContain("[DONE]")
    expect(asked).toBeUndefined()
    expect(second.requests).toHaveLength(0)
  })

  it.each([
    ["signed, in chat completions", path, { signature: fakeSignature }],
    ["sealed, in chat completions", path, { redactedThinking: "c2VhbGVk" }],
    ["signed, in Anthropic's messages", "/v1/messages", { signature: fakeSignature }],
    ["sealed, in Anthropic's messages", "/v1/messages", { redactedThinking: "c2VhbGVk" }],
  ])("ends with an error where reasoning was %s, whatever text stands behind it", async (_, at, thought) => {
    first.next({ reasoning: ["hm"], ...thought, text: ["one ", "two "], ending: "reset", framesMax: 10 })
    const body = { model: "signed", messages, stream: true, max_tokens: 50, perdure: { failover: "continue" } }
    const answer = await rawPost(gateway.url, at, body)
    expect(answer.text).toContain("one ")
    expect(answer.text).toMatch(/data: \{"error"|event: error\n/)
    expect(answer.text).not.toMatch(/\[DONE\]|message_stop/)
    expect(asked).toBeUndefined()
  })
})
