// R26: reasoning comes back to the model that made it, whether the server keeps the responses or the client does.
import type OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { z } from "zod"
import { fakeSignature } from "../../../testing/fake-anthropic-answers.ts"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { openAiClient } from "../../../testing/response-client.ts"
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
