// Legacy completions through the gateway with the plain openai client: passed on as they are, with keys, limits, usage and records as chats have.
import OpenAI from "openai"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { rulesOfConfig } from "../../accounting/index.ts"
import { createGuards, createRedactor } from "../../security/index.ts"
import { defaultLimits } from "../../core/index.ts"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testKey, testModel } from "../../testing/gateway.ts"

const provider = await startFakeProvider()
const claude = { id: "fake/claude", provider: "anthropic", dialect: "anthropic-messages", upstreamModel: "claude-sonnet-4-5" } as const
const models = [
  testModel("fim", testDeployment(provider.url, { provider: "vllm" })),
  testModel("openai", testDeployment(provider.url)),
  testModel("mistral", testDeployment(provider.url, { provider: "mistral" })),
  testModel("claude", testDeployment(provider.url, claude)),
  testModel(
    "either",
    testDeployment(provider.url, claude),
    testDeployment(provider.url, { id: "fake/vllm", provider: "vllm", priority: 1 }),
  ),
  testModel("two", testDeployment(provider.url, { id: "fake/one" }), testDeployment(provider.url, { id: "fake/two", priority: 1 })),
  testModel(
    "set",
    testDeployment(provider.url, {
      provider: "vllm",
      parameters: {
        defaults: { max_tokens: 9, reasoning_effort: "low", keep_alive: "5m" },
        overrides: { temperature: 0 },
        dropped: ["logit_bias"],
      },
    }),
  ),
]
const rules = rulesOfConfig({
  budgets: [{ name: "small", for: { model: "openai" }, per: "month", usd: 0.01, origin: "test.yaml:1" }],
  rateLimits: [{ name: "rpm", for: { key: "*" }, per: "hour", burstShare: 1, requests: 1_000, origin: "test.yaml:2" }],
})
const gateway = await startTestGateway({ models, rules })
const redactor = createRedactor({
  name: "names",
  inRequest: true,
  inAnswer: true,
  entities: [],
  restore: false,
  action: { kind: "redact" },
  patterns: [{ kind: "name", regex: /Alice/g, charsMax: 8 }],
})
const guarded = await startTestGateway({
  models,
  guards: createGuards({ rules: [{ guard: redactor, when: { endpoints: ["chat"] } }], limits: defaultLimits }),
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await guarded[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
beforeEach(() => {
  provider.requests.length = 0
  gateway.records.length = 0
})
const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: testKey, maxRetries: 0 })
const path = "/v1/completions"
async function record() {
  await expect.poll(() => gateway.records.length, { timeout: 20_000 }).toBe(1)
  return gateway.records[0]
}

describe("a completion", () => {
  it("goes to the provider byte for byte but for the model's name, and its answer comes back as it is", async () => {
    provider.next({ text: "return a + b", usage: { prompt_tokens: 7, completion_tokens: 4 } })
    const text = `{"model":"fim", "prompt":"def add(a, b):\\n", "suffix":"\\n\\nprint(add(1, 2))","max_tokens":16,"x_own":{"a":[1]}}`
    const answer = await rawPost(gateway.url, path, text)
    expect(provider.last).toMatchObject({ path: "/v1/completions", text: text.replace('"fim"', '"m-upstream"') })
    expect(JSON.parse(answer.text)).toMatchObject({ object: "text_completion", choices: [{ text: "return a + b", finish_reason: "stop" }] })
    expect(answer.headers).toMatchObject({
      "x-request-id": expect.stringMatching(/^req_/),
      "x-ratelimit-limit-requests": "1000",
      "x-perdure-route": "fake/m",
      "x-perdure-cost-micro-usd": "15",
    })
    expect(await record()).toMatchObject({
      kind: "chat",
      name: "completions",
      status: 200,
      inputTokens: 7,
      outputTokens: 4,
      costMicroUsd: 15,
    })
  })

  it("is streamed to OpenAI's client, with usage where it was asked for and for the record in any case", async () => {
    provider.next({ text: ["one ", "two"], usage: { prompt_tokens: 7, completion_tokens: 2 } })
    const parts: string[] = []
    for await (const chunk of await client.completions.create({ model: "fim", prompt: "count", stream: true })) {
      expect(chunk).not.toHaveProperty("usage")
      parts.push(...chunk.choices.map((choice) => choice.text))
    }
    expect(parts.join("")).toBe("one two")
    expect(provider.last?.body).toMatchObject({ stream_options: { include_usage: true } })
    expect(await record()).toMatchObject({ streamed: true, inputTokens: 7, outputTokens: 2 })
    provider.next({ text: ["one"], usage: { prompt_tokens: 7, completion_tokens: 2 } })
    const asked = await client.completions.create({ model: "fim", prompt: "count", stream: true, stream_options: { include_usage: true } })
    const last = (await Array.fromAsync(asked)).at(-1)
    expect(last).toMatchObject({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 2 } })
  })

  it("takes texts, tokens and lists of both", async () => {
    for (const prompt of ["a", ["a", "b"], [1, 2, 3], [[1], [2, 3]]]) {
      await client.completions.create({ model: "fim", prompt })
      expect(provider.last?.body["prompt"]).toEqual(prompt)
    }
  })

  it("T9 that breaks off ends with an error, not with a clean end", async () => {
    provider.next({ text: ["one ", "two ", "three"], ending: "eof", framesMax: 3 })
    const answer = await rawPost(gateway.url, path, { model: "fim", prompt: "x", stream: true })
    expect(answer.text).toContain("one ")
    expect(answer.text).toContain('data: {"error":')
    expect(answer.text).not.toContain("[DONE]")
  })

  it("T12 goes on elsewhere while nothing of it has come", async () => {
    provider.next({ error: { status: 500 } })
    const answer = await rawPost(gateway.url, path, { model: "two", prompt: "x", stream: true })
    expect([answer.status, answer.headers["x-perdure-route"], answer.headers["x-perdure-attempts"]]).toEqual([200, "fake/two", "2"])
  })

  it("is not asked for usage where the provider refuses that, known or told", async () => {
    await rawPost(gateway.url, path, { model: "mistral", prompt: "x", stream: true })
    expect(provider.last?.body).toEqual({ model: "m-upstream", prompt: "x", stream: true })
    provider.next({ error: { status: 400, message: "Unrecognized request argument supplied: stream_options" } })
    const answer = await rawPost(gateway.url, path, { model: "fim", prompt: "x", stream: true })
    expect(answer.status).toBe(200)
    expect(provider.last?.body).not.toHaveProperty("stream_options")
  })

  it("has the parameters of its deployment, as far as completions have them", async () => {
    await rawPost(gateway.url, path, { model: "set", prompt: "x", temperature: 1, logit_bias: {} })
    expect(provider.last?.body).toEqual({ model: "m-upstream", prompt: "x", temperature: 0, max_tokens: 9, keep_alive: "5m" })
  })
})

