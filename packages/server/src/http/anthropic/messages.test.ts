// Anthropic's messages through the gateway on real sockets: passed to upstreams that speak them, translated for others; the lines A1 to A15.
import Anthropic, { RateLimitError, type APIError } from "@anthropic-ai/sdk"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import type { ModelCall, ModelEvent } from "../../inference/index.ts"
import { startFakeProvider, type FakeAnswer } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testKey, testModel } from "../../testing/gateway.ts"
import { jsonAnswer } from "../../testing/json-answer.ts"

const openai = await startFakeProvider()
const anthropic = await startFakeProvider()
const native = testDeployment("", { id: "perdure/here", provider: "embedded", dialect: "native", baseUrl: null, apiKey: null })
let nativeCall: ModelCall | undefined
let nativeEvents: readonly ModelEvent[] = []
const gateway = await startTestGateway({
  models: [
    testModel("gpt", testDeployment(openai.url)),
    testModel("claude", testDeployment(anthropic.url, { id: "fake/claude", provider: "anthropic", dialect: "anthropic-messages" })),
    testModel(
      "both",
      testDeployment(anthropic.url, { id: "fake/claude", dialect: "anthropic-messages" }),
      testDeployment(openai.url, { priority: 1 }),
    ),
    testModel("here", native),
  ],
  natives: new Map([
    [
      native.id,
      {
        deployment: native,
        chat: async function* (call: ModelCall) {
          nativeCall = call
          yield* nativeEvents
        },
        countTokens: (text: string) => text.length,
      },
    ],
  ]),
})
const client = new Anthropic({ baseURL: gateway.url, apiKey: testKey, maxRetries: 0 })
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await openai[Symbol.asyncDispose]()
  await anthropic[Symbol.asyncDispose]()
})
beforeEach(() => {
  gateway.records.length = 0
  nativeEvents = [{ type: "text-delta", text: "Hi" }, finished()]
})

function finished(more: Partial<Extract<ModelEvent, { type: "finished" }>> = {}): ModelEvent {
  const usage = { inputTokens: 100, outputTokens: 7, cachedTokens: 60, cacheWriteTokens: 30, reasoningTokens: 0, estimated: false }
  return { type: "finished", reason: "stop", usage, upstreamModel: "here", ...more }
}
const ask = { model: "gpt", max_tokens: 50, messages: [{ role: "user" as const, content: "hello" }] }
const path = "/v1/messages"

function sse(...events: readonly { type: string; [key: string]: unknown }[]): NonNullable<FakeAnswer["raw"]> {
  const body = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  return { status: 200, headers: { "content-type": "text/event-stream" }, body }
}
const start = {
  type: "message_start",
  message: {
    id: "msg_up",
    type: "message",
    role: "assistant",
    model: "claude-x",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 10, cache_read_input_tokens: 5, cache_creation_input_tokens: 3, output_tokens: 1 },
  },
}
const text = [
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Grüße 👋🏽" } },
  { type: "content_block_stop", index: 0 },
]
const end = [
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 12 } },
  { type: "message_stop" },
]

async function eventsOf(body: object): Promise<Anthropic.RawMessageStreamEvent[]> {
  const events: Anthropic.RawMessageStreamEvent[] = []
  const request = { ...ask, ...body, stream: true } as const
  for await (const event of await client.messages.create(request)) events.push(event)
  return events
}
async function record() {
  await expect.poll(() => gateway.records.length, { timeout: 20_000 }).toBe(1)
  return gateway.records[0]
}

