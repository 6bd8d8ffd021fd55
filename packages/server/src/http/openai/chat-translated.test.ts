// Chat completions of models that speak another dialect: what is kept over turns, and what is refused by name.
import { afterAll, describe, expect, it } from "vitest"
import type { JsonValue } from "../../core/index.ts"
import { fakeSignature } from "../../testing/fake-anthropic-answers.ts"
import { startFakeProvider, type FakeScript } from "../../testing/fake-provider.ts"
import { startTestGateway, testDeployment, testKey, testModel } from "../../testing/gateway.ts"
import { parseChatRequest } from "./chat-parse.ts"
import { untranslatable } from "./chat-untranslatable.ts"

const provider = await startFakeProvider()
const claude = testDeployment(provider.url, {
  id: "anthropic/claude",
  provider: "anthropic",
  dialect: "anthropic-messages",
  upstreamModel: "claude-opus-5",
})
const gateway = await startTestGateway({ models: [testModel("claude", claude)] })
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

async function post(body: object): Promise<Response> {
  const headers = { authorization: `Bearer ${testKey}`, "content-type": "application/json" }
  return fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify({ model: "claude", ...body }) })
}

const ask = { role: "user", content: "q" }
const thoughtful: FakeScript = {
  reasoning: ["I ", "think"],
  redactedThinking: "c2VhbGVk",
  text: "one moment",
  toolCalls: [{ id: "toolu_1", name: "f", arguments: '{"a":1}' }],
  usage: { prompt_tokens: 50, completion_tokens: 9, cached_tokens: 20, cache_write_tokens: 10 },
}

interface Piece {
  type: string
  index: number
  text?: string
}

interface Delta {
  content?: string
  reasoning_details?: Piece[]
  tool_calls?: { id?: string; function: { name?: string; arguments?: string } }[]
}

/** As clients put the deltas of a stream together: details of one type and index are one. */
function assembled(text: string): object {
  const frames = text.split("\n\n").filter((frame) => frame.startsWith("data: {"))
  const chunks = frames.map((frame) => JSON.parse(frame.slice("data: ".length)) as { choices: { delta: Delta }[] })
  const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta))
  const details = new Map<string, Piece>()
  for (const piece of deltas.flatMap((delta) => delta.reasoning_details ?? [])) {
    const known = details.get(`${piece.type} ${piece.index}`)
    details.set(`${piece.type} ${piece.index}`, {
      ...known,
      ...piece,
      ...(piece.text === undefined ? {} : { text: (known?.text ?? "") + piece.text }),
    })
  }
  const calls = deltas.flatMap((delta) => delta.tool_calls ?? [])
  const fn = { name: calls[0]?.function.name, arguments: calls.map((call) => call.function.arguments ?? "").join("") }
  return {
    role: "assistant",
    content: deltas.map((delta) => delta.content ?? "").join(""),
    reasoning_details: [...details.values()],
    tool_calls: [{ id: calls[0]?.id, type: "function", function: fn }],
  }
}

