// Models of real AI SDK packages, of three versions of its specification, against a provider on a real port.
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { defaultLimits, newId } from "../../../core/index.ts"
import { startFakeProvider, type FakeScript } from "../../../testing/fake-provider.ts"
import type { Deployment, ModelCall, ModelEvent } from "../../types.ts"
import { callOf } from "../golden.fixtures.ts"
import { createAiSdkModel } from "./model.ts"

const provider = await startFakeProvider()
afterAll(() => provider[Symbol.asyncDispose]())
const impatient = { firstTokenTimeoutMs: 1_000, idleTimeoutMs: 1_000 }
const anySignal = new AbortController().signal

function deployment(settings: Deployment["settings"] = {}): Deployment {
  return {
    id: "sdk/m",
    provider: "ai-sdk",
    dialect: "ai-sdk",
    baseUrl: provider.url,
    apiKey: "sk-upstream-secret",
    upstreamModel: "m-upstream",
    does: { chat: true, embeddings: true },
    contextTokensMax: null,
    settings: { package: "@ai-sdk/openai-compatible", ...settings },
    origin: "perdure.yaml:7",
  }
}

function modelOf(
  settings: Deployment["settings"] = {},
  applicationFolder: string = import.meta.dirname,
  limits: typeof impatient = defaultLimits,
) {
  return createAiSdkModel({ deployment: deployment(settings), applicationFolder, limits, newId })
}

async function heard(model: ReturnType<typeof modelOf>, call: ModelCall, script: FakeScript, signal = anySignal): Promise<ModelEvent[]> {
  provider.next(script)
  const events: ModelEvent[] = []
  for await (const event of model.chat!(call, signal)) events.push(event)
  return events
}

const lookUp = {
  name: "look_up",
  description: "Looks up.",
  parameters: { type: "object", properties: { q: { type: "string" } } },
  strict: null,
}
const conversation: ModelCall["messages"] = [
  { role: "system", content: [{ type: "text", text: "be brief" }] },
  {
    role: "user",
    content: [
      { type: "text", text: "look" },
      { type: "image", url: "data:image/png;base64,AAEC" },
    ],
  },
  {
    role: "assistant",
    content: [{ type: "text", text: "I look." }],
    toolCalls: [
      { callId: "call_1", name: "look_up", arguments: '{"q":"a"}' },
      { callId: "call_2", name: "look_up", arguments: "" },
    ],
  },
  { role: "tool", callId: "call_1", content: "42" },
  { role: "tool", callId: "call_2", content: "broken", isError: true },
]

