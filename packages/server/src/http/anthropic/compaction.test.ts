// `compact_20260112` on messages with Anthropic's own client: done here for models of others, passed on to Anthropic.
import Anthropic from "@anthropic-ai/sdk"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeAnswer, type ReceivedRequest } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testKey, testModel } from "../../testing/gateway.ts"

type Beta = Anthropic.Beta.BetaMessageParam

let summary: FakeAnswer = { text: "They launch on Tuesday 【1】.", usage: { prompt_tokens: 90, completion_tokens: 7 } }
const isSummary = ({ text }: ReceivedRequest): boolean => text.includes("You compact a conversation")
const answer: FakeAnswer = { text: ["On ", "Tuesday."], usage: { prompt_tokens: 20, completion_tokens: 3 } }
const openai = await startFakeProvider((request) => (isSummary(request) ? summary : answer))
const anthropic = await startFakeProvider((request) => (isSummary(request) ? summary : answer))
const claude = testDeployment(anthropic.url, { id: "fake/claude", provider: "anthropic", dialect: "anthropic-messages" })
const gateway = await startTestGateway({
  models: [
    testModel("gpt", testDeployment(openai.url)),
    testModel("claude", claude),
    testModel("both", { ...claude, id: "fake/first" }, testDeployment(openai.url, { priority: 1 })),
  ],
})
const client = new Anthropic({ baseURL: gateway.url, apiKey: testKey, maxRetries: 0 })
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await openai[Symbol.asyncDispose]()
  await anthropic[Symbol.asyncDispose]()
})
beforeEach(() => {
  openai.requests.length = 0
  anthropic.requests.length = 0
  summary = { text: "They launch on Tuesday 【1】.", usage: { prompt_tokens: 90, completion_tokens: 7 } }
})

const messages: Beta[] = [
  { role: "user", content: "We launch on Tuesday." },
  { role: "assistant", content: "Understood. ".repeat(400) },
  { role: "user", content: "When do we launch?" },
]
const edit = { type: "compact_20260112" as const, trigger: { type: "input_tokens" as const, value: 500 } }
const ask = {
  model: "gpt",
  max_tokens: 50,
  system: "Be brief.",
  messages,
  context_management: { edits: [edit] },
  betas: ["compact-2026-01-12" as const],
}
const compacted = { type: "compaction", content: "They launch on Tuesday.", encrypted_content: null }
const iterations = [
  {
    type: "compaction",
    input_tokens: 90,
    output_tokens: 7,
    cache_creation: null,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
  },
  {
    type: "message",
    model: "gpt",
    input_tokens: 20,
    output_tokens: 3,
    cache_creation: null,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
  },
]
/** What the model was sent last for an answer. */
const sent = (): string[] => {
  const { body } = openai.requests.findLast((request) => !isSummary(request)) as ReceivedRequest
  return (body["messages"] as { role: string; content: string }[]).map(({ role, content }) => `${role}: ${content}`)
}
const window = [
  "system: Be brief.",
  "user: Summary of the conversation until here, which was compacted:\n\nThey launch on Tuesday.",
  "user: When do we launch?",
]

