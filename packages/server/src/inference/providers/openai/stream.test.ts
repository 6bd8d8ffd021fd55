// The reader of chat completion chunks: every byte border, and the shapes that providers are known to send.
import { describe, expect, it } from "vitest"
import { fc } from "../../../testing/fast-check.ts"
import type { IdPrefix } from "../../../core/index.ts"
import type { Deployment, ModelEvent } from "../../types.ts"
import { ChatStreamReader } from "./stream.ts"

const deployment: Deployment = {
  id: "fake/m",
  provider: "openai",
  dialect: "openai-chat",
  baseUrl: "http://127.0.0.1:1/v1",
  apiKey: "sk-upstream-secret",
  upstreamModel: "m",
  does: { chat: true, embeddings: false },
  contextTokensMax: null,
  origin: "test",
}

function reader(): ChatStreamReader {
  let count = 0
  return new ChatStreamReader({ deployment, newId: (prefix: IdPrefix) => `${prefix}_${(count += 1)}`, inputChars: 40 })
}

function chunk(delta: unknown, finish: string | null = null, more: object = {}): string {
  return `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", model: "m-1", choices: [{ index: 0, delta, finish_reason: finish }], ...more })}\n\n`
}
const call = (part: object): string => chunk({ tool_calls: [part] })
const done = "data: [DONE]\n\n"

function read(text: string, cuts: readonly number[] = []): ModelEvent[] {
  const bytes = Buffer.from(text)
  const from = reader()
  const events: ModelEvent[] = []
  let at = 0
  for (const cut of [...cuts, bytes.length]) {
    events.push(...from.feed(bytes.subarray(at, cut)))
    at = cut
  }
  return [...events, ...from.end()]
}

/** Neighbouring deltas joined, so that only content counts. */
function summary(events: readonly ModelEvent[]): unknown {
  const text = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("")
  const reasoning = events.map((event) => (event.type === "reasoning-delta" ? event.text : "")).join("")
  const calls = events
    .filter((event) => event.type === "tool-call-started")
    .map(({ index, callId, name }) => {
      const parts = events.map((event) => (event.type === "tool-call-delta" && event.index === index ? event.arguments : ""))
      return { index, callId, name, arguments: parts.join("") }
    })
  return { text, reasoning, calls, finished: events.filter((event) => event.type === "finished") }
}

const whole =
  chunk({ role: "assistant", content: "" }) +
  ": ping\n\n" +
  chunk({ reasoning_content: "думаю…" }) +
  chunk({ content: "Grüße 👋🏽 " }) +
  chunk({ content: "\u2028und" }) +
  call({ index: 0, id: "call_a", type: "function", function: { name: "wetter", arguments: "" } }) +
  call({ index: 1, id: "call_b", type: "function", function: { name: "zeit", arguments: '{"ort"' } }) +
  call({ index: 0, function: { arguments: '{"stadt":"Köln"}' } }) +
  call({ index: 1, function: { arguments: ':"Ōsaka"}' } }) +
  chunk({}, "tool_calls") +
  `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 3 } } })}\n\n` +
  done

