// Parameters that the configuration of a deployment adds to requests, as the provider receives them: in each dialect, from each client.
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { rulesOfConfig } from "../../accounting/index.ts"
import type { ParametersConfig } from "../../config/index.ts"
import { defaultLimits, systemClock, type JsonObject } from "../../core/index.ts"
import { createAnswerCache, type CachePolicy, type Deployment } from "../../inference/index.ts"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel, type RawAnswer } from "../../testing/gateway.ts"

const provider = await startFakeProvider()
const origin = new URL(provider.url).origin
const defaults = { temperature: 0.2, max_tokens: 40, seed: 7, stop: ["END"], reasoning_effort: "low" }
const given = (part: Partial<ParametersConfig>): ParametersConfig => ({ defaults: {}, overrides: {}, dropped: [], ...part })
const place = (part: Partial<Deployment>, parameters?: ParametersConfig, url = provider.url): Deployment =>
  testDeployment(url, { ...part, ...(parameters ? { parameters } : {}) })
const aws = { region: "eu-central-1", accessKeyId: "AKIDEXAMPLE", secretAccessKey: "a-secret" }
const bedrock = {
  provider: "bedrock",
  dialect: "bedrock-converse",
  upstreamModel: "amazon.nova-pro-v1:0",
  apiKey: null,
  settings: aws,
} as const
const claude = { provider: "anthropic", dialect: "anthropic-messages", upstreamModel: "claude-sonnet-4-5" } as const
const policy: CachePolicy = { mode: "exact", scope: "principal", ttlMs: 60_000, similarityMin: 0.9, temperatureMax: 0.5 }
const answers = createAnswerCache({ limits: defaultLimits, clock: systemClock, onError: () => undefined })
const vllm = { provider: "vllm" }

