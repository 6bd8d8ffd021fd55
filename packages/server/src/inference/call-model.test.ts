// Model calls against a provider on a real port, and against models of this process.
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { AppError, defaultLimits, newId, sleep, systemClock } from "../core/index.ts"
import { startFakeProvider, type FakeScript } from "../testing/fake-provider.ts"
import {
  createCallModel,
  createEmbed,
  createModels,
  createPool,
  createUpstreams,
  type Deployment,
  type ModelCall,
  type CallEvent,
} from "./index.ts"
import { callProvider } from "./providers/call.ts"
import { blankCall } from "./blank-call.ts"
import type { NativeModel } from "./providers/embedded/types.ts"

const provider = await startFakeProvider()
const spare = await startFakeProvider({ text: "from the spare" })
const limits = { ...defaultLimits, firstTokenTimeoutMs: 2_000, idleTimeoutMs: 2_000 }
const upstreams = createUpstreams({ limits })
afterAll(async () => {
  await upstreams[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await spare[Symbol.asyncDispose]()
})

function deployment(part: Partial<Deployment>): Deployment {
  const base = {
    provider: "openai-compatible",
    dialect: "openai-chat",
    apiKey: "sk-upstream-secret",
    contextTokensMax: null,
    origin: "test.yaml:1",
  } as const
  return { ...base, id: "fake/m", baseUrl: provider.url, upstreamModel: "m-upstream", does: { chat: true, embeddings: true }, ...part }
}
const native: NativeModel = {
  deployment: deployment({ id: "perdure/here", provider: "embedded", dialect: "native", baseUrl: null, apiKey: null }),
  chat: async function* (call) {
    yield { type: "text-delta", text: `you said ${JSON.stringify(call.messages.at(-1)?.content)}` }
    yield {
      type: "finished",
      reason: "stop",
      usage: { inputTokens: 1, outputTokens: 2, cachedTokens: 0, reasoningTokens: 0, estimated: false },
      upstreamModel: "here",
    }
  },
  embed: async (texts) => texts.map(() => Float32Array.from([1, 0])),
  countTokens: (text) => text.length,
}
const model = (name: string, ...deployments: Deployment[]) => ({ name, createdAt: 0, ownedBy: "test", deployments })
const models = createModels({
  models: [
    model("fast", deployment({})),
    model("pooled", deployment({ id: "fake/first" }), deployment({ id: "fake/spare", baseUrl: spare.url })),
    model("here", native.deployment),
    model("nowhere", deployment({ baseUrl: "http://127.0.0.1:1/v1" })),
  ],
})
// One attempt on each deployment: these tests look at single failures.
const pool = createPool({ models, limits: { ...limits, sameDeploymentRetriesMax: 0 }, clock: systemClock, rng: () => 0 })
beforeEach(() => pool.keep([]))
const options = { models, pool, upstreams, natives: new Map([[native.deployment.id, native]]), limits, clock: systemClock, newId }
const callModel = createCallModel(options)

function call(part: Partial<ModelCall> = {}): ModelCall {
  return {
    ...blankCall,
    model: "fast",
    messages: [{ role: "user", content: [{ type: "text", text: "hello" }] }],
    toolChoice: "auto",
    parallelToolCalls: true,
    ...part,
  }
}
async function eventsOf(request: ModelCall, script?: FakeScript, signal: AbortSignal = new AbortController().signal): Promise<CallEvent[]> {
  if (script) provider.next(script)
  const events: CallEvent[] = []
  for await (const event of callModel(request, signal).events) events.push(event)
  return events
}
const textOf = (events: readonly CallEvent[]): string => events.map((event) => (event.type === "text-delta" ? event.text : "")).join("")

describe("a model call on an OpenAI-compatible deployment", () => {
  it("sends the conversation in the provider's shape, with its key and the upstream name of the model", async () => {
    const events = await eventsOf(
      call({
        messages: [
          { role: "system", content: [{ type: "text", text: "be brief" }] },
          {
            role: "user",
            content: [
              { type: "text", text: "look" },
              { type: "image", url: "data:image/png;base64,AA==" },
            ],
          },
          { role: "assistant", content: [], toolCalls: [{ callId: "call_1", name: "f", arguments: "" }] },
          { role: "tool", callId: "call_1", content: "42" },
        ],
        tools: [{ name: "f", description: null, parameters: { type: "object" }, strict: true }],
        toolChoice: { name: "f" },
        parallelToolCalls: false,
        temperature: 0,
        outputTokensMax: 9,
      }),
      { text: ["Hi", " there"], usage: { prompt_tokens: 3, completion_tokens: 2, cached_tokens: 1 } },
    )
    expect(textOf(events)).toBe("Hi there")
    expect(events.at(-1)).toMatchObject({
      type: "finished",
      reason: "stop",
      usage: { inputTokens: 3, outputTokens: 2, cachedTokens: 1 },
      upstreamModel: "m-upstream",
    })
    expect(provider.last?.headers.authorization).toBe("Bearer sk-upstream-secret")
    expect(provider.last?.body).toEqual({
      model: "m-upstream",
      messages: [
        { role: "system", content: "be brief" },
        {
          role: "user",
          content: [
            { type: "text", text: "look" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
          ],
        },
        { role: "assistant", content: null, tool_calls: [{ id: "call_1", type: "function", function: { name: "f", arguments: "{}" } }] },
        { role: "tool", tool_call_id: "call_1", content: "42" },
      ],
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0,
      max_tokens: 9,
      tools: [{ type: "function", function: { name: "f", parameters: { type: "object" }, strict: true } }],
      tool_choice: { type: "function", function: { name: "f" } },
      parallel_tool_calls: false,
    })
  })

  it("hands passages over as a user message before the question", async () => {
    await eventsOf(call({ passages: [{ fileId: "file_1", filename: "a.md", chunkId: "c", text: "The sky is green.", score: 1 }] }))
    const messages = provider.last?.body["messages"] as { role: string; content: string }[]
    expect(messages.map((message) => message.role)).toEqual(["user", "user"])
    expect(messages[0]?.content).toContain("[1] a.md\nThe sky is green.")
  })

  it("understands a provider that answers JSON where a stream was asked for", async () => {
    const body = JSON.stringify({
      model: "m",
      choices: [{ index: 0, message: { role: "assistant", content: "whole" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 1, completion_tokens: 1 },
    })
    expect(textOf(await eventsOf(call(), { raw: { status: 200, headers: { "content-type": "application/json" }, body: [body] } }))).toBe(
      "whole",
    )
  })

  it.each<[string, FakeScript, object]>([
    [
      "a context that is too long",
      { error: { status: 400, message: "too long", type: "invalid_request_error", code: "context_length_exceeded" } },
      { code: "context_length_exceeded", message: "too long" },
    ],
    [
      "a rate limit",
      { error: { status: 429, message: "slow down", code: "rate_limit_exceeded", headers: { "retry-after": "3" } } },
      { code: "rate_limit_exceeded", retryAfterMs: 3000 },
    ],
    ["an empty account", { error: { status: 429, message: "pay", code: "insufficient_quota" } }, { code: "insufficient_quota" }],
    [
      "refused credentials",
      { error: { status: 401, message: "Incorrect API key sk-upstream-secret", code: "invalid_api_key" } },
      { code: "upstream_error", status: 502 },
    ],
    [
      "a page instead of an answer",
      { raw: { status: 200, headers: { "content-type": "text/html" }, body: ["<html>"] } },
      { code: "upstream_error" },
    ],
    ["a stream that ends in the middle", { ending: "eof", framesMax: 3 }, { code: "upstream_stream_ended" }],
    ["a connection that breaks", { ending: "reset", framesMax: 3 }, { code: "upstream_error" }],
    ["silence before the answer", { hang: true }, { code: "upstream_timeout" }],
    ["silence inside the answer", { ending: "hang", framesMax: 2 }, { code: "upstream_timeout" }],
    [
      "an error inside the stream",
      { streamError: { afterFrames: 1, message: "engine died" } },
      { code: "upstream_error", message: "engine died" },
    ],
  ])("reports %s", async (_, script, expected) => {
    const error: unknown = await eventsOf(call(), script).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(AppError)
    expect(error).toMatchObject(expected)
    expect((error as AppError).message).not.toMatch(/127\.0\.0\.1|secret/)
  })

  it("reports a provider that is not there", async () => {
    await expect(eventsOf(call({ model: "nowhere" }))).rejects.toMatchObject({
      code: "upstream_error",
      message: expect.stringContaining("ECONNREFUSED") as string,
    })
  })

  it("closes the upstream connection when its signal aborts", async () => {
    const stop = new AbortController()
    const before = provider.abortsCount
    provider.next({ ending: "hang", framesMax: 2 })
    const reading = (async () => {
      for await (const event of callModel(call(), stop.signal).events) if (event.type === "text-delta") stop.abort(new Error("enough"))
    })()
    await expect(reading).rejects.toThrow("enough")
    await expect.poll(() => provider.abortsCount, { timeout: 20_000 }).toBe(before + 1)
  })

  it("keeps the connection of a provider that closes its answer a little after its end", async () => {
    const script: FakeScript = () => ({
      raw: {
        status: 200,
        headers: { "content-type": "text/event-stream" },
        body: ['data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n', "data: [DONE]\n\n", ": the end\n\n"],
        chunkDelayMs: 20,
      },
    })
    await using slow = await startFakeProvider(script)
    const place = deployment({ baseUrl: slow.url })
    for (let round = 0; round < 4; round += 1)
      for await (const event of callProvider({ upstreams, limits, newId }, place, call(), new AbortController().signal))
        if (event.type === "finished") await sleep(500)
    expect(slow.connectionsCount).toBe(1)
    expect(slow.abortsCount).toBe(0)
  })

  it("reads what came before the connection broke, also where it reads more slowly than that", async () => {
    await using breaking = await startFakeProvider({ text: ["one ", "two ", "three "], ending: "reset", framesMax: 4, chunkDelayMs: 20 })
    const place = deployment({ baseUrl: breaking.url })
    let text = ""
    const reading = async (): Promise<void> => {
      for await (const event of callProvider({ upstreams, limits, newId }, place, call(), new AbortController().signal)) {
        if (event.type === "text-delta") text += event.text
        await expect.poll(() => breaking.abortsCount, { timeout: 20_000 }).toBe(1)
        await sleep(100) // until this end has seen it too
      }
    }
    await expect(reading()).rejects.toMatchObject({ code: "upstream_error", failure: "connection" })
    expect(text).toBe("one two three ")
  })

  it("goes on with the next deployment when the first fails before its first event, and says which one answered", async () => {
    provider.next({ error: { status: 500 } })
    const answer = callModel(call({ model: "pooled" }), new AbortController().signal)
    const events: CallEvent[] = []
    for await (const event of answer.events) events.push(event)
    expect(textOf(events)).toBe("from the spare")
    expect(answer.deployment.id).toBe("fake/spare")
  })

  it("does not try another deployment for a request that is wrong, nor after text was given out", async () => {
    await expect(eventsOf(call({ model: "pooled" }), { error: { status: 400, message: "bad" } })).rejects.toMatchObject({ message: "bad" })
    await expect(eventsOf(call({ model: "pooled" }), { ending: "eof", framesMax: 3 })).rejects.toMatchObject({
      code: "upstream_stream_ended",
    })
  })
})

describe("models by name", () => {
  it("calls a model of this process", async () => {
    expect(textOf(await eventsOf(call({ model: "here" })))).toContain("hello")
  })

  it("names the nearest model for an unknown one, and those that can for one that cannot", () => {
    expect(() => models.require("fasst")).toThrow(expect.objectContaining({ code: "model_not_found", hint: 'Did you mean "fast"?' }))
    const chatOnly = createModels({
      models: [model("chat", deployment({ does: { chat: true, embeddings: false } })), model("both", deployment({}))],
    })
    expect(() => chatOnly.require("chat", "embeddings")).toThrow(
      expect.objectContaining({ code: "unsupported_value", hint: 'These can: "both".' }),
    )
    chatOnly.replace({ models: [] })
    expect(chatOnly.list()).toEqual([])
  })

  it("embeds texts in order and scales to unit length, upstream and here", async () => {
    const { vectors, usage } = await createEmbed(options, "fast")(["a", "b"], new AbortController().signal)
    expect(vectors.map((vector) => Math.hypot(...vector))).toEqual([expect.closeTo(1, 5), expect.closeTo(1, 5)])
    expect(vectors[0]).not.toEqual(vectors[1])
    expect(usage?.inputTokens).toBeGreaterThan(0)
    const here = await createEmbed(options, "here")(["a"], new AbortController().signal)
    expect(here).toMatchObject({ vectors: [Float32Array.from([1, 0])], usage: undefined })
    provider.next({ error: { status: 400, message: "no" } })
    await expect(createEmbed(options, "fast")(["a"], new AbortController().signal)).rejects.toMatchObject({ message: "no" })
  })
})