describe("messages passed to an upstream that speaks them", () => {
  it("passes events of megabytes, which come in many pieces", async () => {
    const texts = ["ü".repeat(1_500_000), "short", "é".repeat(1_000_000)]
    anthropic.next({ text: texts, splitBytes: 100_001 })
    const message = await client.messages.stream({ ...ask, model: "claude" }).finalMessage()
    expect(message.content).toEqual([expect.objectContaining({ type: "text", text: texts.join("") })])
  })

  it("arrive as they were sent, with the client's version and betas and the provider's own key", async () => {
    const answer = { id: "msg_1", type: "message", usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 2 }, new_field: 1 }
    anthropic.next(jsonAnswer(answer))
    const body = { ...ask, model: "claude", system: [{ type: "text", text: "s", cache_control: { type: "ephemeral" } }], future: true }
    const headers = { "anthropic-beta": "one,two", "anthropic-version": "2023-06-01" }
    const got = await rawPost(gateway.url, `${path}?beta=true`, body, headers)
    expect(got.status).toBe(200)
    expect(JSON.parse(got.text)).toEqual(answer)
    expect(got.headers).toMatchObject({ "request-id": expect.stringMatching(/^req_/) as string })
    expect(anthropic.last?.path).toBe("/v1/messages")
    expect(anthropic.last?.body).toEqual({ ...body, model: "m-upstream" })
    expect(anthropic.last?.headers).toMatchObject({ "anthropic-beta": "one,two", "anthropic-version": "2023-06-01" })
    expect(anthropic.last?.text).not.toContain(testKey)
    expect(await record()).toMatchObject({ name: "messages", inputTokens: 15, cachedTokens: 5, outputTokens: 2, outcome: "completed" })
  })

  it.each([1, 3, 4096])("A1 A4 stream on unchanged, in reads of %i bytes, with cumulative usage", async (sizeBytes) => {
    const raw = sse(start, { type: "ping" }, ...text, { type: "brand_new_event" }, ...end)
    const bytes = Buffer.from(raw.body.join(""))
    const pieces = Array.from({ length: Math.ceil(bytes.length / sizeBytes) }, (_, index) =>
      bytes.subarray(index * sizeBytes, (index + 1) * sizeBytes),
    )
    anthropic.next({ raw: { ...raw, body: pieces } })
    const got = await rawPost(gateway.url, path, { ...ask, model: "claude", stream: true })
    expect(got.text).toBe(raw.body.join(""))
    expect(got.writes.slice(0, -1).every((write) => write.endsWith("\n\n") && write.split("\n\n").length === 2)).toBe(true)
    expect(await record()).toMatchObject({ inputTokens: 18, cachedTokens: 5, outputTokens: 12, outcome: "completed" })
  })

  it("T9 end with an error event where the upstream ends without message_stop", async () => {
    anthropic.next({ raw: sse(start, ...text) })
    const got = await rawPost(gateway.url, path, { ...ask, model: "claude", stream: true })
    expect(got.text).toContain("event: error\n")
    expect(got.text).not.toContain("message_stop")
    expect(await record()).toMatchObject({ outcome: "failed", error: { code: "upstream_stream_ended" } })
  })

  it("T12 fall back across dialects while nothing but the head has come", async () => {
    anthropic.next({ raw: sse(start, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }) })
    openai.next({ text: ["from", " gpt"] })
    const events = await eventsOf({ model: "both" })
    expect(events.filter(({ type }) => type === "message_start")).toHaveLength(1)
    expect(
      events
        .flatMap((event) => (event.type === "content_block_delta" && event.delta.type === "text_delta" ? [event.delta.text] : []))
        .join(""),
    ).toBe("from gpt")
  })
})