describe("a completion that cannot be", () => {
  it("is refused where no deployment of the model has the route, and goes to one that has", async () => {
    const refused = await rawPost(gateway.url, path, { model: "claude", prompt: "x" })
    expect([refused.status, JSON.parse(refused.text)]).toEqual([
      400,
      { error: expect.objectContaining({ code: "unsupported_value", param: "model", message: expect.stringContaining("/completions") }) },
    ])
    expect(provider.requests).toHaveLength(0)
    const served = await rawPost(gateway.url, path, { model: "either", prompt: "x" })
    expect([served.status, served.headers["x-perdure-route"]]).toEqual([200, "fake/vllm"])
  })

  it.each([
    ["without a prompt", { model: "fim" }, 400, "prompt"],
    ["of a conversation", { model: "fim", messages: [] }, 400, "prompt"],
    ["of nothing", { model: "fim", prompt: [] }, 400, "prompt"],
    ["of objects", { model: "fim", prompt: [{ a: 1 }] }, 400, "prompt"],
    ["without a model", { prompt: "x" }, 400, "model"],
    ["of an unknown model", { model: "none", prompt: "x" }, 404, "model"],
    ["with a prompt of the server's", { model: "fim", prompt: "x", perdure: { prompt: { name: "p" } } }, 400, "perdure.prompt"],
  ])("%s is told what is wrong", async (_, body, status, param) => {
    const answer = await rawPost(gateway.url, path, body)
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      status,
      { error: expect.objectContaining({ param, type: expect.any(String) }) },
    ])
    expect(provider.requests).toHaveLength(0)
  })

  it("holds what all of its texts and choices may put out", async () => {
    // One cent buys 5,000 tokens of output.
    const ask = (more: object) => rawPost(gateway.url, path, { model: "openai", prompt: "x", max_tokens: 1_000, ...more })
    expect((await ask({})).status).toBe(200)
    for (const more of [{ n: 8 }, { best_of: 8 }, { prompt: ["a", "b", "c", "d", "e", "f", "g"] }]) {
      const refused = await ask(more)
      expect([more, refused.status, refused.text]).toEqual([more, 429, expect.stringContaining("insufficient_quota")])
    }
    const chat = { model: "openai", messages: [{ role: "user", content: "x" }], max_tokens: 1_000 }
    expect((await rawPost(gateway.url, "/v1/chat/completions", { ...chat, n: 8 })).status).toBe(429)
  })
})

describe("guards of chats", () => {
  it("see the texts of completions and what they are answered, streamed or not", async () => {
    provider.always({ text: ["I am Ali", "ce."] })
    const whole = await rawPost(guarded.url, path, { model: "fim", prompt: ["Alice asks"], suffix: "to Alice" })
    expect(provider.last?.body).toMatchObject({
      prompt: [expect.not.stringContaining("Alice")],
      suffix: expect.not.stringContaining("Alice"),
    })
    expect(whole.text).not.toContain("Alice")
    const stream = await rawPost(guarded.url, path, { model: "fim", prompt: "x", stream: true })
    const said = [...stream.text.matchAll(/"text":"([^"]*)"/g)].map(([, text]) => text).join("")
    expect(said).not.toContain("Alice")
    expect(said).toMatch(/^I am .+\.$/)
    expect(stream.text).toContain("[DONE]")
    provider.always({})
  })

  it("refuse tokens, which they cannot read", async () => {
    const refused = await rawPost(guarded.url, path, { model: "fim", prompt: [1, 2] })
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining("tokens")])
  })
})