describe.each(["@ai-sdk/openai-compatible", "ai-sdk-v3", "ai-sdk-v2"])("a model of the package %s", (name) => {
  const model = modelOf({ package: name })

  it("sends the conversation, with its tools and settings, to the address with the key", async () => {
    const call = callOf({
      messages: conversation,
      tools: [lookUp],
      toolChoice: "required",
      temperature: 0.5,
      outputTokensMax: 9,
      stop: ["END"],
      seed: 7,
    })
    const events = await heard(model, call, { text: ["Hi", " there"], usage: { prompt_tokens: 9, completion_tokens: 2, cached_tokens: 4 } })
    expect(events).toEqual([
      { type: "text-delta", text: "Hi" },
      { type: "text-delta", text: " there" },
      {
        type: "finished",
        reason: "stop",
        usage: { inputTokens: 9, outputTokens: 2, cachedTokens: 4, reasoningTokens: 0, estimated: false },
        upstreamModel: "m-upstream",
      },
    ])
    expect(provider.last?.headers.authorization).toBe("Bearer sk-upstream-secret")
    expect(provider.last?.body).toMatchObject({
      model: "m-upstream",
      stream: true,
      temperature: 0.5,
      max_tokens: 9,
      stop: ["END"],
      seed: 7,
      tool_choice: "required",
      tools: [{ type: "function", function: { name: "look_up", description: "Looks up.", parameters: lookUp.parameters } }],
    })
    const messages = provider.last?.body["messages"] as Record<string, unknown>[]
    expect(messages.map(({ role }) => role)).toEqual(["system", "user", "assistant", "tool", "tool"])
    expect(messages[1]?.["content"]).toEqual([
      { type: "text", text: "look" },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAEC" } },
    ])
    expect(messages[2]).toMatchObject({
      content: "I look.",
      tool_calls: [
        { id: "call_1", type: "function", function: { name: "look_up", arguments: '{"q":"a"}' } },
        { id: "call_2", type: "function", function: { name: "look_up", arguments: "{}" } },
      ],
    })
    expect(messages.slice(3)).toEqual([
      { role: "tool", tool_call_id: "call_1", content: "42" },
      { role: "tool", tool_call_id: "call_2", content: "broken" },
    ])
  })

  it("C8 streams parallel tool calls, each whole", async () => {
    const events = await heard(model, callOf({ tools: [lookUp] }), {
      toolCalls: [
        { id: "call_a", name: "look_up", arguments: ['{"q":', '"x"}'] },
        { id: "call_b", name: "look_up", arguments: '{"q":"y"}' },
      ],
    })
    const started = events.filter(({ type }) => type === "tool-call-started")
    expect(started).toEqual([
      { type: "tool-call-started", index: 0, callId: "call_a", name: "look_up" },
      { type: "tool-call-started", index: 1, callId: "call_b", name: "look_up" },
    ])
    const text = (index: number): string =>
      events.map((event) => (event.type === "tool-call-delta" && event.index === index ? event.arguments : "")).join("")
    expect([text(0), text(1)]).toEqual(['{"q":"x"}', '{"q":"y"}'])
    expect(events.at(-1)).toMatchObject({ type: "finished", reason: "tool_calls" })
  })

  it("C16 gives reasoning apart from the answer", async () => {
    const events = await heard(model, callOf({ reasoningEffort: "high" }), {
      reasoning: ["Let me", " think"],
      text: "42",
      usage: { prompt_tokens: 1, completion_tokens: 5, reasoning_tokens: 3 },
    })
    expect(events.map((event) => ("text" in event ? `${event.type}:${event.text}` : event.type))).toEqual([
      "reasoning-delta:Let me",
      "reasoning-delta: think",
      "reasoning-ended",
      "text-delta:42",
      "finished",
    ])
    expect(events.at(-1)).toMatchObject({ usage: { reasoningTokens: 3 } })
    expect(provider.last?.body["reasoning_effort"]).toBe("high")
  })

  it("asks for structured output", async () => {
    const schema = { type: "object", properties: { a: { type: "number" } }, required: ["a"], additionalProperties: false }
    const structured = modelOf({ package: name, options: { supportsStructuredOutputs: true } })
    await heard(structured, callOf({ responseFormat: { type: "json_schema", json_schema: { name: "thing", schema, strict: true } } }), {
      text: '{"a":1}',
    })
    expect(provider.last?.body["response_format"]).toMatchObject({ type: "json_schema", json_schema: { name: "thing", schema } })
  })

  it("E3 reports the provider's refusal with its status and when to try again, and not the key", async () => {
    const error = { status: 429, message: "slow down, sk-upstream-secret", headers: { "retry-after": "2" } }
    const failure = heard(model, callOf(), { error })
    await expect(failure).rejects.toMatchObject({
      code: "rate_limit_exceeded",
      retryAfterMs: 2_000,
      retryable: true,
      answer: { status: 429 },
    })
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining("sk-upstream") as string })
    await expect(heard(model, callOf(), { error: { status: 400, message: "no such thing" } })).rejects.toMatchObject({
      retryable: false,
      message: "no such thing",
    })
  })

  it("T7 aborts upstream when the caller leaves, and reports silence", async () => {
    const before = provider.abortsCount
    const stop = new AbortController()
    provider.next({ text: ["a", "b"], ending: "hang", framesMax: 2 })
    const reading = (async () => {
      for await (const event of model.chat!(callOf(), stop.signal)) if (event.type === "text-delta") stop.abort(new Error("enough"))
    })()
    await expect(reading).rejects.toThrow("enough")
    await expect.poll(() => provider.abortsCount, { timeout: 20_000 }).toBe(before + 1)
    await expect(heard(modelOf({ package: name }, import.meta.dirname, impatient), callOf(), { hang: true })).rejects.toMatchObject({
      code: "upstream_timeout",
    })
  })

  it("makes vectors of unit length, in order", async () => {
    const vectors = await model.embed!(["a", "b"], anySignal)
    expect(vectors.map((vector) => Math.hypot(...vector))).toEqual([expect.closeTo(1, 5), expect.closeTo(1, 5)])
    expect(vectors[0]).not.toEqual(vectors[1])
  })
})