describe("messages translated for another provider", () => {
  it("A2 A3 stream as one well-formed message", async () => {
    openai.next({ text: ["Hello", " you"], usage: { prompt_tokens: 9, completion_tokens: 4, cached_tokens: 2 } })
    const events = await eventsOf({})
    expect(events.map(({ type }) => type)).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ])
    expect(events.at(-2)).toMatchObject({
      delta: { stop_reason: "end_turn" },
      usage: { input_tokens: 7, cache_read_input_tokens: 2, output_tokens: 4 },
    })
  })

  it("A6 keep parallel tool calls in one block each, also when their arguments come interleaved", async () => {
    const calls = [
      { type: "tool-call-started", index: 0, callId: "a", name: "one" },
      { type: "tool-call-delta", index: 0, arguments: '{"x":' },
      { type: "tool-call-started", index: 1, callId: "b", name: "two" },
      { type: "tool-call-delta", index: 1, arguments: '{"y":2}' },
      { type: "tool-call-delta", index: 0, arguments: "1}" },
    ] as const
    nativeEvents = [...calls, finished({ reason: "tool_calls" })]
    const message = await client.messages.stream({ ...ask, model: "here" }).finalMessage()
    expect(message.content).toMatchObject([
      { type: "tool_use", id: "a", name: "one", input: { x: 1 } },
      { type: "tool_use", id: "b", name: "two", input: { y: 2 } },
    ])
    expect(message.stop_reason).toBe("tool_use")
    const whole = await client.messages.create({ ...ask, model: "here" })
    expect(whole.content).toEqual(message.content)
  })

  it("A5 tell input apart from what the cache held", async () => {
    const { usage } = await client.messages.create({ ...ask, model: "here" })
    expect(usage).toMatchObject({ input_tokens: 10, cache_read_input_tokens: 60, cache_creation_input_tokens: 30, output_tokens: 7 })
  })

  it("A7 carry thinking, its signature and sealed reasoning there and back", async () => {
    nativeEvents = [
      { type: "reasoning-delta", text: "hm" },
      { type: "reasoning-ended", reasoning: { dialect: "anthropic-messages", signature: "sig" } },
      { type: "reasoning-ended", reasoning: { dialect: "openai-responses", data: "sealed", id: "rs_1" } },
      { type: "tool-call-started", index: 0, callId: "c", name: "t", signature: "thought" },
      finished({ reason: "tool_calls" }),
    ]
    const message = await client.messages.stream({ ...ask, model: "here" }).finalMessage()
    expect(message.content.map(({ type }) => type)).toEqual(["thinking", "redacted_thinking", "redacted_thinking", "tool_use"])
    const result = { type: "tool_result" as const, tool_use_id: "c", content: [{ type: "text" as const, text: "42" }], is_error: true }
    const again = [
      ...ask.messages,
      { role: "assistant" as const, content: message.content },
      { role: "user" as const, content: [result, { type: "text" as const, text: "go on" }] },
    ]
    await client.messages.create({ ...ask, model: "here", messages: again })
    expect(nativeCall?.messages).toEqual([
      { role: "user", content: [{ type: "text", text: "hello" }] },
      {
        role: "assistant",
        content: [],
        toolCalls: [{ callId: "c", name: "t", arguments: "{}", signature: "thought" }],
        reasoning: [
          { text: "hm", dialect: "anthropic-messages", signature: "sig" },
          { text: "", dialect: "openai-responses", data: "sealed" },
        ],
      },
      { role: "tool", callId: "c", content: "42", isError: true },
      { role: "user", content: [{ type: "text", text: "go on" }] },
    ])
  })

  it("show a picture that the model made in the text, since there is no block for it", async () => {
    nativeEvents = [{ type: "text-delta", text: "Here:" }, { type: "image", mediaType: "image/png", data: "iVBORw==" }, finished()]
    const shown = "Here:\n\n![](data:image/png;base64,iVBORw==)\n\n"
    expect((await client.messages.create({ ...ask, model: "here" })).content).toMatchObject([{ type: "text", text: shown }])
    const streamed = await client.messages.stream({ ...ask, model: "here" }).finalMessage()
    expect(streamed.content).toMatchObject([{ type: "text", text: shown }])
  })

  it("name the model that was asked for, without which Claude Code drops their thoughts", async () => {
    openai.next({ reasoning: "hm", text: "Hi" }, { reasoning: "hm", text: "Hi" })
    const whole = await client.messages.create(ask)
    const streamed = await client.messages.stream(ask).finalMessage()
    expect([whole.model, streamed.model]).toEqual(["gpt", "gpt"])
    expect(streamed.content[0]).toMatchObject({ type: "thinking", thinking: "hm" })
  })

  it("A8 name why the answer ended", async () => {
    const reasons: [Partial<Extract<ModelEvent, { type: "finished" }>>, string][] = [
      [{ reason: "length" }, "max_tokens"],
      [{ reason: "content_filter" }, "refusal"],
      [{ stopSequence: "END" }, "stop_sequence"],
      [{ detail: "pause_turn" }, "pause_turn"],
    ]
    for (const [more, expected] of reasons) {
      nativeEvents = [{ type: "text-delta", text: "x" }, finished(more)]
      expect((await client.messages.create({ ...ask, model: "here" })).stop_reason).toBe(expected)
    }
  })

  it("say all that the request said: system, images, documents, tools, format, cache points", async () => {
    const png = "iVBORw0KGgo="
    await client.messages.create({
      ...ask,
      model: "here",
      system: [{ type: "text", text: "be brief", cache_control: { type: "ephemeral" } }],
      messages: [
        {
          role: "user",
          content: [
            { type: "image", source: { type: "base64", media_type: "image/png", data: png } },
            { type: "document", title: "d.pdf", source: { type: "base64", media_type: "application/pdf", data: png } },
          ],
        },
        { role: "assistant", content: "It is" },
      ],
      tools: [{ name: "t", description: "does", input_schema: { type: "object" } }],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
      stop_sequences: ["END"],
      thinking: { type: "enabled", budget_tokens: 1024 },
      metadata: { user_id: "u1" },
    })
    expect(nativeCall).toMatchObject({
      messages: [
        { role: "system", content: [{ type: "text", text: "be brief", cacheControl: { type: "ephemeral" } }] },
        {
          role: "user",
          content: [
            { type: "image", url: `data:image/png;base64,${png}` },
            { type: "file", name: "d.pdf", mediaType: "application/pdf", data: `data:application/pdf;base64,${png}` },
          ],
        },
        { role: "assistant", content: [{ type: "text", text: "It is" }] },
      ],
      continuesPrefix: true,
      toolChoice: "required",
      parallelToolCalls: false,
      stop: ["END"],
      thinkingTokensMax: 1024,
      user: "u1",
      outputTokensMax: 50,
    })
  })

  it.each([
    ["enabled", { thinking: { type: "enabled", budget_tokens: 2048 } }, { thinkingTokensMax: 2048, reasoningEffort: null }],
    ["disabled", { thinking: { type: "disabled" } }, { thinkingTokensMax: 0, reasoningEffort: null }],
    ["adaptive", { thinking: { type: "adaptive" } }, { thinkingTokensMax: 16_384, reasoningEffort: null }],
    [
      "adaptive with an effort",
      { thinking: { type: "adaptive" }, output_config: { effort: "low" } },
      { thinkingTokensMax: null, reasoningEffort: "low" },
    ],
    ["left out", {}, { thinkingTokensMax: null, reasoningEffort: null }],
  ])("ask other models for as much thinking as their own: %s", async (_, asked, expected) => {
    await rawPost(gateway.url, path, { ...ask, model: "here", max_tokens: 4096, ...asked })
    expect(nativeCall).toMatchObject(expected)
  })

  it("are refused where they need what only Anthropic has", async () => {
    const tools = [{ type: "web_search_20250305" as const, name: "web_search" as const }]
    await expect(client.messages.create({ ...ask, model: "here", tools: tools })).rejects.toThrow(/web_search_20250305.*only Anthropic/s)
  })
})