const gateway = await startTestGateway({
  models: [
    testModel("plain", place(vllm)),
    testModel(
      "defaults",
      place(vllm, given({ defaults: { ...defaults, keep_alive: "5m", chat_template_kwargs: { enable_thinking: false } } })),
    ),
    testModel("forced", place(vllm, given({ overrides: { temperature: 0, max_tokens: 30 } }))),
    testModel("dropped", place(vllm, given({ dropped: ["logit_bias", "max_tokens", "user"] }))),
    testModel("openai", place({}, given({ defaults: { max_tokens: 40, temperature: 0.2 } }))),
    testModel("thinking", place({ upstreamModel: "gpt-5-mini" }, given({ defaults: { temperature: 0.2, reasoning_effort: "low" } }))),
    testModel("mistral", place({ provider: "mistral" }, given({ defaults: { seed: 7 }, overrides: { logit_bias: {} } }))),
    testModel("claude", place(claude, given({ defaults: { ...defaults, service_tier: "standard_only" } }))),
    testModel("cool-claude", place(claude, given({ defaults: { temperature: 0.2, max_tokens: 40, stop: "END" } }))),
    testModel(
      "gemini",
      place(
        { provider: "gemini", dialect: "gemini", upstreamModel: "gemini-3-pro-preview" },
        given({ defaults: { ...defaults, generationConfig: { responseModalities: ["TEXT"] } } }),
        `${origin}/v1beta`,
      ),
    ),
    testModel("bedrock", place(bedrock, given({ defaults }), origin)),
    testModel(
      "cohere",
      place(
        { provider: "cohere", dialect: "cohere", upstreamModel: "command-a-03-2025" },
        given({ defaults: { ...defaults, safety_mode: "NONE" } }),
        origin,
      ),
    ),
    testModel("responses", place({ dialect: "openai-responses" }, given({ defaults: { max_tokens: 40, text: { verbosity: "low" } } }))),
    testModel("vectors", place(vllm, given({ defaults: { dimensions: 3, temperature: 0.2, truncate_prompt_tokens: 9 } }))),
    testModel(
      "two",
      place({ id: "fake/one", ...vllm }, given({ defaults: { temperature: 0.1 } })),
      place({ id: "fake/two", ...vllm, priority: 1 }, given({ overrides: { temperature: 0.9 } })),
    ),
    testModel("kept", place(vllm, given({ defaults: { temperature: 0.2 } }))),
    testModel("warm", place(vllm, given({ overrides: { temperature: 0.9 } }))),
  ],
  cache: { answers, policyOf: (model) => (model === "kept" || model === "warm" ? policy : undefined) },
  rules: rulesOfConfig({
    budgets: [{ name: "small", for: { model: "defaults" }, per: "month", usd: 1, origin: "test.yaml:1" }],
    rateLimits: [],
  }),
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await answers[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
beforeEach(() => void provider.requests.splice(0))

const messages = [{ role: "user", content: "hello" }]
const chat = (model: string, more: object = {}): Promise<RawAnswer> =>
  rawPost(gateway.url, "/v1/chat/completions", { model, messages, ...more })
async function sent(answer: Promise<RawAnswer>): Promise<JsonObject> {
  const { status, text } = await answer
  expect({ status, text }).toMatchObject({ status: 200 })
  return provider.last?.body as JsonObject // the fake provider reads JSON
}

describe("in chat completions that are passed on", () => {
  it("a default stands where the client says nothing, null included, and every other byte is the client's", async () => {
    const body = await sent(chat("defaults", { temperature: null, über: "ü" }))
    expect(body).toEqual({
      model: "m-upstream",
      messages,
      ...defaults,
      über: "ü",
      keep_alive: "5m",
      chat_template_kwargs: { enable_thinking: false },
    })
    const text = `{ "messages":[{"role":"user","content":"hello \\u00fc"}],"model":"defaults","seed":  8 , "max_tokens":5,"temperature":1,"stop":null,"reasoning_effort":"high","keep_alive":0,"chat_template_kwargs":{}}`
    await rawPost(gateway.url, "/v1/chat/completions", text)
    expect(provider.last?.text).toBe(text.replace('"defaults"', '"m-upstream"').replace('"stop":null', '"stop":["END"]'))
  })

  it("nothing changes where nothing is configured", async () => {
    const text = `{"model":"m-upstream","messages":[{"role":"user","content":"hello"}] }`
    await rawPost(gateway.url, "/v1/chat/completions", text.replace("m-upstream", "plain"))
    expect(provider.last?.text).toBe(text)
  })

  it("the client's own value wins, by either name of the limit", async () => {
    expect(await sent(chat("defaults", { max_completion_tokens: 9, temperature: 1 }))).toMatchObject({
      max_tokens: 9,
      temperature: 1,
      seed: 7,
    })
    expect(await sent(chat("openai", { max_tokens: 9 }))).toEqual({ model: "m-upstream", messages, max_tokens: 9, temperature: 0.2 })
    expect(await sent(chat("openai"))).toMatchObject({ max_completion_tokens: 40 })
  })

  it("what is forced stands whatever the client says, in streams too", async () => {
    const body = await sent(chat("forced", { temperature: 2, max_tokens: 4_000, max_completion_tokens: 4_000, stream: true }))
    expect(body).toEqual({
      model: "m-upstream",
      messages,
      temperature: 0,
      max_tokens: 30,
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  it("what is left out does not reach the provider", async () => {
    const more = { logit_bias: { 1: 2 }, max_tokens: 5, max_completion_tokens: 5, user: "u", top_p: 1, stream: true }
    expect(await sent(chat("dropped", more))).toEqual({
      model: "m-upstream",
      messages,
      top_p: 1,
      stream: true,
      stream_options: { include_usage: true },
    })
    expect(await sent(chat("dropped"))).toEqual({ model: "m-upstream", messages })
  })

  it("a body that two readers could read differently is read once, and sent as it was read", async () => {
    const twice = '{"model":"forced","messages":[{"role":"user","content":"hello"}],"temperature":0.9,"temperature":0.4}'
    expect(await sent(rawPost(gateway.url, "/v1/chat/completions", twice))).toMatchObject({ temperature: 0, max_tokens: 30 })
    expect(provider.last?.text.match(/"temperature"/g)).toHaveLength(1)
    const escaped = '{"model":"forced","messages":[{"role":"user","content":"hello"}],"te\\u006dperature":0.9}'
    expect(await sent(rawPost(gateway.url, "/v1/chat/completions", escaped))).toMatchObject({ temperature: 0 })
  })

  it("a model is not given what its provider refuses, and gets it by the name that it has there", async () => {
    expect(await sent(chat("thinking"))).toEqual({ model: "gpt-5-mini", messages, reasoning_effort: "low" })
    expect(await sent(chat("thinking", { reasoning_effort: "none" }))).toMatchObject({ reasoning_effort: "none", temperature: 0.2 })
    expect(await sent(chat("mistral"))).toEqual({ model: "m-upstream", messages, random_seed: 7 })
    expect(await sent(chat("mistral", { seed: 3, stream: true }))).toMatchObject({ random_seed: 3 })
  })

  it("each deployment has its own, after a failure too", async () => {
    provider.next({ error: { status: 500 } })
    expect(await sent(chat("two"))).toMatchObject({ temperature: 0.9 })
    expect(provider.requests.map(({ body }) => body["temperature"])).toEqual([0.1, 0.9])
  })
})

describe("in chat completions that are translated", () => {
  it("each dialect is told in its own words", async () => {
    expect(await sent(chat("cool-claude"))).toMatchObject({ max_tokens: 40, temperature: 0.2, stop_sequences: ["END"] })
    expect(await sent(chat("claude", { max_tokens: 5_000 }))).toMatchObject({
      thinking: { type: "enabled", budget_tokens: 2_048 },
      max_tokens: 5_000,
      service_tier: "standard_only",
    })
    expect(await sent(chat("gemini"))).toMatchObject({
      generationConfig: { temperature: 0.2, maxOutputTokens: 40, seed: 7, stopSequences: ["END"], responseModalities: ["TEXT"] },
    })
    expect(await sent(chat("bedrock"))).toMatchObject({ inferenceConfig: { temperature: 0.2, maxTokens: 40, stopSequences: ["END"] } })
    expect(await sent(chat("cohere"))).toMatchObject({
      temperature: 0.2,
      max_tokens: 40,
      seed: 7,
      stop_sequences: ["END"],
      safety_mode: "NONE",
    })
    await chat("responses") // which the fake provider has no answer for
    expect(provider.last?.body).toMatchObject({ max_output_tokens: 40, text: { verbosity: "low" } })
  })

  it("the client's own value wins there too", async () => {
    const more = { temperature: 1, max_tokens: 9, stop: "X", reasoning_effort: "none" }
    expect(await sent(chat("gemini", more))).toMatchObject({
      generationConfig: { temperature: 1, maxOutputTokens: 9, stopSequences: ["X"], seed: 7 },
    })
    expect(await sent(chat("bedrock", more))).toMatchObject({ inferenceConfig: { temperature: 1, maxTokens: 9, stopSequences: ["X"] } })
    expect(await sent(chat("claude", more))).not.toHaveProperty("thinking")
  })
})

describe("in messages", () => {
  const ask = (model: string, more: object = {}): Promise<RawAnswer> =>
    rawPost(gateway.url, "/v1/messages", { model, messages, max_tokens: 9_000, ...more })

  it("bytes for Anthropic get Anthropic's names", async () => {
    expect(await sent(ask("cool-claude"))).toEqual({
      model: "claude-sonnet-4-5",
      messages,
      max_tokens: 9_000,
      temperature: 0.2,
      stop_sequences: ["END"],
    })
    // One of the two, as the model wants it; none while it thinks.
    expect(await sent(ask("cool-claude", { top_p: 0.4 }))).not.toHaveProperty("temperature")
    expect(await sent(ask("cool-claude", { thinking: { type: "enabled", budget_tokens: 1_024 } }))).not.toHaveProperty("temperature")
  })

  it("an effort becomes thoughts, unless the client says how it shall think or sample", async () => {
    expect(await sent(ask("claude"))).toMatchObject({ thinking: { type: "enabled", budget_tokens: 2_048 }, service_tier: "standard_only" })
    expect(await sent(ask("claude"))).not.toHaveProperty("temperature")
    expect(await sent(ask("claude", { thinking: { type: "disabled" } }))).toMatchObject({
      thinking: { type: "disabled" },
      temperature: 0.2,
    })
    const cool = await sent(ask("claude", { temperature: 0.7 }))
    expect(cool).toMatchObject({ temperature: 0.7 })
    expect(cool).not.toHaveProperty("thinking")
  })

  it("another dialect is told in its own words, and the limit that messages must have is the client's", async () => {
    expect(await sent(ask("defaults"))).toMatchObject({ max_tokens: 9_000, temperature: 0.2, seed: 7, keep_alive: "5m" })
  })
})

describe("elsewhere", () => {
  it("embeddings are given what vectors have, and not what chats have", async () => {
    const body = await sent(rawPost(gateway.url, "/v1/embeddings", { model: "vectors", input: "x" }))
    expect(body).toEqual({ model: "m-upstream", input: "x", dimensions: 3, truncate_prompt_tokens: 9 })
    expect(await sent(rawPost(gateway.url, "/v1/embeddings", { model: "vectors", input: "x", dimensions: 5 }))).toMatchObject({
      dimensions: 5,
    })
    expect(await sent(chat("vectors"))).toEqual({ model: "m-upstream", messages, temperature: 0.2, truncate_prompt_tokens: 9 })
  })

  it("a budget is held for the output that a default allows", async () => {
    // One dollar buys 500,000 tokens of output at two dollars a million.
    const allowed = await chat("defaults", { max_tokens: 600_000 })
    expect([allowed.status, allowed.text]).toEqual([429, expect.stringContaining("insufficient_quota")])
    expect((await chat("defaults")).status).toBe(200)
  })

  it("kept answers are those of the parameters that made them, and a forced warmth is warmth", async () => {
    const [first, again] = [await chat("kept"), await chat("kept")]
    expect([first, again].map(({ headers }) => headers["x-perdure-cache"])).toEqual(["miss", "hit"])
    expect((await chat("warm", { temperature: 0 })).headers["x-perdure-cache"]).toBe("bypass")
  })
})