describe("the reader of chat completion streams", () => {
  it("reads the same events wherever the bytes are split", () => {
    const expected = summary(read(whole))
    expect(expected).toMatchObject({
      text: "Grüße 👋🏽 \u2028und",
      reasoning: "думаю…",
      finished: [{ reason: "tool_calls", upstreamModel: "m-1" }],
    })
    for (let cut = 1; cut < Buffer.byteLength(whole); cut += 1) expect(summary(read(whole, [cut]))).toEqual(expected)
    expect(summary(read(whole.replaceAll("\n", "\r\n")))).toEqual(expected)
  })

  it("reads the same events over any number of splits", () => {
    const expected = summary(read(whole))
    const size = Buffer.byteLength(whole)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: size }), { maxLength: 40 }), (cuts) => {
        expect(
          summary(
            read(
              whole,
              cuts.sort((a, b) => a - b),
            ),
          ),
        ).toEqual(expected)
      }),
      { numRuns: 60 },
    )
  })

  it("C8 starts a tool call once, with its id and name, and passes argument fragments on", () => {
    expect(summary(read(whole))).toMatchObject({
      calls: [
        { index: 0, callId: "call_a", name: "wetter", arguments: '{"stadt":"Köln"}' },
        { index: 1, callId: "call_b", name: "zeit", arguments: '{"ort":"Ōsaka"}' },
      ],
    })
  })

  it.each([
    ["left out", [undefined, undefined]],
    ["-1", [-1, -1]],
    ["the same for both", [0, 0]],
  ])("C9 gives each call an index of its own when the provider's is %s", (_, indexes) => {
    const parts = ["call_a", "call_b"].map((id, position) =>
      call({ index: indexes[position], id, function: { name: `f_${id}`, arguments: "{}" } }),
    )
    expect(summary(read(parts.join("") + chunk({}, "tool_calls") + done))).toMatchObject({
      calls: [
        { index: 0, callId: "call_a" },
        { index: 1, callId: "call_b" },
      ],
    })
  })

  it("C9 continues the last call when a fragment has neither index nor id", () => {
    const text =
      call({ id: "call_a", function: { name: "f" } }) +
      call({ function: { arguments: '{"a"' } }) +
      call({ function: { arguments: ":1}" } }) +
      chunk({}, "tool_calls")
    expect(summary(read(text))).toMatchObject({ calls: [{ index: 0, callId: "call_a", name: "f", arguments: '{"a":1}' }] })
  })

  it("C10 keeps both when a delta carries text and a tool call", () => {
    const both = chunk({ content: "one moment", tool_calls: [{ index: 0, id: "call_a", function: { name: "f", arguments: "{}" } }] })
    expect(summary(read(both + chunk({}, "tool_calls")))).toMatchObject({ text: "one moment", calls: [{ name: "f", arguments: "{}" }] })
  })

  it("C11 makes empty arguments {} only at the end, and objects text", () => {
    const events = read(
      call({ index: 0, id: "call_a", function: { name: "f", arguments: "" } }) +
        call({ index: 1, id: "call_b", function: { name: "g", arguments: { a: 1 } } }) +
        chunk({}, "tool_calls"),
    )
    expect(summary(events)).toMatchObject({ calls: [{ arguments: "{}" }, { arguments: '{"a":1}' }] })
    expect(events.at(-2)).toEqual({ type: "tool-call-delta", index: 0, arguments: "{}" })
  })

  it("C16 reads reasoning under both of its names", () => {
    expect(summary(read(chunk({ reasoning: "a" }) + chunk({ reasoning_content: "b" }) + chunk({}, "stop")))).toMatchObject({
      reasoning: "ab",
    })
  })

  it.each(["each-chunk", "last-chunk"])("C6 takes the last usage and never adds (%s)", (where) => {
    const usage = (tokens: number): object => ({ usage: { prompt_tokens: 7, completion_tokens: tokens } })
    const first = where === "each-chunk" ? usage(1) : {}
    const events = read(chunk({ content: "a" }, null, first) + chunk({}, "stop", usage(2)) + done)
    expect(events.at(-1)).toMatchObject({ usage: { inputTokens: 7, outputTokens: 2, estimated: false } })
  })

  it("counts by itself, and says so, when no usage is reported", () => {
    expect(read(chunk({ content: "12345678" }, "stop")).at(-1)).toMatchObject({
      usage: { inputTokens: 10, outputTokens: 2, estimated: true },
    })
  })

  it("reports tool_calls although the provider finished with stop", () => {
    expect(read(call({ index: 0, id: "c", function: { name: "f", arguments: "{}" } }) + chunk({}, "stop")).at(-1)).toMatchObject({
      reason: "tool_calls",
    })
  })

  it("T9 refuses an end without [DONE] or a finish reason", () => {
    expect(() => read(chunk({ content: "half an ans" }))).toThrow(expect.objectContaining({ code: "upstream_stream_ended" }))
    expect(read(chunk({ content: "all of it" }) + done).at(-1)).toMatchObject({ type: "finished", reason: "stop" })
  })

  it("T13 throws an error that comes inside a 200 stream, with the provider's words and without its address or our key", () => {
    const error = { message: "KV cache full at http://127.0.0.1:1/x for sk-upstream-secret", type: "internal", code: "engine_dead" }
    const thrown = expect.objectContaining({
      message: "KV cache full at [address] for [key]",
      answer: { status: 502, type: "internal", code: "engine_dead", param: null },
    })
    expect(() => read(`data: ${JSON.stringify({ error })}\n\n${done}`)).toThrow(thrown)
    expect(() => read(`event: error\ndata: ${JSON.stringify(error)}\n\n`)).toThrow(thrown)
  })

  it("refuses an event that is not JSON", () => {
    expect(() => read("data: <html>\n\n")).toThrow(expect.objectContaining({ code: "upstream_error" }))
  })
})
