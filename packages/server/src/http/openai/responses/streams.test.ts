// Streams of responses on the wire, against a real provider and the real client: order, numbers, frames, and the object that they add up to.
import type OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { WireEvent } from "../../../agents/index.ts"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { loadOpenAiSchema, openAiSchemaMissing } from "../../../testing/openai-schema.ts"
import { openAiClient, send } from "../../../testing/response-client.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"

let provider: FakeProvider
let server: ResponsesServer
let client: OpenAI

beforeAll(async () => {
  provider = await startFakeProvider()
  server = await startResponsesServer({ providerUrl: provider.url })
  client = openAiClient(server)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const weather = {
  type: "function",
  name: "get_weather",
  parameters: { type: "object", properties: { city: { type: "string" } } },
  strict: false,
} as const
const rich = {
  reasoning: ["First ", "think."],
  text: ["Grüße ", "aus 東京 ", "🎉"],
  toolCalls: [
    { id: "call_1", name: "get_weather", arguments: ['{"city":', '"Bern"}'] },
    { id: "call_2", name: "get_weather", arguments: ['{"city":"Rom"}'] },
  ],
}
const lastResponse = (events: readonly WireEvent[]): OpenAI.Responses.Response =>
  events.at(-1)?.["response"] as unknown as OpenAI.Responses.Response
const ask = (over: object = {}): object => ({ model: "fake-model", input: "Hello", stream: true, ...over })

describe("frames", () => {
  it("T1 the head says event stream, no cache, no compression, and has the run's id", async () => {
    const { status, headers } = await send(server, "POST", "/v1/responses", ask(), { "accept-encoding": "gzip" })
    expect(status).toBe(200)
    expect(headers["content-type"]).toBe("text/event-stream; charset=utf-8")
    expect(headers["cache-control"]).toBe("no-cache")
    expect(headers["content-encoding"]).toBeUndefined()
    expect(headers["x-perdure-run-id"]).toMatch(/^run_[0-9a-f]{32}$/)
    expect(headers["x-request-id"]).toMatch(/^req_/)
  })

  it("T2 every frame is LF only with one event line and one data line", async () => {
    provider.next({ text: ["a\r\nb", "\n\n", "data: x"] })
    const { text } = await send(server, "POST", "/v1/responses", ask())
    expect(text).not.toContain("\r")
    for (const frame of text.split("\n\n").slice(0, -2)) expect(frame).toMatch(/^event: [\w.]+\ndata: \{.*\}$/)
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true)
  })

  it("T5 characters survive a provider that splits them over writes", async () => {
    provider.next({ text: "Grüße aus 東京 🎉", splitBytes: 1 })
    const response = await client.responses.create({ model: "fake-model", input: "Hello" })
    expect(response.output_text).toBe("Grüße aus 東京 🎉")
  })

  it("R1 the event line is the type in the data and there is no id line", async () => {
    const { text } = await send(server, "POST", "/v1/responses", ask())
    for (const frame of text.split("\n\n").slice(0, -2)) {
      const [, name, data = ""] = /^event: (.*)\ndata: (.*)$/.exec(frame) ?? []
      expect((JSON.parse(data) as { type: string }).type).toBe(name)
    }
    expect(text).not.toMatch(/^id:/m)
  })
})

describe("the order of events", () => {
  it("R2 R3 R4 R5 R6 hold for text, reasoning and parallel calls together", async () => {
    provider.next(rich)
    const { events } = await send(server, "POST", "/v1/responses", ask({ tools: [weather] }))
    expect(() => assertStreamInvariants(events)).not.toThrow()
    expect(events.map((event) => event.type).filter((type) => type.startsWith("response.output_item"))).toHaveLength(8)
  })

  it("R3 a plain answer is exactly the sequence of the protocol", async () => {
    provider.next({ text: ["Hel", "lo"] })
    const { events } = await send(server, "POST", "/v1/responses", ask())
    expect(events.map((event) => event.type.replace("response.", ""))).toEqual([
      "created",
      "in_progress",
      "output_item.added",
      "content_part.added",
      "output_text.delta",
      "output_text.delta",
      "output_text.done",
      "content_part.done",
      "output_item.done",
      "completed",
    ])
  })

  it("R4 an added item has its role, an added call its name and empty arguments", async () => {
    provider.next(rich)
    const { events } = await send(server, "POST", "/v1/responses", ask({ tools: [weather] }))
    const added = events.filter((event) => event.type === "response.output_item.added").map((event) => event["item"])
    expect(added).toMatchObject([
      { type: "reasoning", summary: [] },
      { type: "message", role: "assistant", content: [], status: "in_progress" },
      { type: "function_call", name: "get_weather", call_id: "call_1", arguments: "" },
      { type: "function_call", name: "get_weather", call_id: "call_2", arguments: "" },
    ])
  })

  it("R6 the stream's last response is the one that is retrieved and the one without a stream", async () => {
    provider.next(rich)
    const { events } = await send(server, "POST", "/v1/responses", ask({ tools: [weather] }))
    const streamed = lastResponse(events)
    expect((await send(server, "GET", `/v1/responses/${streamed.id}`)).json).toEqual(streamed)
    provider.next(rich)
    const whole = (await send(server, "POST", "/v1/responses", ask({ tools: [weather], stream: false }))).json
    // What is sealed is never twice the same.
    const different = ["id", "created_at", "completed_at", "encrypted_content"]
    const withoutIds = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value, (key, inner: unknown) => (different.includes(key) ? undefined : inner)))
    expect(withoutIds(whole)).toEqual(withoutIds(streamed))
  })

  it("R7 calls have both ids, and the end of their arguments names the function", async () => {
    provider.next({ toolCalls: [{ id: "call_9", name: "get_weather", arguments: "" }] })
    const { events } = await send(server, "POST", "/v1/responses", ask({ tools: [weather] }))
    const done = events.find((event) => event.type === "response.function_call_arguments.done")
    expect(done).toMatchObject({ name: "get_weather", arguments: "{}" })
    expect(events.at(-1)?.["response"]).toMatchObject({ output: [{ call_id: "call_9", arguments: "{}" }] })
    expect(done?.["item_id"]).toMatch(/^fc_/)
  })

  it("R8 text deltas carry logprobs, output text its annotations", async () => {
    const { events } = await send(server, "POST", "/v1/responses", ask())
    for (const event of events.filter(({ type }) => type === "response.output_text.delta")) expect(event["logprobs"]).toEqual([])
    expect(events.find(({ type }) => type === "response.content_part.added")).toMatchObject({ part: { annotations: [], text: "" } })
  })

  it("R9 reasoning has OpenAI's names, and Open Responses' in that profile, never both", async () => {
    provider.next(rich, rich)
    const plain = await send(server, "POST", "/v1/responses", ask({ tools: [weather] }))
    const open = await send(server, "POST", "/v1/responses", ask({ tools: [weather] }), { "x-perdure-profile": "open-responses" })
    const reasoning = (text: { events: { type: string }[] }): string[] => [
      ...new Set(text.events.map(({ type }) => type).filter((type) => type.includes("reasoning"))),
    ]
    expect(reasoning(plain)).toEqual(["response.reasoning_text.delta", "response.reasoning_text.done"])
    expect(reasoning(open)).toEqual(["response.reasoning.delta", "response.reasoning.done"])
    expect(open.text).not.toContain("event: response.reasoning_text")
  })

  it("R8 a refusal is a part of its own kind", async () => {
    provider.next({ text: "", refusal: "I will not." })
    const response = await client.responses.create({ model: "fake-model", input: "Hello" })
    expect(response.output).toMatchObject([{ type: "message", content: [{ type: "refusal", refusal: "I will not." }] }])
  })

  it("R12 an answer that was cut is incomplete, with its last item", async () => {
    provider.next({ text: "Half of", finishReason: "length" })
    const { events } = await send(server, "POST", "/v1/responses", ask({ max_output_tokens: 16 }))
    expect(events.at(-1)).toMatchObject({
      type: "response.incomplete",
      response: {
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" },
        output: [{ status: "incomplete" }],
        completed_at: null,
      },
    })
    expect(() => assertStreamInvariants(events)).not.toThrow()
    const { id } = lastResponse(events)
    expect((await client.responses.retrieve(id)).status).toBe("incomplete")
  })

  it("R12 a filtered answer is incomplete for that reason", async () => {
    provider.next({ text: "x", finishReason: "content_filter" })
    const response = await client.responses.create({ model: "fake-model", input: "Hello" })
    expect([response.status, response.incomplete_details]).toEqual(["incomplete", { reason: "content_filter" }])
  })
})

