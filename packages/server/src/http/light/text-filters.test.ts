// The texts of requests and answers in both dialects, and streamed answers whose texts are rewritten while they pass.
import { describe, expect, it } from "vitest"
import type { JsonObject } from "../../core/index.ts"
import { messagesTexts } from "../anthropic/messages-texts.ts"
import { chatTexts } from "../openai/chat-texts.ts"
import type { Frame, FrameFilter, OpenText } from "./frame-filter.ts"
import { requestTexts, withRequestTexts } from "./request-texts.ts"

describe("the texts of a request", () => {
  const chat: JsonObject = {
    model: "m",
    messages: [
      { role: "developer", content: "be brief" },
      {
        role: "user",
        name: "ada",
        content: [
          { type: "text", text: "look" },
          { type: "image_url", image_url: { url: "https://x" } },
        ],
      },
      {
        role: "assistant",
        content: null,
        refusal: "no",
        tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
      },
      { role: "tool", tool_call_id: "c", content: "42" },
    ],
    tools: [{ type: "function", function: { name: "f", description: "not visited" } }],
    user: "ada",
  }
  const messages: JsonObject = {
    system: [{ type: "text", text: "be kind", cache_control: { type: "ephemeral" } }],
    messages: [
      { role: "user", content: [{ type: "document", title: "t", source: { type: "text", media_type: "text/plain", data: "page" } }] },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm", signature: "s" },
          { type: "tool_use", id: "u", name: "f", input: { to: "bob", n: [1, "x"] } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "u", content: [{ type: "text", text: "done" }] },
          { type: "text", text: "thanks" },
        ],
      },
    ],
  }

  it("are found with who wrote them, in chat, messages and embeddings", () => {
    expect(requestTexts(chat).map(({ role, text }) => `${role}: ${text}`)).toEqual([
      "system: be brief",
      "user: look",
      "assistant: no",
      'assistant: {"a":1}',
      "tool: 42",
    ])
    expect(requestTexts(messages).map(({ role, text }) => `${role}: ${text}`)).toEqual([
      "system: be kind",
      "user: t",
      "user: page",
      "assistant: bob",
      "assistant: x",
      "tool: done",
      "user: thanks",
    ])
    expect(requestTexts({ input: ["a", "b"], model: "m" }).map(({ text }) => text)).toEqual(["a", "b"])
    expect(requestTexts({ input: [1, 2, 3] })).toEqual([])
  })

  it("are put back where they were, and nothing else is touched", () => {
    for (const body of [chat, messages]) {
      const texts = requestTexts(body)
      expect(withRequestTexts(body, texts)).toEqual(body)
      const upper = withRequestTexts(
        body,
        texts.map(({ text }) => ({ text: `<${text}>` })),
      )
      expect(requestTexts(upper).map(({ text }) => text)).toEqual(texts.map(({ text }) => `<${text}>`))
      expect(JSON.stringify(upper).replaceAll(/<((?:[^<>"\\]|\\.)*)>/g, "$1")).toBe(JSON.stringify(body))
    }
  })
})

/** Holds back the last three characters, and makes everything upper case; with promises where `isLate`. */
function holding(isLate: boolean): OpenText {
  return () => {
    let held = ""
    const give = (text: string): string | Promise<string> => (isLate ? Promise.resolve(text.toUpperCase()) : text.toUpperCase())
    return {
      push: (text) => {
        held += text
        const out = held.slice(0, Math.max(0, held.length - 3))
        held = held.slice(out.length)
        return give(out)
      },
      end: () => give(held),
    }
  }
}

async function run(filter: FrameFilter, frames: readonly Frame[]): Promise<JsonObject[]> {
  const out: Frame[] = []
  for (const frame of frames) out.push(...(await filter.take(frame)))
  out.push(...(await filter.end()))
  return out.map((frame) => JSON.parse(frame.toString().replace(/^(?:event: .*\n)?data: /, "")) as JsonObject)
}

const chunk = (choices: unknown, more: object = {}): string =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices, ...more })}\n\n`
const delta = (delta: object, index = 0, finish: string | null = null): object => ({ index, delta, finish_reason: finish })

interface Chunk {
  choices: {
    index: number
    delta: {
      role?: string
      content?: string
      tool_calls?: { index: number; id?: string; function: { name?: string; arguments: string } }[]
    }
    finish_reason: string | null
    logprobs?: unknown
  }[]
  usage?: unknown
}

describe.each([false, true])("the chunks of a chat completion, filtered later: %s", (isLate) => {
  const filtered = async (...frames: string[]): Promise<Chunk[]> =>
    (await run(chatTexts.openFilter(holding(isLate)), frames)) as unknown as Chunk[]

  it("keep the text whole, the finish last, the usage where it was", async () => {
    const out = await filtered(
      chunk([delta({ role: "assistant", content: "" })]),
      chunk([delta({ content: "Hel" })]),
      chunk([{ ...delta({ content: "lo wor" }), logprobs: { content: [{ token: "lo" }] } }]),
      chunk([delta({ content: "ld" }, 0, "stop")], { usage: null }),
      chunk([], { usage: { prompt_tokens: 1 } }),
    )
    expect(out.map(({ choices: [choice] }) => choice?.delta.content)).toEqual(["", "HELLO ", "WO", "RLD", undefined, undefined])
    expect(out.map(({ choices: [choice] }) => choice?.finish_reason)).toEqual([null, null, null, null, "stop", undefined])
    expect(out.map(({ usage }) => usage)).toEqual([undefined, undefined, null, null, null, { prompt_tokens: 1 }])
    expect(out[1]?.choices[0]?.logprobs).toBeNull()
    expect(out.every((each) => (each as unknown as { id: string }).id === "c")).toBe(true)
  })

  it("keep choices and tool calls apart, and their names and ids at once", async () => {
    const call = (index: number, args: string, id?: string): object => ({
      index,
      ...(id === undefined ? {} : { id, type: "function" }),
      function: { ...(id === undefined ? {} : { name: "f" }), arguments: args },
    })
    const out = await filtered(
      chunk([delta({ role: "assistant", content: null, tool_calls: [call(0, "", "call_a")] }), delta({ content: "abc" }, 1)]),
      chunk([delta({ tool_calls: [call(0, '{"x"')] })]),
      chunk([delta({ tool_calls: [call(1, '{"y":2}', "call_b"), call(0, ':"v"}')] }), delta({ content: "def" }, 1)]),
      chunk([delta({}, 0, "tool_calls"), delta({}, 1, "stop")]),
    )
    const texts = new Map<string, string>()
    const ids: (string | undefined)[] = []
    for (const { choices } of out)
      for (const { index, delta: each } of choices) {
        if (each.content) texts.set(`text ${index}`, (texts.get(`text ${index}`) ?? "") + each.content)
        for (const one of each.tool_calls ?? []) {
          if (one.id !== undefined) ids.push(`${one.id} ${one.function.name}`)
          texts.set(`call ${one.index}`, (texts.get(`call ${one.index}`) ?? "") + one.function.arguments)
        }
      }
    expect(Object.fromEntries(texts)).toEqual({ "text 1": "ABCDEF", "call 0": '{"X":"V"}', "call 1": '{"Y":2}' })
    expect(ids).toEqual(["call_a f", "call_b f"])
    expect(out.at(-1)?.choices.map(({ finish_reason: reason }) => reason)).toEqual(["tool_calls", "stop"])
  })

  it("give out what is held when a stream ends without a finish", async () => {
    expect((await filtered(chunk([delta({ content: "ab" })]))).map(({ choices: [choice] }) => choice?.delta.content)).toEqual(["AB"])
  })

  it("pass what has no texts as it is", async () => {
    const filter = chatTexts.openFilter(holding(isLate))
    for (const frame of [": comment\n\n", "data: not json\n\n", 'data: {"error":1}\n\n']) expect(await filter.take(frame)).toEqual([frame])
  })
})

describe.each([false, true])("the events of a message, filtered later: %s", (isLate) => {
  const event = (type: string, more: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`

  it("keep each block whole, before its stop, and signed reasoning as it was", async () => {
    const frames = [
      event("message_start", { message: { content: [] } }),
      event("content_block_start", { index: 0, content_block: { type: "thinking", thinking: "" } }),
      event("content_block_delta", { index: 0, delta: { type: "thinking_delta", thinking: "hm" } }),
      event("content_block_delta", { index: 0, delta: { type: "signature_delta", signature: "s" } }),
      event("content_block_stop", { index: 0 }),
      event("content_block_start", { index: 1, content_block: { type: "text", text: "" } }),
      event("content_block_delta", { index: 1, delta: { type: "text_delta", text: "Hello " } }),
      event("content_block_delta", { index: 1, delta: { type: "text_delta", text: "you" } }),
      event("content_block_stop", { index: 1 }),
      event("content_block_start", { index: 2, content_block: { type: "tool_use", id: "u", name: "f", input: {} } }),
      event("content_block_delta", { index: 2, delta: { type: "input_json_delta", partial_json: "" } }),
      event("content_block_delta", { index: 2, delta: { type: "input_json_delta", partial_json: '{"a":1}' } }),
      event("content_block_stop", { index: 2 }),
      event("message_stop", {}),
    ]
    const out = await run(messagesTexts.openFilter(holding(isLate)), frames)
    const shown = out.map(({ type, index, delta }) =>
      [type, index ?? "", ...Object.values((delta as object | undefined) ?? {}).slice(1)].join(" "),
    )
    expect(shown).toEqual([
      "message_start ",
      "content_block_start 0",
      "content_block_delta 0 hm",
      "content_block_delta 0 s",
      "content_block_stop 0",
      "content_block_start 1",
      "content_block_delta 1 HEL",
      "content_block_delta 1 LO ",
      "content_block_delta 1 YOU",
      "content_block_stop 1",
      "content_block_start 2",
      "content_block_delta 2 ",
      'content_block_delta 2 {"A"',
      "content_block_delta 2 :1}",
      "content_block_stop 2",
      "message_stop ",
    ])
  })
})