describe("a package of the application", () => {
  it("is looked for in the application's folder, and how to install it is said", async () => {
    const model = modelOf({ package: "@ai-sdk/not-there" }, "/nowhere/app")
    await expect(heard(model, callOf(), {})).rejects.toMatchObject({
      code: "feature_unavailable",
      message: expect.stringContaining('the package "@ai-sdk/not-there", which is not installed in /nowhere/app') as string,
      hint: "Run `npm install @ai-sdk/not-there` there.",
    })
  })

  it("keeps what the provider says beside reasoning and calls, and gives it back in the next turn", async () => {
    await using application = await fakeApplication()
    const model = modelOf({ package: "a-package" }, application.folder)
    const events = await heard(model, callOf(), {})
    expect(events).toEqual([
      { type: "reasoning-delta", text: "hm" },
      { type: "reasoning-ended", reasoning: { dialect: "ai-sdk", signature: '{"a":{"signature":"s1"}}' } },
      { type: "image", mediaType: "image/png", data: "AQID" },
      { type: "tool-call-started", index: 0, callId: "c1", name: "f", signature: '{"a":{"thought":"s2"}}' },
      { type: "tool-call-delta", index: 0, arguments: '{"x":1}' },
      {
        type: "finished",
        reason: "tool_calls",
        usage: {
          inputTokens: 5,
          outputTokens: 6,
          cachedTokens: 1,
          reasoningTokens: 2,
          cacheWriteTokens: 3,
          imageCount: 1,
          estimated: false,
        },
        upstreamModel: "m-of-a-day",
      },
    ])
    const again = await heard(
      model,
      callOf({
        messages: [
          {
            role: "assistant",
            content: [],
            toolCalls: [{ callId: "c1", name: "f", arguments: '{"x":1}', signature: '{"a":{"thought":"s2"}}' }],
            reasoning: [
              { dialect: "ai-sdk", text: "hm", signature: '{"a":{"signature":"s1"}}' },
              { dialect: "gemini", text: "", signature: "of another" },
            ],
          },
        ],
      }),
      {},
    )
    expect(again.at(-1)).toMatchObject({
      upstreamModel: JSON.stringify([
        { type: "reasoning", text: "hm", providerOptions: { a: { signature: "s1" } } },
        { type: "tool-call", toolCallId: "c1", toolName: "f", input: { x: 1 }, providerOptions: { a: { thought: "s2" } } },
      ]),
    })
  })

  it("C13 that breaks off its stream, or puts an error into it, fails the call", async () => {
    await using application = await fakeApplication()
    await expect(heard(modelOf({ package: "a-package", options: { cut: true } }, application.folder), callOf(), {})).rejects.toMatchObject({
      code: "upstream_stream_ended",
    })
    await expect(
      heard(modelOf({ package: "a-package", options: { broken: true } }, application.folder), callOf(), {}),
    ).rejects.toMatchObject({
      code: "overloaded",
      answer: { status: 503 },
    })
  })

  it("refuses a picture by address that the provider does not fetch, and a specification that it does not know", async () => {
    await using application = await fakeApplication()
    const picture = callOf({ messages: [{ role: "user", content: [{ type: "image", url: "https://pictures.example/a.png" }] }] })
    await expect(heard(modelOf({ package: "a-package" }, application.folder), picture, {})).rejects.toMatchObject({
      code: "unsupported_value",
    })
    await expect(
      heard(modelOf({ package: "a-package", options: { version: "v1" } }, application.folder), callOf(), {}),
    ).rejects.toMatchObject({
      code: "feature_unavailable",
      message: expect.stringContaining('speaks version "v1"') as string,
    })
  })
})

/** An application with a package that is written by hand, for what the real ones do only with their own providers. */
async function fakeApplication(): Promise<AsyncDisposable & { folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "perdure-ai-sdk-"))
  const home = join(folder, "node_modules", "a-package")
  await mkdir(join(home, "esm"), { recursive: true })
  await writeFile(
    join(home, "package.json"),
    JSON.stringify({ name: "a-package", type: "module", exports: { ".": { types: "./x.d.ts", import: "./esm/index.js" } } }),
  )
  await writeFile(join(home, "esm", "index.js"), fakePackage)
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

const fakePackage = `
const first = (prompt) => [
  { type: "stream-start", warnings: [] },
  { type: "response-metadata", modelId: prompt[0].role === "assistant" ? JSON.stringify(prompt[0].content) : "m-of-a-day" },
  { type: "reasoning-start", id: "r" },
  { type: "reasoning-delta", id: "r", delta: "hm" },
  { type: "reasoning-end", id: "r", providerMetadata: { a: { signature: "s1" } } },
  { type: "file", mediaType: "image/png", data: { type: "data", data: new Uint8Array([1, 2, 3]) } },
  { type: "source", sourceType: "url", id: "s", url: "https://example.com" },
  { type: "tool-call", toolCallId: "c1", toolName: "f", input: '{"x":1}', providerMetadata: { a: { thought: "s2" } } },
  { type: "finish", finishReason: { unified: "tool-calls", raw: "x" }, usage: {
    inputTokens: { total: 5, noCache: 1, cacheRead: 1, cacheWrite: 3 }, outputTokens: { total: 6, text: 4, reasoning: 2 } } },
]
export function createAPackage({ version = "v4", cut, broken }) {
  const error = Object.assign(new Error("busy"), { name: "AI_APICallError", statusCode: 503, responseBody: "", responseHeaders: {} })
  const languageModel = (modelId) => ({
    specificationVersion: version, provider: "a.chat", modelId, supportedUrls: { "application/pdf": [/^https:/] },
    doStream: async ({ prompt }) => {
      const parts = cut ? first(prompt).slice(0, -1) : broken ? [{ type: "error", error }] : first(prompt)
      return { stream: new ReadableStream({ start(c) { for (const part of parts) c.enqueue(part); c.close() } }) }
    },
  })
  return { languageModel }
}
`