describe("the response object", () => {
  const keys =
    "id object created_at status model output temperature top_p presence_penalty frequency_penalty top_logprobs tools tool_choice truncation parallel_tool_calls text store background service_tier metadata completed_at error incomplete_details instructions previous_response_id reasoning usage max_output_tokens max_tool_calls safety_identifier prompt_cache_key".split(
      " ",
    )

  it("R13 has the 31 keys in every snapshot of the stream", async () => {
    const { events } = await send(server, "POST", "/v1/responses", ask())
    const snapshots = events.flatMap((event) => (event["response"] ? [event["response"] as object] : []))
    expect(keys).toHaveLength(31)
    expect(snapshots).toHaveLength(3)
    for (const snapshot of snapshots) {
      for (const key of keys) expect(snapshot).toHaveProperty(key)
      for (const key of ["temperature", "top_p", "presence_penalty", "frequency_penalty", "top_logprobs"])
        expect(snapshot).toHaveProperty(key, expect.any(Number))
    }
  })

  it("R13 echoes what was asked", async () => {
    const asked = {
      instructions: "Be brief",
      temperature: 0.5,
      top_p: 0.9,
      metadata: { a: "b" },
      max_output_tokens: 99,
      truncation: "disabled",
      user: "u1",
      prompt_cache_key: "k",
    } as const
    const response = await client.responses.create({ model: "fake-model", input: "Hello", ...asked })
    expect(response).toMatchObject(asked)
    expect(provider.last?.body).toMatchObject({
      temperature: 0.5,
      top_p: 0.9,
      messages: [
        { role: "system", content: "Be brief" },
        { role: "user", content: "Hello" },
      ],
    })
  })

  it("R14 function tools are echoed with description, parameters and strict", async () => {
    const { json } = await send(server, "POST", "/v1/responses", ask({ stream: false, tools: [{ type: "function", name: "get_weather" }] }))
    expect(json["tools"]).toEqual([{ type: "function", name: "get_weather", description: null, parameters: null, strict: null }])
  })

  it("R15 usage is the provider's, with all details", async () => {
    provider.next({ usage: { prompt_tokens: 100, completion_tokens: 7, cached_tokens: 40, cache_write_tokens: 30, reasoning_tokens: 3 } })
    const response = await client.responses.create({ model: "fake-model", input: "Hello" })
    expect(response.usage).toEqual({
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 40, cache_write_tokens: 30 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 107,
    })
  })

  it("R16 a phase on a message is kept", async () => {
    const input = [
      { type: "message", role: "user", content: "a" },
      { type: "message", role: "assistant", content: "b", phase: "commentary" },
      { role: "user", content: "c" },
    ] as const
    const response = await client.responses.create({ model: "fake-model", input: input as unknown as OpenAI.Responses.ResponseInput })
    const items = await client.responses.inputItems.list(response.id, { order: "asc" })
    expect(items.data[1]).toMatchObject({ role: "assistant", phase: "commentary" })
  })

  it("T10 unknown fields and slugged items of a request do no harm", async () => {
    const body = ask({
      stream: false,
      something_new: { a: 1 },
      input: [
        { type: "acme:note", id: "x", text: "?" },
        { role: "user", content: "Hello", extra: true },
      ],
    })
    expect((await send(server, "POST", "/v1/responses", body)).json["status"]).toBe("completed")
  })

  it("the client's stream helper ends with the same text", async () => {
    provider.next(rich)
    const stream = client.responses.stream({ model: "fake-model", input: "Hello", tools: [weather] })
    const seen: string[] = []
    stream.on("response.output_text.delta", (event) => seen.push(event.delta))
    const final = await stream.finalResponse()
    expect(final.output_text).toBe("Grüße aus 東京 🎉")
    expect(seen.join("")).toBe(final.output_text)
  })
})

