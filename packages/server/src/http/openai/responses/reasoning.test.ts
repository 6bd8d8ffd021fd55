// R26: reasoning comes back to the model that made it, whether the server keeps the responses or the client does.
import type OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { z } from "zod"
import type { WireEvent } from "../../../agents/index.ts"
import { fakeSignature } from "../../../testing/fake-anthropic-answers.ts"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { openAiClient, send, type RawAnswer } from "../../../testing/response-client.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"
import { testDeployment, testModel } from "../../../testing/gateway.ts"
import { defineTool } from "../../../tools/index.ts"

let provider: FakeProvider
let server: ResponsesServer
let client: OpenAI

const look = defineTool({
  name: "look",
  description: "Looks something up",
  parameters: z.object({}),
  effect: "read",
  run: () => Promise.resolve({ found: "42" }),
})
const tools: OpenAI.Responses.Tool[] = [
  { type: "function", name: "get_weather", parameters: { type: "object", properties: {} }, strict: null },
]
const own = { type: "mcp", server_label: "perdure" } as unknown as OpenAI.Responses.Tool.Mcp
const weatherCall = { id: "call_1", name: "get_weather", arguments: "{}" }

beforeAll(async () => {
  provider = await startFakeProvider()
  server = await startResponsesServer({
    tools: [look],
    models: [
      testModel(
        "claude-sonnet-4-5",
        testDeployment(provider.url, { upstreamModel: "claude-sonnet-4-5", dialect: "anthropic-messages", provider: "anthropic" }),
      ),
      testModel("gemini-3-pro", testDeployment(provider.url, { upstreamModel: "gemini-3-pro", dialect: "gemini", provider: "google" })),
      testModel(
        "deepseek-reasoner",
        testDeployment(provider.url, { upstreamModel: "deepseek-reasoner", dialect: "openai-chat", provider: "deepseek" }),
      ),
    ],
  })
  client = openAiClient(server)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const ask = (model: string, more: Partial<OpenAI.Responses.ResponseCreateParamsNonStreaming>): Promise<OpenAI.Responses.Response> =>
  client.responses.create({ model, input: "Weather?", reasoning: { effort: "high" }, max_output_tokens: 20_000, ...more })
const output = (callId = "call_1"): OpenAI.Responses.ResponseInputItem => ({
  type: "function_call_output",
  call_id: callId,
  output: "sunny",
})
const lastAssistant = (): unknown => {
  const body = provider.last?.body as { messages?: { role: string; content: unknown }[]; contents?: { role: string; parts: unknown }[] }
  return body.messages?.findLast(({ role }) => role === "assistant") ?? body.contents?.findLast(({ role }) => role === "model")
}

const claudesTurn = {
  role: "assistant",
  content: [
    { type: "thinking", thinking: "Let me look.", signature: fakeSignature },
    { type: "redacted_thinking", data: "c2VhbGVk" },
    { type: "tool_use", id: "call_1", name: "get_weather", input: {} },
  ],
}

describe("reasoning that a provider signed", () => {
  it("comes back in a chain of stored responses", async () => {
    provider.next({ reasoning: ["Let me ", "look."], redactedThinking: "c2VhbGVk", toolCalls: [weatherCall] })
    const first = await ask("claude-sonnet-4-5", { tools })
    expect(first.output.map(({ type }) => type)).toEqual(["reasoning", "function_call"])
    await ask("claude-sonnet-4-5", { tools, previous_response_id: first.id, input: [output()] })
    expect(lastAssistant()).toEqual(claudesTurn)
  })

  it("comes back from a client that keeps the items itself, whole and streamed", async () => {
    const said = { reasoning: ["Let me ", "look."], redactedThinking: "c2VhbGVk", toolCalls: [weatherCall] }
    provider.next(said, {}, said)
    const include: OpenAI.Responses.ResponseIncludable[] = ["reasoning.encrypted_content"]
    const first = await ask("claude-sonnet-4-5", { tools, store: false, include })
    const { encrypted_content: sealed } = first.output[0] as OpenAI.Responses.ResponseReasoningItem
    expect(sealed).toMatch(/^pds1\./)
    // As the strictest client sends it: nothing but what the protocol asks for.
    const reasoning = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: sealed } as OpenAI.Responses.ResponseReasoningItem
    const asked = { role: "user" as const, content: "Weather?" }
    const again = {
      tools,
      store: false,
      input: [asked, reasoning, ...(first.output.slice(1) as OpenAI.Responses.ResponseFunctionToolCall[]), output()],
    }
    await ask("claude-sonnet-4-5", again)
    expect(lastAssistant()).toEqual(claudesTurn)

    const stream = client.responses.stream({
      model: "claude-sonnet-4-5",
      input: "Weather?",
      tools,
      store: false,
      reasoning: { effort: "high" },
    })
    const done: unknown[] = []
    for await (const event of stream) if (event.type === "response.output_item.done") done.push(event.item)
    expect(done[0]).toMatchObject({ type: "reasoning", encrypted_content: expect.stringMatching(/^pds1\./) as string })
  })

  it("stands before a call of a tool that this server runs", async () => {
    provider.next({ reasoning: "I look.", toolCalls: [{ id: "call_2", name: "look", arguments: "{}" }] }, { text: "It is 42." })
    await ask("claude-sonnet-4-5", { tools: [own] })
    expect(lastAssistant()).toEqual({
      role: "assistant",
      content: [
        { type: "thinking", thinking: "I look.", signature: fakeSignature },
        { type: "tool_use", id: "call_2", name: "look", input: {} },
      ],
    })
  })

  it("is nothing to another provider, and what another server sealed is nothing to anybody", async () => {
    provider.next({ reasoning: "I look.", toolCalls: [weatherCall] })
    const first = await ask("claude-sonnet-4-5", { tools })
    await ask("deepseek-reasoner", { tools, previous_response_id: first.id, input: [output()] })
    expect(JSON.stringify(provider.last?.body)).not.toContain("I look.")
    const foreign = {
      type: "reasoning",
      id: "rs_2",
      summary: [],
      encrypted_content: "gAAAAABforeign",
    } as OpenAI.Responses.ResponseReasoningItem
    await ask("claude-sonnet-4-5", {
      input: [{ role: "user", content: "a" }, foreign, { role: "assistant", content: "b" }, { role: "user", content: "c" }],
    })
    expect(lastAssistant()).toMatchObject({ content: [{ type: "text", text: "b" }] })
  })
})

describe.each(["claude-sonnet-4-5", "deepseek-reasoner"])("reasoning of %s", (model) => {
  const asked = async (reasoning: object): Promise<RawAnswer> => {
    provider.next({ reasoning: ["Let me ", "look."], text: "Sunny." })
    const answer = await send(server, "POST", "/v1/responses", {
      model,
      input: "Weather?",
      stream: true,
      max_output_tokens: 20_000,
      reasoning: { effort: "high", ...reasoning },
    })
    assertStreamInvariants(answer.events)
    return answer
  }
  const of = ({ events }: RawAnswer): WireEvent[] => events.filter(({ type }) => type.includes("reasoning") || type.includes("_part."))
  const typesOf = (answer: RawAnswer): string[] => [...new Set(of(answer).map(({ type }) => type.replace("response.", "")))]
  const itemOf = ({ events }: RawAnswer): unknown => events.find(({ type }) => type === "response.output_item.done")?.["item"]

  it("is a summary where its client asks for one, whatever the model calls it", async () => {
    const answer = await asked({ summary: "auto" })
    expect(typesOf(answer).slice(0, 4)).toEqual([
      "reasoning_summary_part.added",
      "reasoning_summary_text.delta",
      "reasoning_summary_text.done",
      "reasoning_summary_part.done",
    ])
    const [added, delta] = of(answer)
    expect(added).toMatchObject({ output_index: 0, summary_index: 0, part: { type: "summary_text", text: "" } })
    expect(delta).toMatchObject({ item_id: expect.stringMatching(/^rs_/) as string, summary_index: 0, delta: "Let me " })
    expect(delta).not.toHaveProperty("content_index")
    expect(of(answer).find(({ type }) => type.endsWith("summary_text.done"))).toMatchObject({ text: "Let me look." })
    expect(itemOf(answer)).toMatchObject({
      type: "reasoning",
      summary: [{ type: "summary_text", text: "Let me look." }],
      content: [],
      status: "completed",
    })
  })

  it("is its own text where none is asked for", async () => {
    const answer = await asked({})
    expect(typesOf(answer)).toEqual(["content_part.added", "reasoning_text.delta", "reasoning_text.done", "content_part.done"])
    expect(itemOf(answer)).toMatchObject({ summary: [], content: [{ type: "reasoning_text", text: "Let me look." }] })
  })

  it("comes back to it from a summary too", async () => {
    provider.next({ reasoning: "Let me look.", toolCalls: [weatherCall] })
    const first = await ask(model, { tools, reasoning: { effort: "high", summary: "auto" } })
    await ask(model, { tools, previous_response_id: first.id, input: [output()] })
    expect(JSON.stringify(lastAssistant())).toContain("Let me look.")
  })
})

it("the signature of a call comes back with the call", async () => {
  provider.next({ toolCalls: [weatherCall], signature: "c2lnbmVkLWNhbGw=" })
  const first = await ask("gemini-3-pro", { tools, store: false })
  expect(first.output.map(({ type }) => type)).toEqual(["reasoning", "function_call"])
  const items = first.output as OpenAI.Responses.ResponseInputItem[]
  await ask("gemini-3-pro", {
    tools,
    store: false,
    input: [
      { role: "user", content: "Weather?" },
      ...items,
      output(items.flatMap((item) => ("call_id" in item ? [item.call_id as string] : []))[0]),
    ],
  })
  expect(lastAssistant()).toMatchObject({ parts: [{ functionCall: { name: "get_weather" }, thoughtSignature: "c2lnbmVkLWNhbGw=" }] })
})

it("plain reasoning goes back to those who want it as text", async () => {
  provider.next({ reasoning: "Hmm, the weather.", toolCalls: [weatherCall] })
  const first = await ask("deepseek-reasoner", { tools })
  await ask("deepseek-reasoner", { tools, previous_response_id: first.id, input: [output()] })
  expect(lastAssistant()).toMatchObject({ reasoning_content: "Hmm, the weather." })
})