describe("a chat client of a Claude", () => {
  const kept = [
    { role: "user", content: [{ type: "text", text: "q" }] },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "I think", signature: fakeSignature },
        { type: "redacted_thinking", data: "c2VhbGVk" },
        { type: "text", text: "one moment" },
        { type: "tool_use", id: "toolu_1", name: "f", input: { a: 1 } },
      ],
    },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "42" }] },
  ]
  const result = { role: "tool", tool_call_id: "toolu_1", content: "42" }

  it("C17 gives signed and sealed thoughts of a stream back, and they reach the provider verbatim, before the call", async () => {
    provider.next(thoughtful)
    const message = assembled(await (await post({ messages: [ask], stream: true })).text())
    await post({ messages: [ask, message, result] })
    expect(provider.last?.body["messages"]).toEqual(kept)
  })

  it("C17 does the same with an answer that is not streamed", async () => {
    provider.next(thoughtful)
    const answer = (await (await post({ messages: [ask] })).json()) as { choices: { message: object }[]; usage: object }
    await post({ messages: [ask, answer.choices[0]?.message, result] })
    expect(provider.last?.body["messages"]).toEqual(kept)
    expect(answer.usage).toMatchObject({ prompt_tokens: 50, prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 10 } })
  })

  it("C16 reads reasoning under both names, each once", async () => {
    provider.next({ reasoning: ["I ", "think"], text: "a" })
    const answer = (await (await post({ messages: [ask] })).json()) as { choices: { message: object }[] }
    expect(answer.choices[0]?.message).toMatchObject({ content: "a", reasoning_content: "I think", reasoning: "I think" })
  })

  it("keeps pictures, files and cache points", async () => {
    const content = [
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA", detail: "low" } },
      { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERi0x" } },
      { type: "text", text: "what?", cache_control: { type: "ephemeral" } },
    ]
    await post({
      messages: [
        { role: "developer", content: "be brief" },
        { role: "user", content },
      ],
    })
    expect(provider.last?.body).toMatchObject({
      system: [{ type: "text", text: "be brief" }],
      messages: [
        {
          role: "user",
          content: [
            { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
            { type: "document", source: { media_type: "application/pdf", data: "JVBERi0x" }, title: "a.pdf" },
            { type: "text", text: "what?", cache_control: { type: "ephemeral" } },
          ],
        },
      ],
    })
  })

  it("is told what this model cannot be asked for, before anything is sent", async () => {
    const before = provider.requests.length
    const answer = await post({
      messages: [{ role: "user", content: [{ type: "input_audio", input_audio: { data: "AAAA", format: "wav" } }] }],
    })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { code: "unsupported_value", param: "messages" } })
    expect(provider.requests).toHaveLength(before)
  })
})

describe("a chat request that is translated", () => {
  const asked: Record<string, JsonValue> = {
    n: 2,
    logprobs: true,
    top_logprobs: 3,
    logit_bias: { 50256: -100 },
    modalities: ["text", "audio"],
    audio: { voice: "alloy", format: "wav" },
    web_search_options: {},
    functions: [{ name: "f" }],
  }

  it.each(untranslatable.map(({ param }) => param))("is refused when it asks for %s", (param) => {
    expect(() => parseChatRequest({ model: "m", messages: [ask], [param]: asked[param] })).toThrow(
      expect.objectContaining({ code: "unsupported_value", param }),
    )
  })

  it("is not refused for saying the default", () => {
    const defaults = { n: 1, logprobs: false, top_logprobs: null, logit_bias: {}, modalities: ["text"], functions: [] }
    expect(parseChatRequest({ model: "m", messages: [ask], ...defaults })).toMatchObject({ model: "m" })
  })

  it("keeps reasoning of providers that do not sign it, and the flag of an answer that has begun", () => {
    const begun = { role: "assistant", content: "The", reasoning_content: "Hm.", prefix: true }
    expect(
      parseChatRequest({ model: "m", messages: [ask, begun], seed: 3, top_k: 4, presence_penalty: 1, frequency_penalty: -1 }),
    ).toMatchObject({
      messages: [{ role: "user" }, { role: "assistant", reasoning: [{ text: "Hm.", dialect: "openai-chat" }] }],
      continuesPrefix: true,
      seed: 3,
      topK: 4,
      presencePenalty: 1,
      frequencyPenalty: -1,
    })
    expect(parseChatRequest({ model: "m", messages: [ask, { role: "assistant", content: "The" }] }).continuesPrefix).toBeUndefined()
  })

  it("keeps OpenRouter's details as they are, whole or in pieces, and a signature of a call", () => {
    const pieces = [
      { type: "reasoning.text", text: "It is ", format: "anthropic-claude-v1", index: 0 },
      { type: "reasoning.text", text: "there.", format: "anthropic-claude-v1", index: 0 },
      { type: "reasoning.text", signature: "RXFRQg==", format: "anthropic-claude-v1", index: 0 },
    ]
    const call = {
      id: "c",
      type: "function",
      function: { name: "f", arguments: "{}" },
      extra_content: { google: { thought_signature: "U2ln" } },
    }
    const messages = [ask, { role: "assistant", content: null, reasoning_details: pieces, tool_calls: [call] }]
    const whole = { type: "reasoning.text", text: "It is there.", format: "anthropic-claude-v1", index: 0, signature: "RXFRQg==" }
    expect(parseChatRequest({ model: "m", messages }).messages[1]).toEqual({
      role: "assistant",
      content: [],
      toolCalls: [{ callId: "c", name: "f", arguments: "{}", signature: "U2ln" }],
      reasoning: [{ text: "", data: JSON.stringify(whole), dialect: "openai-chat" }],
    })
  })

  it("refuses a file that only another provider has", () => {
    const content = [{ type: "file", file: { file_id: "file-1" } }]
    expect(() => parseChatRequest({ model: "m", messages: [{ role: "user", content }] })).toThrow(
      expect.objectContaining({ code: "unsupported_value", param: "messages[0].content[0].file.file_data" }),
    )
  })
})

