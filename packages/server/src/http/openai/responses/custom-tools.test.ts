// Custom tools, which take free text: declared, streamed, stored, chained and listed, on models that have them and on models that know functions only.
import type OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { testDeployment, testModel } from "../../../testing/gateway.ts"
import { openAiClient, send } from "../../../testing/response-client.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"

let provider: FakeProvider
let server: ResponsesServer
let client: OpenAI

beforeAll(async () => {
  provider = await startFakeProvider()
  const at = (part: object): ReturnType<typeof testDeployment> => testDeployment(provider.url, part)
  server = await startResponsesServer({
    models: [
      testModel("responses", at({ id: "fake/responses", dialect: "openai-responses", upstreamModel: "gpt-5-codex" })),
      testModel("chat-custom", at({ id: "fake/chat-custom", upstreamModel: "gpt-5" })),
      testModel("functions", at({ id: "fake/functions", provider: "vllm", upstreamModel: "qwen" })),
      testModel(
        "claude",
        at({ id: "fake/claude", provider: "anthropic", dialect: "anthropic-messages", upstreamModel: "claude-sonnet-4-5" }),
      ),
      testModel("gemini", at({ id: "fake/gemini", provider: "google", dialect: "gemini", upstreamModel: "gemini-3-pro" })),
    ],
  })
  client = openAiClient(server)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const patch = '*** Begin Patch\n*** Add File: "a".txt\n+one \\ two\n*** End Patch\n'
const grammar = { type: "grammar", syntax: "lark", definition: "start: /.+/s" } as const
const tool = { type: "custom", name: "apply_patch", description: "Edits files.", format: grammar } as const
const hasCustom = ["responses", "chat-custom"]
const models = [...hasCustom, "functions", "claude", "gemini"]

/** What a model of that sort says when it calls the tool. */
const call = (model: string): { toolCalls: { id: string; name: string; arguments: string[]; custom: boolean }[] } => {
  const custom = hasCustom.includes(model)
  const text = custom ? patch : JSON.stringify({ input: patch })
  const pieces = text.match(/[\s\S]{1,5}/g) ?? []
  return {
    toolCalls: [{ id: "call_1", name: "apply_patch", arguments: model === "gemini" || model === "claude" ? [text] : pieces, custom }],
  }
}
const output = { type: "custom_tool_call_output" as const, call_id: "call_1", output: "Done" }

describe.each(models)("a custom tool on %s", (model) => {
  it("is called in a stream with its text, whose deltas add up", async () => {
    provider.next(call(model))
    const { events } = await send(server, "POST", "/v1/responses", { model, input: "Fix it", tools: [tool], stream: true })
    assertStreamInvariants(events)
    const of = (type: string): Record<string, unknown>[] => events.filter((event) => event.type === type)
    expect(of("response.output_item.added").at(-1)?.["item"]).toMatchObject({ type: "custom_tool_call", name: "apply_patch", input: "" })
    const text = of("response.custom_tool_call_input.delta").map((event) => event["delta"])
    expect(text.join("")).toBe(patch)
    expect(of("response.custom_tool_call_input.done")).toMatchObject([{ input: patch }])
    expect(events.some(({ type }) => type.startsWith("response.function_call"))).toBe(false)
    expect(events.at(-1)?.["response"]).toMatchObject({
      status: "completed",
      tools: [tool],
      output: [{ type: "custom_tool_call", call_id: "call_1", name: "apply_patch", input: patch, status: "completed" }],
    })
  })

  it("is answered by its call id in a chain, and its items are listed", async () => {
    provider.next(call(model), { text: "Patched." })
    const first = await client.responses.create({ model, input: "Fix it", tools: [tool] })
    expect(first.output.at(-1)).toMatchObject({ type: "custom_tool_call", input: patch, id: expect.stringMatching(/^ctc_/) as string })
    const second = await client.responses.create({ model, input: [output], previous_response_id: first.id, tools: [tool] })
    expect(second.output_text).toBe("Patched.")
    expect(provider.last?.text).toContain("Begin Patch")
    expect(provider.last?.text).toContain("Done")
    const listed = await client.responses.inputItems.list(second.id)
    expect(listed.data).toMatchObject([{ type: "custom_tool_call_output", call_id: "call_1", output: "Done" }])
  })

  it("takes calls and outputs that the client keeps itself", async () => {
    provider.next({ text: "Patched." })
    const input = [
      { role: "user" as const, content: "Fix it" },
      { type: "custom_tool_call" as const, call_id: "call_1", name: "apply_patch", input: patch },
      output,
    ]
    const response = await client.responses.create({ model, input, tools: [tool], store: false })
    expect(response.output_text).toBe("Patched.")
  })
})

it("is passed as it is to Responses, with its history and its choice", async () => {
  provider.next({ text: "ok" })
  const input = [
    { role: "user", content: "Fix" },
    { type: "custom_tool_call", call_id: "call_1", name: "apply_patch", input: patch },
    output,
  ]
  await send(server, "POST", "/v1/responses", {
    model: "responses",
    input,
    tools: [tool],
    tool_choice: { type: "custom", name: "apply_patch" },
  })
  expect(provider.last?.body).toMatchObject({
    tools: [tool],
    tool_choice: { type: "custom", name: "apply_patch" },
    input: [{ role: "user" }, { type: "custom_tool_call", call_id: "call_1", name: "apply_patch", input: patch }, output],
  })
})

it("is passed to chat completions of OpenAI's that have custom tools, in their shape", async () => {
  provider.next({ text: "ok" })
  const input = [
    { role: "user", content: "Fix" },
    { type: "custom_tool_call", call_id: "call_1", name: "apply_patch", input: patch },
    output,
  ]
  await send(server, "POST", "/v1/responses", { model: "chat-custom", input, tools: [tool] })
  const { syntax, definition } = grammar
  expect(provider.last?.body).toMatchObject({
    tools: [
      {
        type: "custom",
        custom: { name: "apply_patch", description: "Edits files.", format: { type: "grammar", grammar: { syntax, definition } } },
      },
    ],
    messages: [
      { role: "user" },
      { role: "assistant", tool_calls: [{ id: "call_1", type: "custom", custom: { name: "apply_patch", input: patch } }] },
      { role: "tool", tool_call_id: "call_1", content: "Done" },
    ],
  })
})

it("is a function of one text elsewhere, with the grammar in words", async () => {
  provider.next({ text: "ok" })
  const input = [
    { role: "user", content: "Fix" },
    { type: "custom_tool_call", call_id: "call_1", name: "apply_patch", input: patch },
    output,
  ]
  await send(server, "POST", "/v1/responses", { model: "functions", input, tools: [tool] })
  expect(provider.last?.body).toMatchObject({
    tools: [{ type: "function", function: { name: "apply_patch", description: expect.stringContaining("start: /.+/s") as string } }],
    messages: [{}, { tool_calls: [{ type: "function", function: { arguments: JSON.stringify({ input: patch }) } }] }, {}],
  })
})

it("R17 allowed_tools leaves out a custom tool that is not listed", async () => {
  provider.next({ ...call("functions") }, { text: "I may not." })
  const choice = { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "other" }] }
  const other = { type: "function", name: "other", parameters: {}, strict: null }
  const { json } = await send(server, "POST", "/v1/responses", {
    model: "functions",
    input: "x",
    tools: [tool, other],
    tool_choice: choice,
  })
  expect((json["output"] as { type: string }[]).map(({ type }) => type)).toEqual(["message"])
})

it.each([
  ["an output without its call", { input: [output] }, "input", "custom tool call output"],
  [
    "a call without its output",
    { input: [{ type: "custom_tool_call", call_id: "c", name: "t", input: "x" }] },
    "input",
    "custom tool call",
  ],
  [
    "a grammar without its definition",
    { tools: [{ ...tool, format: { type: "grammar", syntax: "lark" } }] },
    "tools[0].format.definition",
    "",
  ],
  ["a call without its text", { input: [{ type: "custom_tool_call", call_id: "c", name: "t" }] }, "input[0].input", ""],
])("%s is refused by name", async (_, body, param, words) => {
  const { status, json } = await send(server, "POST", "/v1/responses", { model: "functions", input: "x", ...body })
  expect([status, json["error"]]).toMatchObject([400, { param, message: expect.stringContaining(words) as string }])
})
