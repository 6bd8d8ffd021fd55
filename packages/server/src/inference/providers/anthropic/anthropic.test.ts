// Anthropic's messages against a provider on a real port, and what a call to it refuses or leaves out.
import { afterAll, describe, expect, it } from "vitest"
import { defaultLimits, newId, type JsonObject } from "../../../core/index.ts"
import { fakeSignature } from "../../../testing/fake-anthropic-answers.ts"
import { startFakeProvider, type FakeScript } from "../../../testing/fake-provider.ts"
import type { Deployment, ModelCall, ModelEvent } from "../../types.ts"
import type { ModelContent } from "../../message-types.ts"
import { createUpstreams } from "../../upstreams.ts"
import { callProvider } from "../call.ts"
import { callOf, deploymentOf } from "../golden.fixtures.ts"
import { messagesRequest } from "./request.ts"

const provider = await startFakeProvider()
const upstreams = createUpstreams({ limits: { ...defaultLimits, firstTokenTimeoutMs: 800, idleTimeoutMs: 800 } })
afterAll(async () => {
  await upstreams[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

function deployment(model = "claude-opus-5"): Deployment {
  return { ...deploymentOf({ provider: "anthropic", model }), baseUrl: provider.url }
}

async function eventsOf(script: FakeScript, part: Partial<ModelCall> = {}, model?: string): Promise<ModelEvent[]> {
  provider.next(script)
  const events: ModelEvent[] = []
  const options = { upstreams, limits: defaultLimits, newId }
  for await (const event of callProvider(options, deployment(model), callOf(part), new AbortController().signal)) events.push(event)
  return events
}

function bodyOf(part: Partial<ModelCall>, model?: string): JsonObject {
  return messagesRequest(callOf(part), deployment(model), false)
}

function asking(...content: ModelContent[]): Partial<ModelCall> {
  return { messages: [{ role: "user", content }] }
}

describe("a call to Anthropic", () => {
  it("goes to /messages with its key, its version and the events of a stream", async () => {
    const events = await eventsOf({
      reasoning: ["I ", "think"],
      text: ["a", "b"],
      toolCalls: [{ id: "toolu_1", name: "f", arguments: ['{"x"', ":1}"] }],
      usage: { prompt_tokens: 100, completion_tokens: 7, cached_tokens: 60, cache_write_tokens: 30, cache_write_long_tokens: 10 },
    })
    expect(provider.last).toMatchObject({
      path: "/v1/messages",
      headers: { "x-api-key": "sk-upstream-secret", "anthropic-version": "2023-06-01" },
      body: { model: "claude-opus-5", stream: true },
    })
    expect(provider.last?.headers.authorization).toBeUndefined()
    expect(events).toEqual([
      { type: "reasoning-delta", text: "I " },
      { type: "reasoning-delta", text: "think" },
      { type: "reasoning-ended", reasoning: { signature: fakeSignature, dialect: "anthropic-messages" } },
      { type: "text-delta", text: "a" },
      { type: "text-delta", text: "b" },
      { type: "tool-call-started", index: 0, callId: "toolu_1", name: "f" },
      { type: "tool-call-delta", index: 0, arguments: '{"x"' },
      { type: "tool-call-delta", index: 0, arguments: ":1}" },
      {
        type: "finished",
        reason: "tool_calls",
        usage: {
          inputTokens: 100,
          outputTokens: 7,
          cachedTokens: 60,
          reasoningTokens: 0,
          cacheWriteTokens: 30,
          cacheWriteLongTokens: 10,
          estimated: false,
          serviceTier: "default",
        },
        upstreamModel: "claude-opus-5",
      },
    ])
  })

  it.each<[string, FakeScript, object]>([
    ["an overload", { error: { status: 529 } }, { code: "overloaded", retryable: true }],
    ["a wrong key", { error: { status: 401 } }, { code: "upstream_error", status: 502 }],
    [
      "an overload inside the stream",
      { streamError: { afterFrames: 4, message: "Overloaded" } },
      { code: "overloaded", message: "Overloaded" },
    ],
    ["T9 a stream without message_stop", { ending: "eof" }, { code: "upstream_stream_ended" }],
    ["a connection that breaks", { ending: "reset", framesMax: 4 }, { code: "upstream_error" }],
    ["silence inside the answer", { ending: "hang", framesMax: 4 }, { code: "upstream_timeout" }],
  ])("reports %s", async (_, script, expected) => {
    await expect(eventsOf(script)).rejects.toMatchObject(expected)
  })
})

describe("what Anthropic cannot be asked for", () => {
  it.each<[string, Partial<ModelCall>, string, object]>([
    ["sound", asking({ type: "audio", data: "AAAA", format: "wav" }), "claude-opus-5", { param: "messages" }],
    ["a Word file", asking({ type: "file", name: "a.docx", data: "UEsDBA==" }), "claude-opus-5", { param: "messages" }],
    ["a stop text that cannot be seen", { stop: ["\n\n"] }, "claude-opus-5", { param: "stop" }],
    [
      "an answer to be continued, from 4.6 on",
      { messages: [{ role: "assistant", content: [{ type: "text", text: "The" }], toolCalls: [] }], continuesPrefix: true },
      "claude-opus-4-6",
      { param: "messages" },
    ],
  ])("is refused with its name: %s", (_, part, model, more) => {
    expect(() => bodyOf(part, model)).toThrow(expect.objectContaining({ code: "unsupported_value", ...more }))
  })

  it("is left out where it changes little: sampling of new models, effort beside a tool that must be called", () => {
    expect(bodyOf({ temperature: 0.1, topP: 0.2, topK: 3 }, "claude-opus-5")).toEqual(bodyOf({}, "claude-opus-5"))
    const tools = [{ name: "f", description: null, parameters: { type: "object" }, strict: null }]
    const forced = bodyOf({ tools, toolChoice: { name: "f" }, reasoningEffort: "high" }, "claude-sonnet-4-5")
    expect(forced).toMatchObject({ tool_choice: { type: "tool", name: "f" } })
    expect(forced["thinking"]).toBeUndefined()
  })

  it("leaves thoughts off in a turn that began with a call of another model", () => {
    const messages: ModelCall["messages"] = [
      { role: "user", content: [{ type: "text", text: "q" }] },
      { role: "assistant", content: [], toolCalls: [{ callId: "a", name: "f", arguments: "{" }] },
      { role: "tool", callId: "a", content: "" },
    ]
    const body = bodyOf({ messages, reasoningEffort: "low" }, "claude-sonnet-4-5")
    expect(body["thinking"]).toBeUndefined()
    expect(body["messages"]).toEqual([
      { role: "user", content: [{ type: "text", text: "q" }] },
      { role: "assistant", content: [{ type: "tool_use", id: "a", name: "f", input: { arguments: "{" } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "a" }] },
    ])
  })
})

describe("instructions", () => {
  const late: Partial<ModelCall> = {
    messages: [
      { role: "system", content: [{ type: "text", text: "first" }] },
      { role: "user", content: [{ type: "text", text: "q" }] },
      { role: "system", content: [{ type: "text", text: "late" }] },
    ],
  }

  it("that come later stay in their place where the model allows it, and join the first ones elsewhere", () => {
    expect(bodyOf(late, "claude-opus-5")).toMatchObject({
      system: [{ text: "first" }],
      messages: [{ role: "user" }, { role: "system", content: [{ type: "text", text: "late" }] }],
    })
    expect(bodyOf(late, "claude-sonnet-4-5")).toMatchObject({ system: [{ text: "first" }, { text: "late" }], messages: [{ role: "user" }] })
  })

  it("ask for JSON in words where there is no schema", () => {
    expect(bodyOf({ responseFormat: { type: "json_object" } })["system"]).toEqual([
      { type: "text", text: "Answer with one JSON object and nothing else." },
    ])
  })
})

describe("an answer to be continued", () => {
  it("ends without white space, which Anthropic refuses", () => {
    const messages: ModelCall["messages"] = [
      { role: "user", content: [{ type: "text", text: "q" }] },
      { role: "assistant", content: [{ type: "text", text: "The answer is \n" }], toolCalls: [] },
    ]
    expect(bodyOf({ messages, continuesPrefix: true }, "claude-sonnet-4-5")["messages"]).toEqual([
      { role: "user", content: [{ type: "text", text: "q" }] },
      { role: "assistant", content: [{ type: "text", text: "The answer is" }] },
    ])
    expect(deployment("claude-sonnet-4-5").continuesPrefix).toBe(true)
    expect(deployment("claude-opus-5").continuesPrefix).toBe(false)
  })
})
