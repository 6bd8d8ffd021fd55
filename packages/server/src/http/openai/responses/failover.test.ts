// T18 A response that breaks off in the middle: gone on with, begun anew behind an incomplete item, or failed; and what is told of it.
import { request } from "undici"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { createGuards } from "../../../security/index.ts"
import { defaultLimits } from "../../../core/index.ts"
import { fakeSignature } from "../../../testing/fake-anthropic-answers.ts"
import { startFakeProvider, type FakeAnswer, type FakeProvider } from "../../../testing/fake-provider.ts"
import { testDeployment, testModel } from "../../../testing/gateway.ts"
import { openAiClient, send, type RawAnswer } from "../../../testing/response-client.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"
import { emailRedactor } from "../../../testing/redactor.ts"

let first: FakeProvider
let second: FakeProvider
let server: ResponsesServer
let guarded: ResponsesServer

const redactor = emailRedactor({ restore: false })

beforeAll(async () => {
  first = await startFakeProvider()
  second = await startFakeProvider()
  const one = testDeployment(first.url, { id: "fake/one" })
  const two = testDeployment(second.url, { id: "fake/two", priority: 1 })
  const claude = testDeployment(first.url, {
    id: "fake/claude",
    provider: "anthropic",
    dialect: "anthropic-messages",
    upstreamModel: "claude-sonnet-4-5",
  })
  const continuing = { ...two, id: "vllm/two", provider: "vllm", continuesPrefix: true }
  const models = [
    testModel("continued", one, two, continuing),
    testModel("anew", one, two),
    testModel("alone", one),
    testModel("signed", claude, two, continuing),
  ]
  const limits = { sameDeploymentRetriesMax: 0, idleTimeoutMs: 1_000, retryBudgetBurst: 1_000 }
  server = await startResponsesServer({ providerUrl: first.url, models, limits })
  const guards = createGuards({ rules: [{ guard: redactor, when: {} }], limits: defaultLimits })
  const openGuards = async (context: Parameters<typeof guards.open>[0] | object) =>
    guards.open({ ...(context as Parameters<typeof guards.open>[0]), tags: [] })
  guarded = await startResponsesServer({ providerUrl: first.url, models, limits, openGuards })
})
beforeEach(() => {
  for (const provider of [first, second]) provider.always({}).requests.length = 0
})
afterAll(async () => {
  for (const each of [server, guarded, first, second]) await each[Symbol.asyncDispose]()
})

const cut: FakeAnswer = { text: ["one ", "two "], ending: "reset", framesMax: 3 }
const perdure = { failover: "continue" }
const ask = (model: string, body: object = {}, on = server): Promise<RawAnswer> =>
  send(on, "POST", "/v1/responses", { model, input: "count", stream: true, perdure, ...body })

interface Item {
  status: string
  type: string
  content: { text: string }[]
}
const outputOf = ({ events, json }: RawAnswer): Item[] => ((events.at(-1)?.["response"] ?? json) as unknown as { output: Item[] }).output
const shown = (answer: RawAnswer): string[][] =>
  outputOf(answer).map(({ status, content }) => [status, content.map(({ text }) => text).join("|")])

async function logOf(answer: RawAnswer): Promise<{ type: string; data: Record<string, unknown> }[]> {
  const events = await server.runs.events(server.projectId, String(answer.headers["x-perdure-run-id"]), -1, 1_000)
  return events as unknown as { type: string; data: Record<string, unknown> }[]
}

