// What a call costs in the tier that its answer names, with the tools that its provider ran for it, and what is held of a budget for it.
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { rulesOfConfig } from "../../accounting/index.ts"
import { startFakeProvider, type FakeAnswer } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel } from "../../testing/gateway.ts"
import { jsonAnswer } from "../../testing/json-answer.ts"

const provider = await startFakeProvider()
const all = { chat: false, embeddings: false, images: true }
const gateway = await startTestGateway({
  models: [
    testModel("gpt", testDeployment(provider.url, { id: "fake/gpt", upstreamModel: "gpt-5" })),
    testModel("capped", testDeployment(provider.url, { id: "fake/capped", upstreamModel: "gpt-5" })),
    testModel("router", testDeployment(provider.url, { id: "fake/router", provider: "openrouter", upstreamModel: "openai/gpt-5" })),
    testModel("groq", testDeployment(provider.url, { id: "fake/groq", provider: "groq", upstreamModel: "openai/gpt-oss-120b" })),
    testModel("vllm", testDeployment(provider.url, { id: "fake/m", provider: "vllm" })),
    testModel(
      "claude",
      testDeployment(provider.url, {
        id: "fake/claude",
        provider: "anthropic",
        dialect: "anthropic-messages",
        upstreamModel: "claude-opus-4-6",
      }),
    ),
    testModel("dall-e-3", testDeployment(provider.url, { id: "fake/dall-e-3", upstreamModel: "dall-e-3", does: all })),
    testModel("gpt-image-1", testDeployment(provider.url, { id: "fake/gpt-image-1", upstreamModel: "gpt-image-1", does: all })),
  ],
  rules: rulesOfConfig({
    // Two cents and a half: a call with 2,000 tokens of answer costs two cents, in fast mode four.
    budgets: [{ name: "small", for: { model: "capped" }, per: "month", usd: 0.025, origin: "test.yaml:2" }],
    rateLimits: [],
  }),
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
beforeEach(() => {
  gateway.records.length = 0
})
const messages = [{ role: "user", content: "hello" }]
const usage = { prompt_tokens: 1_000, completion_tokens: 100 }

async function chat(body: object, answer: FakeAnswer) {
  provider.next({ usage, ...answer })
  const { headers, status } = await rawPost(gateway.url, "/v1/chat/completions", { model: "gpt", messages, ...body })
  expect(status).toBe(200)
  return { headers, record: await record() }
}

async function record() {
  await expect.poll(() => gateway.records.length, { timeout: 20_000 }).toBe(1)
  return gateway.records[0]
}

describe("a chat completion", () => {
  it.each([false, true])("costs what the tier costs that the answer names, whatever was asked for (stream: %s)", async (stream) => {
    const { record: recorded } = await chat({ stream, service_tier: "auto" }, { serviceTier: "flex" })
    expect(recorded).toMatchObject({ costMicroUsd: 625 + 500, costKnown: true, data: { serviceTier: "flex" } })
  })

  it("costs the usual price where a dearer tier had no room", async () => {
    const { headers, record: recorded } = await chat({ service_tier: "priority" }, { serviceTier: "default" })
    expect(recorded).toMatchObject({ costMicroUsd: 1_250 + 1_000, costKnown: true, data: null })
    expect(headers["x-perdure-cost-micro-usd"]).toBe("2250")
  })

  it("knows both words of OpenAI for one tier", async () => {
    const { record: recorded } = await chat({}, { serviceTier: "fast" })
    expect(recorded).toMatchObject({ costMicroUsd: 2_500 + 2_000, costKnown: true, data: { serviceTier: "priority" } })
  })

  it.each([false, true])("has an unknown cost in a tier without a price, and no header of it (stream: %s)", async (stream) => {
    const { headers, record: recorded } = await chat({ stream }, { serviceTier: "scale" })
    expect(recorded).toMatchObject({ costMicroUsd: 0, costKnown: false, data: { serviceTier: "scale" } })
    expect(headers["x-perdure-cost-micro-usd"]).toBeUndefined()
  })

  it("was served as it asked where OpenAI's answer does not tell", async () => {
    const { record: recorded } = await chat({ service_tier: "flex" }, {})
    expect(recorded).toMatchObject({ costMicroUsd: 625 + 500, data: { serviceTier: "flex" } })
  })

  it("has no tiers at a server of one's own that tells none", async () => {
    const { record: recorded } = await chat({ model: "vllm", service_tier: "flex" }, {})
    expect(recorded).toMatchObject({ costMicroUsd: 1_000 + 200, costKnown: true, data: null })
  })

  it.each([false, true])("costs what its provider says that it charged, and the record has it (stream: %s)", async (stream) => {
    const told = { ...usage, cost: 0.0031 }
    const { record: recorded } = await chat({ model: "router", stream }, { usage: told })
    expect(recorded).toMatchObject({ costMicroUsd: 3_100, costKnown: true, priceList: null, data: { toldMicroUsd: 3_100 } })
    gateway.records.length = 0
    const { record: listed } = await chat({ model: "router", stream }, {})
    expect(listed).toMatchObject({ costMicroUsd: 2_250, costKnown: true, priceList: expect.any(String), data: null })
  })

  it("does not take what the answer says for what it is", async () => {
    const { record: recorded } = await chat({}, { text: 'They wrote "service_tier":"flex" there.' })
    expect(recorded).toMatchObject({ costMicroUsd: 2_250, data: null })
  })
})

describe("an answer for which Groq ran tools", () => {
  const executed_tools = [{ index: 0, type: "browser_search", arguments: "{}", output: "found" }]
  const completion = (message: object): FakeAnswer =>
    jsonAnswer({
      id: "c",
      object: "chat.completion",
      model: "m",
      choices: [{ index: 0, message: { role: "assistant", content: "hi", ...message }, finish_reason: "stop" }],
      usage: { ...usage, total_tokens: 1_100 },
    })
  const chunk = (members: object): string =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", model: "m", ...members })}\n\n`
  const stream = (delta: object): FakeAnswer => ({
    raw: {
      status: 200,
      headers: { "content-type": "text/event-stream" },
      body: [
        chunk({ choices: [{ index: 0, delta: { role: "assistant", ...delta } }] }),
        chunk({ choices: [{ index: 0, delta: { content: "hi" }, finish_reason: "stop" }] }),
        chunk({ choices: [], usage: { ...usage, total_tokens: 1_100 } }),
        "data: [DONE]\n\n",
      ],
    },
  })
  const ask = async (answer: FakeAnswer, isStream: boolean) => (await chat({ model: "groq", stream: isStream }, answer)).record

  it.each([
    [false, completion],
    [true, stream],
  ] as const)("has a cost that is known to be too low (stream: %s)", async (isStream, answer) => {
    const tokens = 1_000 * 0.15 + 100 * 0.6
    const ran = await ask(answer({ executed_tools }), isStream)
    expect(ran).toMatchObject({ costMicroUsd: tokens, costKnown: false, data: { hostedCalls: { executed_tools: 1 } } })
    gateway.records.length = 0
    expect(await ask(answer({ executed_tools: [] }), isStream)).toMatchObject({ costMicroUsd: tokens, costKnown: true, data: null })
  })
})

describe("a message", () => {
  const message = (told: object) =>
    jsonAnswer({
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-opus-4-6",
      content: [{ type: "text", text: "hi" }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: { input_tokens: 1_000, output_tokens: 100, ...told },
    })
  const ask = async (told: object, body: object = {}) => {
    provider.next(message(told))
    await rawPost(gateway.url, "/v1/messages", { model: "claude", messages, max_tokens: 100, ...body })
    return record()
  }

  it("costs half in a batch, a tenth more in the United States, and what fast mode costs", async () => {
    expect(await ask({ service_tier: "batch" })).toMatchObject({ costMicroUsd: 2_500 + 1_250, data: { serviceTier: "batch" } })
    gateway.records.length = 0
    expect(await ask({ service_tier: "standard", inference_geo: "us" })).toMatchObject({
      costMicroUsd: 5_500 + 2_750,
      data: { servedIn: "us" },
    })
    gateway.records.length = 0
    expect(await ask({ speed: "fast", inference_geo: "global" })).toMatchObject({ costMicroUsd: 30_000 + 15_000, costKnown: true })
  })

  it("is paid with the searches that it made, and flagged in capacity that was bought ahead", async () => {
    const server_tool_use = { web_search_requests: 2, web_fetch_requests: 0 }
    expect(await ask({ server_tool_use })).toMatchObject({
      costMicroUsd: 7_500 + 20_000,
      costKnown: true,
      data: { hostedCalls: { web_search: 2 } },
    })
    gateway.records.length = 0
    expect(await ask({ service_tier: "priority" })).toMatchObject({ costMicroUsd: 0, costKnown: false })
  })
})

describe("a message that ran code", () => {
  const usage = { input_tokens: 1_000, output_tokens: 100 }
  const container = { id: "container_1", expires_at: "2026-11-30T12:00:00Z" }
  const whole = jsonAnswer({
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-opus-4-6",
    container,
    content: [{ type: "text", text: 'It says "container": {}.' }],
    stop_reason: "end_turn",
    usage,
  })
  const event = (type: string, members: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`
  const stream: FakeAnswer = {
    raw: {
      status: 200,
      headers: { "content-type": "text/event-stream" },
      body: [
        event("message_start", { message: { id: "msg_1", type: "message", role: "assistant", model: "m", content: [], usage } }),
        event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
        event("content_block_delta", { index: 0, delta: { type: "text_delta", text: "hi" } }),
        event("content_block_stop", { index: 0 }),
        event("message_delta", { delta: { stop_reason: "end_turn", container }, usage: { output_tokens: 100 } }),
        event("message_stop", {}),
      ],
    },
  }
  const code = { type: "code_execution_20250825", name: "code_execution" }
  const ask = async (answer: FakeAnswer, tools: object[], isStream: boolean) => {
    provider.next(answer)
    await rawPost(gateway.url, "/v1/messages", { model: "claude", messages, max_tokens: 100, stream: isStream, tools })
    return record()
  }

  it.each<[string, FakeAnswer]>([
    ["whole", whole],
    ["streamed", stream],
  ])("is paid with its container, which is free beside newer web tools (%s)", async (_, answer) => {
    const isStream = answer === stream
    const container = { costMicroUsd: 7_500 + 4_167, costKnown: true, data: { hostedCalls: { code_execution: 1 } } }
    expect(await ask(answer, [code], isStream)).toMatchObject(container)
    gateway.records.length = 0
    expect(await ask(answer, [code, { type: "web_search_20250305", name: "web_search" }], isStream)).toMatchObject(container)
    gateway.records.length = 0
    expect(await ask(answer, [code, { type: "web_fetch_20260309", name: "web_fetch" }], isStream)).toMatchObject({
      costMicroUsd: 7_500,
      data: null,
    })
  })
})

describe("a picture", () => {
  it("costs what its quality and size cost", async () => {
    provider.next(jsonAnswer({ created: 1, data: [{ url: "https://example.test/x.png" }] }))
    await rawPost(gateway.url, "/v1/images/generations", { model: "dall-e-3", prompt: "a cat", quality: "hd", size: "1024x1792" })
    expect(await record()).toMatchObject({ costMicroUsd: 120_000, costKnown: true })
  })

  it("costs its own tokens beside those of words, in and out", async () => {
    const input_tokens_details = { text_tokens: 100, image_tokens: 200 }
    const told = { input_tokens: 300, output_tokens: 1_000, total_tokens: 1_300, input_tokens_details }
    provider.next(jsonAnswer({ created: 1, data: [{ b64_json: "aGk=" }], usage: told }))
    await rawPost(gateway.url, "/v1/images/generations", { model: "gpt-image-1", prompt: "a cat" })
    expect(await record()).toMatchObject({ costMicroUsd: 500 + 2_000 + 40_000, costKnown: true })
  })
})

it("a budget holds what the tier costs that is asked for", async () => {
  const ask = (service_tier: string) => {
    provider.next({ usage: { prompt_tokens: 1, completion_tokens: 1 }, serviceTier: "default" })
    return rawPost(gateway.url, "/v1/chat/completions", { model: "capped", messages, max_tokens: 2_000, service_tier })
  }
  expect((await ask("priority")).status).toBe(429)
  expect((await ask("default")).status).toBe(200)
})