/*
 * Differences from the description that are kept, because clients need them:
 *  - `usage: null` before the end: Open Responses requires the key in every snapshot, the description has no null for it.
 *  - `error` events carry a nested `error` beside the flat fields (R11).
 *  - `first_id` and `last_id` of an empty list are null; the description wants strings but the service answers null.
 *  - `response.error.code` may be `context_length_exceeded`, `insufficient_quota` and a few more, which clients match on.
 */
const withoutNullUsage = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === "usage" && inner === null ? undefined : inner)))

describe.skipIf(openAiSchemaMissing)(`OpenAI's description ${openAiSchemaMissing ?? ""}`, () => {
  it("every event and every response is valid", async () => {
    const { problems, eventProblems } = loadOpenAiSchema()
    provider.next(
      rich,
      { text: "cut", finishReason: "length" },
      { text: "", refusal: "no" },
      { text: ["a", "b"], ending: "eof", framesMax: 2 },
    )
    const types = new Set<string>()
    for (let each = 0; each < 4; each++) {
      const { events } = await send(server, "POST", "/v1/responses", ask({ tools: [weather] }))
      for (const event of events) {
        types.add(event.type)
        expect([event.type, eventProblems(withoutNullUsage(event) as typeof event)]).toEqual([event.type, []])
      }
    }
    expect(types.size).toBeGreaterThanOrEqual(18)
    const { json } = await send(server, "POST", "/v1/responses", ask({ stream: false }))
    expect(problems("Response", json)).toEqual([])
    expect(problems("ResponseItemList", (await send(server, "GET", `/v1/responses/${String(json["id"])}/input_items`)).json)).toEqual([])
  })

  it("would notice what is not valid", () => {
    const { problems, eventProblems } = loadOpenAiSchema()
    expect(problems("Response", { id: "resp_1" })).not.toEqual([])
    expect(eventProblems({ type: "response.output_text.delta" })).not.toEqual([])
  })
})

it("nothing reached an error handler", () => {
  expect(server.errors).toEqual([])
})