describe("T18 a response that breaks off", () => {
  it.each<[string, FakeAnswer]>([
    ["is reset", cut],
    ["ends without a mark", { ...cut, ending: "eof" }],
    ["falls silent", { ...cut, ending: "hang" }],
    [
      "reports an error",
      { text: ["one ", "two "], chunkDelayMs: 20, streamError: { afterFrames: 3, message: "busy", code: "overloaded_error" } },
    ],
    [
      "reports an error in the same bytes as its text",
      { text: ["one ", "two "], together: true, streamError: { afterFrames: 3, message: "busy", code: "overloaded_error" } },
    ],
  ])("goes on in the same item where a deployment continues a prefix and the first one %s", async (_, script) => {
    first.next(script)
    second.next({ text: ["three ", "four"], usage: { prompt_tokens: 9, completion_tokens: 2 } })
    const answer = await ask("continued")
    expect(() => assertStreamInvariants(answer.events)).not.toThrow()
    expect(shown(answer)).toEqual([["completed", "one two three four"]])
    expect(second.requests).toHaveLength(1)
    expect(second.last?.body).toMatchObject({
      continue_final_message: true,
      messages: [{ role: "user" }, { role: "assistant", content: "one two " }],
    })
  })

  it("ends its item as incomplete and begins anew where nobody continues a prefix", async () => {
    first.next(cut)
    second.next({ text: ["uno ", "dos"] })
    const answer = await ask("anew")
    expect(() => assertStreamInvariants(answer.events)).not.toThrow()
    expect(shown(answer)).toEqual([
      ["incomplete", "one two "],
      ["completed", "uno dos"],
    ])
    expect(second.last?.body["messages"]).toEqual([{ role: "user", content: "count" }])
    const response = answer.events.at(-1)?.["response"] as { id: string; status: string }
    expect(response.status).toBe("completed")
    expect((await send(server, "GET", `/v1/responses/${response.id}`)).json["output"]).toEqual(outputOf(answer))
  })

  it("is continued by later responses without what was cut", async () => {
    first.next(cut)
    second.next({ text: "uno dos" })
    const { json } = await ask("anew", { stream: false })
    first.next({ text: "tres" })
    await ask("anew", { stream: false, previous_response_id: json["id"] })
    expect(JSON.stringify(first.last?.body["messages"])).not.toContain("one two")
    expect(JSON.stringify(first.last?.body["messages"])).toContain("uno dos")
  })

  it("gives its tools' turns only the answer that counts", async () => {
    first.next({ ...cut })
    second.next({ text: "uno", toolCalls: [{ id: "call_1", name: "look", arguments: "{}" }] })
    const tools = [{ type: "function", name: "look", parameters: {}, strict: false }]
    const answer = await ask("anew", { tools })
    expect(outputOf(answer).map(({ type, status }) => [type, status])).toEqual([
      ["message", "incomplete"],
      ["message", "completed"],
      ["function_call", "completed"],
    ])
  })

  it("tells it in the log, in a trailer of the stream and in a header of a whole answer, and bills both", async () => {
    first.next(cut)
    second.next({ text: "three" })
    const body = JSON.stringify({ model: "continued", input: "count", stream: true, perdure })
    const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" }
    const streamed = await request(`${server.url}/v1/responses`, { method: "POST", headers, body })
    await streamed.body.text()
    expect(streamed.headers).toMatchObject({ "x-perdure-route": "fake/one" })
    expect(streamed.trailers).toMatchObject({ "x-perdure-failover": "to vllm/two after 8 characters" })
    first.next(cut)
    second.next({ text: "uno" })
    const whole = await ask("anew", { stream: false })
    expect(whole.headers).toMatchObject({
      "x-perdure-failover": "to fake/two anew after 8 characters",
      "x-perdure-route": "fake/two",
      "x-perdure-attempts": "2",
    })
    const log = await logOf(whole)
    expect(log.find(({ type }) => type === "turn.failed_over")?.data).toMatchObject({
      turn: 1,
      from: "fake/one",
      to: "fake/two",
      how: "anew",
      afterCharacters: 8,
      error: { code: "upstream_error" },
    })
    const billed = log.filter(({ type }) => type === "usage.recorded").map(({ data }) => [data["deployment"], data["estimated"]])
    expect(billed).toEqual([
      ["fake/one", true],
      ["fake/two", false],
    ])
  })

  it("begins anew after reasoning that nobody signed and before any text", async () => {
    first.next({ reasoning: ["hm ", "well "], text: "x", ending: "reset", framesMax: 3 })
    second.next({ text: "uno" })
    const answer = await ask("continued")
    expect(() => assertStreamInvariants(answer.events)).not.toThrow()
    expect(outputOf(answer).map(({ type, status }) => [type, status])).toEqual([
      ["reasoning", "incomplete"],
      ["message", "completed"],
    ])
  })

  it("goes on a second time when the one that took over breaks off too", async () => {
    first.next(cut)
    second.next({ text: ["three ", "four "], ending: "reset", framesMax: 3 }, { text: "cinco" })
    const answer = await ask("continued")
    expect(() => assertStreamInvariants(answer.events)).not.toThrow()
    expect(shown(answer)).toEqual([
      ["incomplete", "one two three four "],
      ["completed", "cinco"],
    ])
  })

  it.each<[string, string, object, FakeAnswer]>([
    ["it was not asked for", "continued", { perdure: {} }, cut],
    ["it is switched off", "continued", { perdure: { failover: "off" } }, cut],
    ["there is no other deployment", "alone", {}, cut],
    [
      "a tool call has begun",
      "continued",
      { tools: [{ type: "function", name: "t", parameters: {}, strict: false }] },
      { toolCalls: [{ id: "c", name: "t", arguments: ['{"a":', "1}"] }], ending: "reset", framesMax: 3 },
    ],
  ])("fails as before where %s", async (_, model, body, script) => {
    first.next(script)
    const answer = await ask(model, body)
    expect(() => assertStreamInvariants(answer.events)).not.toThrow()
    expect(answer.events.at(-1)?.type).toBe("response.failed")
    expect(outputOf(answer).map(({ status }) => status)).toEqual(["incomplete"])
    expect(second.requests).toHaveLength(0)
  })

  it.each<[string, FakeAnswer]>([
    ["signed", { reasoning: ["hm"], signature: fakeSignature }],
    ["sealed", { reasoning: ["hm"], redactedThinking: "c2VhbGVk" }],
  ])("fails where reasoning was %s, whatever text stands behind it", async (_, thought) => {
    first.next({ ...thought, text: ["one ", "two "], ending: "reset", framesMax: 9 })
    const answer = await ask("signed", { reasoning: { effort: "low" }, max_output_tokens: 9_000 })
    expect(() => assertStreamInvariants(answer.events)).not.toThrow()
    expect(answer.text).toContain("hm")
    expect(answer.events.at(-1)?.type).toBe("response.failed")
    expect(second.requests).toHaveLength(0)
  })

  it("is read by the official client as one answer", async () => {
    first.next(cut)
    second.next({ text: ["three ", "four"] })
    const stream = openAiClient(server).responses.stream({ model: "continued", input: "count", perdure } as never)
    expect((await stream.finalResponse()).output_text).toBe("one two three four")
  })

  it("is guarded over the break: what spans it is found", async () => {
    first.next({ text: ["Write to ada@", "exam"], ending: "reset", framesMax: 3 })
    second.next({ text: ["ple.org", " today"] })
    const continued = await ask("continued", {}, guarded)
    expect(shown(continued)).toEqual([["completed", "Write to [EMAIL_1] today"]])
    first.next({ text: ["Write to ada@", "exam"], ending: "reset", framesMax: 3 })
    second.next({ text: "Write to bob@example.org" })
    const anew = await ask("anew", {}, guarded)
    expect(() => assertStreamInvariants(anew.events)).not.toThrow()
    expect(shown(anew).at(-1)?.[0]).toBe("completed")
    expect(anew.text).not.toContain("bob@")
  })
})