describe("custom tools of a chat client of a Claude", () => {
  const grammar = { syntax: "regex", definition: "^[a-z ]+$" }
  const tools = [{ type: "custom", custom: { name: "shout", description: "Shouts.", format: { type: "grammar", grammar } } }]
  const called = { toolCalls: [{ id: "toolu_1", name: "shout", arguments: ['{"input":"good', ' morn\\ning"}'] }] }

  it("are functions of one text there, and come back as custom calls, whole and in pieces", async () => {
    provider.next(called, called)
    const whole = (await (await post({ messages: [ask], tools })).json()) as {
      choices: { message: { tool_calls: unknown }; finish_reason: string }[]
    }
    expect(whole.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { tool_calls: [{ id: "toolu_1", type: "custom", custom: { name: "shout", input: "good morn\ning" } }] },
    })
    expect(provider.last?.body["tools"]).toMatchObject([{ name: "shout", description: expect.stringContaining("^[a-z ]+$") as string }])
    const streamed = await (await post({ messages: [ask], tools, stream: true })).text()
    const frames = streamed.split("\n\n").filter((frame) => frame.startsWith("data: {"))
    const deltas = frames.flatMap((frame) =>
      (JSON.parse(frame.slice(6)) as { choices: { delta: Custom }[] }).choices.map(({ delta }) => delta),
    )
    const calls = deltas.flatMap((delta) => delta.tool_calls ?? [])
    expect(calls[0]).toEqual({ index: 0, id: "toolu_1", type: "custom", custom: { name: "shout", input: "" } })
    expect(calls.map(({ custom }) => custom.input).join("")).toBe("good morn\ning")
    expect(calls.length).toBeGreaterThan(2)
  })

  it("keep their calls and results in the history, and may be chosen", async () => {
    provider.next({ text: "ok" })
    const assistant = {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c1", type: "custom", custom: { name: "shout", input: "hey" } }],
    }
    const messages = [ask, assistant, { role: "tool", tool_call_id: "c1", content: "HEY" }]
    const answer = await post({ messages, tools, tool_choice: { type: "custom", custom: { name: "shout" } } })
    expect(answer.status).toBe(200)
    expect(provider.last?.body).toMatchObject({
      tool_choice: { type: "tool", name: "shout" },
      messages: [
        {},
        { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "shout", input: { input: "hey" } }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "c1" }] },
      ],
    })
  })
})

describe("allowed tools", () => {
  const named = (name: string): object => ({ type: "function", function: { name } })
  const tools = [named("f"), named("g"), named("h")]
  const allow = (mode: string, ...names: string[]): object => ({
    type: "allowed_tools",
    allowed_tools: { mode, tools: names.map((name) => named(name)) },
  })

  it("are all that is offered, and one of them must be called where that is the mode", async () => {
    expect((await post({ messages: [ask], tools, tool_choice: allow("required", "f", "h") })).status).toBe(200)
    expect(provider.last?.body).toMatchObject({ tools: [{ name: "f" }, { name: "h" }], tool_choice: { type: "any" } })
    expect((await post({ messages: [ask], tools, tool_choice: allow("auto", "g") })).status).toBe(200)
    expect(provider.last?.body).toMatchObject({ tools: [{ name: "g" }], tool_choice: { type: "auto" } })
  })

  it("are among the tools", async () => {
    const answer = await post({ messages: [ask], tools, tool_choice: allow("auto", "g", "i") })
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('names \\"i\\"')])
  })
})

interface Custom {
  tool_calls?: { custom: { input: string } }[]
}