describe("errors in Anthropic's shape", () => {
  it("A9 A10 refuse a wrong key, an unknown model and a wrong body with their types", async () => {
    const wrongKey = await rawPost(gateway.url, path, ask, { authorization: "Bearer sk-nobody" })
    expect([wrongKey.status, JSON.parse(wrongKey.text)]).toMatchObject([
      401,
      { type: "error", error: { type: "authentication_error" }, request_id: wrongKey.headers["request-id"] },
    ])
    const unknown = await rawPost(gateway.url, path, { ...ask, model: "nobody" })
    expect([unknown.status, JSON.parse(unknown.text)]).toMatchObject([404, { error: { type: "not_found_error" } }])
    const wrong = await rawPost(gateway.url, path, { ...ask, model: "here", messages: "no" })
    expect([wrong.status, JSON.parse(wrong.text)]).toMatchObject([400, { error: { type: "invalid_request_error" } }])
  })

  it("A9 keep an upstream's kind of failure", async () => {
    openai.next({ error: { status: 429, message: "slow down", headers: { "retry-after": "7" } } })
    const limited = await client.messages.create(ask).catch((error: unknown) => error)
    expect(limited).toBeInstanceOf(RateLimitError)
    expect((limited as APIError).headers?.get("retry-after")).toBe("7")
    openai.next({ error: { status: 503, message: "busy" } })
    const busy = await client.messages.create(ask).catch((error: unknown) => error)
    expect((busy as APIError).error).toMatchObject({
      type: "error",
      error: { type: "overloaded_error", message: expect.stringContaining("busy") as string },
    })
  })

  it("A12 count tokens without billing, by asking Anthropic or here", async () => {
    anthropic.next({ raw: { status: 200, headers: { "content-type": "application/json" }, body: ['{"input_tokens": 14}'] } })
    expect(await client.messages.countTokens({ model: "claude", messages: ask.messages })).toMatchObject({ input_tokens: 14 })
    expect(anthropic.last?.path).toBe("/v1/messages/count_tokens")
    const here = await client.messages.countTokens({ model: "here", messages: ask.messages })
    expect(here.input_tokens).toBeGreaterThanOrEqual(5)
    expect(gateway.records.map(({ inputTokens, costMicroUsd }) => [inputTokens, costMicroUsd])).toEqual([
      [0, 0],
      [0, 0],
    ])
  })

  it("list models in Anthropic's words", async () => {
    const page = await client.models.list()
    expect(page.data.map(({ id, type }) => [id, type])).toContainEqual(["claude", "model"])
  })
})