describe("the texts of a JSON answer", () => {
  const mark = (text: string, { json }: { json: boolean }): string => (json ? text.toUpperCase() : `<${text}>`)

  it("are those of each choice and of its tool calls, without the probabilities of their tokens", () => {
    const message = {
      role: "assistant",
      content: "hi",
      refusal: null,
      tool_calls: [{ id: "c", function: { name: "f", arguments: '{"a":1}' } }],
    }
    expect(chatTexts.map({ id: "x", choices: [{ index: 0, message, logprobs: { content: [] }, finish_reason: "stop" }] }, mark)).toEqual({
      id: "x",
      choices: [
        {
          index: 0,
          message: { ...message, content: "<hi>", tool_calls: [{ id: "c", function: { name: "f", arguments: '{"A":1}' } }] },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
    })
  })

  it("are those of each text block and of the inputs of tools", () => {
    const content = [
      { type: "thinking", thinking: "hm", signature: "s" },
      { type: "text", text: "hi" },
      { type: "tool_use", id: "u", name: "f", input: { to: "bob", deep: ["x", 1] } },
    ]
    expect(messagesTexts.map({ id: "m", content }, mark)).toEqual({
      id: "m",
      content: [
        content[0],
        { type: "text", text: "<hi>" },
        { type: "tool_use", id: "u", name: "f", input: { to: "<bob>", deep: ["<x>", 1] } },
      ],
    })
  })
})