describe("a conversation past the trigger", () => {
  it("is summarised first; the answer has the block, what each call used, and the edits", async () => {
    const before = gateway.records.length
    const message = await client.beta.messages.create(ask)
    expect(message.content).toEqual([compacted, expect.objectContaining({ type: "text", text: "On Tuesday." })])
    expect(message.stop_reason).toBe("end_turn")
    expect(message.usage).toMatchObject({ input_tokens: 20, output_tokens: 3, iterations })
    expect(message.context_management).toEqual({ applied_edits: [] })
    expect(sent()).toEqual(window)
    expect(gateway.records.slice(before).map(({ name, outputTokens, outcome }) => ({ name, outputTokens, outcome }))).toEqual([
      { name: "compaction", outputTokens: 7, outcome: "completed" },
      { name: "messages", outputTokens: 3, outcome: "completed" },
    ])
  })

  it("is summarised on the account of what its request says of itself", async () => {
    const before = gateway.records.length
    const headers = { "x-perdure-metadata": JSON.stringify({ customer: "acme", tags: ["chat"] }) }
    await client.beta.messages.create(ask, { headers })
    const said = { tags: ["chat"], metadata: { customer: "acme" } }
    expect(gateway.records.slice(before)).toMatchObject([
      { name: "compaction", ...said },
      { name: "messages", ...said },
    ])
  })

  it("streams the block before the answer, in events that Anthropic's client adds up", async () => {
    const stream = client.beta.messages.stream(ask)
    const told: unknown[] = []
    const types: string[] = []
    stream.on("compaction", (content) => void told.push(content))
    stream.on("streamEvent", ({ type }) => void types.push(type))
    const message = await stream.finalMessage()
    expect(told).toEqual(["They launch on Tuesday."])
    expect(message.content).toMatchObject([compacted, { type: "text", text: "On Tuesday." }])
    expect(message.usage.iterations).toEqual(iterations)
    expect(types.slice(0, 5)).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "content_block_start",
    ])
  })

  it("goes on from the block in later requests, which stands for all before it", async () => {
    const { content } = await client.beta.messages.create(ask)
    const next: Beta[] = [
      ...messages,
      { role: "assistant", content: content as Anthropic.Beta.BetaContentBlockParam[] },
      { role: "user", content: "Sure?" },
    ]
    const message = await client.beta.messages.create({ ...ask, messages: next })
    expect(message.content).toMatchObject([{ type: "text" }])
    expect(sent()).toEqual([window[0], window[1], "assistant: On Tuesday.", "user: Sure?"])
    // Without the wish too, and with what came before left out.
    const { context_management: _, ...plain } = ask
    await client.beta.messages.create({ ...plain, messages: next.slice(3) })
    expect(sent()).toEqual([window[0], window[1], "assistant: On Tuesday.", "user: Sure?"])
  })

  it("pauses behind the block where that is asked, whole and streamed, and goes on with what the client sends then", async () => {
    const pausing = { ...ask, context_management: { edits: [{ ...edit, pause_after_compaction: true }] } }
    for (const message of [await client.beta.messages.create(pausing), await client.beta.messages.stream(pausing).finalMessage()]) {
      expect([message.stop_reason, message.content]).toEqual(["compaction", [compacted]])
      expect(message.usage).toMatchObject({ input_tokens: 0, output_tokens: 0, iterations: iterations.slice(0, 1) })
    }
    expect(openai.requests.filter((request) => !isSummary(request))).toEqual([])
    await client.beta.messages.create({
      ...pausing,
      messages: [{ role: "assistant", content: [compacted as never] }, ...messages.slice(-1)],
    })
    expect(sent()).toEqual(window)
  })

  it("keeps the call whose result is to be answered, and tells the model what the client wants of the summary", async () => {
    const use: Beta[] = [
      { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "look", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "Free." }] },
    ]
    const tools = [{ name: "look", input_schema: { type: "object" as const } }]
    const context_management = { edits: [{ ...edit, instructions: "Keep the dates." }] }
    await client.beta.messages.create({ ...ask, tools, messages: [...messages.slice(0, 2), ...use], context_management })
    const received = openai.requests.map(({ body }) => body["messages"] as { role: string; content: string }[])
    expect(received[0]?.[0]?.content).toMatch(/Be brief\.[^]*Keep the dates\./)
    expect(received[1]?.map(({ role }) => role)).toEqual(["system", "user", "assistant", "tool"])
  })

  it("is done after older tool results were cleared, and both are told", async () => {
    const use = (id: string): Beta[] => [
      { role: "assistant", content: [{ type: "tool_use", id, name: "look", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: `${id} `.repeat(500) }] },
    ]
    const clear = {
      type: "clear_tool_uses_20250919" as const,
      trigger: { type: "tool_uses" as const, value: 1 },
      keep: { type: "tool_uses" as const, value: 1 },
    }
    const message = await client.beta.messages.create({
      ...ask,
      messages: [...messages.slice(0, 2), ...use("t1"), ...use("t2")],
      tools: [{ name: "look", input_schema: { type: "object" as const } }],
      context_management: { edits: [clear, edit] },
    })
    expect(message.content[0]).toEqual(compacted)
    expect(message.context_management?.applied_edits).toMatchObject([{ type: "clear_tool_uses_20250919", cleared_tool_uses: 1 }])
    expect(openai.requests[0]?.text).not.toContain("t1 t1 t1")
  })
})

describe("what stays as it is", () => {
  it("a conversation below the trigger, and one of which nothing could go", async () => {
    const high = { ...edit, trigger: { type: "input_tokens" as const, value: 50_000 } }
    await client.beta.messages.create({ ...ask, context_management: { edits: [high] } })
    await client.beta.messages.create({ ...ask, messages: [{ role: "user", content: "word ".repeat(1_000) }] })
    expect(openai.requests.some(isSummary)).toBe(false)
  })

  it("a conversation that its model does not summarise: the block is null, and it is answered with all of it", async () => {
    summary = { text: " " }
    const message = await client.beta.messages.create(ask)
    expect(message.content).toMatchObject([{ type: "compaction", content: null }, { type: "text" }])
    expect(sent()).toHaveLength(4)
    const next: Beta[] = [...messages, { role: "assistant", content: message.content as never[] }, { role: "user", content: "Sure?" }]
    await client.beta.messages.create({ ...ask, context_management: undefined as never, messages: next })
    expect(sent().slice(-2)).toEqual(["assistant: On Tuesday.", "user: Sure?"])
  })

  it("a request to Anthropic's own models, which do it themselves", async () => {
    await client.beta.messages.create({ ...ask, model: "claude" })
    expect(anthropic.requests).toHaveLength(1)
    expect(anthropic.last?.body["context_management"]).toEqual({ edits: [edit] })
  })
})

it("is done here where one of the places of a model could not do it, and told by whichever answers", async () => {
  const message = await client.beta.messages.create({ ...ask, model: "both" })
  expect(message.content).toMatchObject([compacted, { type: "text", text: "On Tuesday." }])
  expect(anthropic.requests.map(isSummary)).toEqual([true, false])
  expect(anthropic.last?.text).not.toContain("compact_20260112")
})

it("an upstream that fails while it summarises is the error of the request", async () => {
  summary = { error: { status: 429, code: "rate_limit_exceeded" } }
  await expect(client.beta.messages.create(ask)).rejects.toMatchObject({ status: 429 })
  expect(gateway.records.slice(-2).map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(["compaction failed", "messages failed"])
})

it("a wrong edit is refused with its place, and a token count takes the edit and the block", async () => {
  const wrong = await rawPost(gateway.url, "/v1/messages", {
    ...ask,
    betas: undefined,
    context_management: { edits: [{ type: edit.type, trigger: { type: "tool_uses", value: 3 } }] },
  })
  expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining("context_management.edits[0].trigger.type") as string])
  const { input_tokens: count } = await client.beta.messages.countTokens({
    model: "gpt",
    messages: [{ role: "assistant", content: [compacted as never] }, ...messages.slice(-1)],
    context_management: ask.context_management,
  })
  expect(count).toBeLessThan(100)
})
