// What Cursor sends to chat completions: tools in the form of Responses, ApplyPatch as a custom tool with a grammar, and `input` in place of `messages`.
import { afterAll, describe, expect, it } from "vitest"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel } from "../../testing/gateway.ts"

const provider = await startFakeProvider()
const gateway = await startTestGateway({
  models: [
    testModel("gpt-5", testDeployment(provider.url, { id: "fake/gpt-5", upstreamModel: "gpt-5" })),
    testModel("qwen", testDeployment(provider.url, { id: "fake/qwen", provider: "vllm", upstreamModel: "qwen" })),
    testModel(
      "claude",
      testDeployment(provider.url, {
        id: "fake/claude",
        provider: "anthropic",
        dialect: "anthropic-messages",
        upstreamModel: "claude-sonnet-4-5",
      }),
    ),
  ],
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const path = "/v1/chat/completions"
const readFile = {
  type: "function",
  name: "read_file",
  description: "Reads.",
  parameters: { type: "object", properties: { path: { type: "string" } } },
}
const grammar = { syntax: "lark", definition: "start: begin_patch hunk end_patch" }
const applyPatch = { type: "custom", name: "ApplyPatch", description: "Edits files.", format: { type: "grammar", ...grammar } }
const patch = "*** Begin Patch\n*** Add File: a.txt\n+hello\n*** End Patch"
const messages = [
  { role: "system", content: "You are an agent." },
  { role: "user", content: "Add a.txt" },
]
const history = [
  { role: "user", content: [{ type: "input_text", text: "Add a.txt" }] },
  { type: "reasoning", summary: [] },
  { type: "custom_tool_call", call_id: "c1", name: "ApplyPatch", input: patch },
  { type: "custom_tool_call_output", call_id: "c1", output: "ok" },
]

describe("a request of Cursor's", () => {
  it("has its tools in the form of chat completions when it reaches a model that has custom tools", async () => {
    provider.next({ toolCalls: [{ id: "c1", name: "ApplyPatch", arguments: patch, custom: true }] })
    const body = { model: "gpt-5", messages, tools: [readFile, applyPatch], tool_choice: "auto", stream: true }
    const answer = await rawPost(gateway.url, path, body)
    expect(answer.status).toBe(200)
    const { type: _, ...inner } = readFile
    expect(provider.last?.body["tools"]).toEqual([
      { type: "function", function: inner },
      { type: "custom", custom: { name: "ApplyPatch", description: "Edits files.", format: { type: "grammar", grammar } } },
    ])
    expect(answer.text).toContain('"type":"custom"')
    expect(answer.text).toContain("[DONE]")
  })

  it.each(["qwen", "claude"])("is given a custom call by %s, which knows functions only", async (model) => {
    provider.next({ toolCalls: [{ id: "c1", name: "ApplyPatch", arguments: JSON.stringify({ input: patch }) }] })
    const answer = await rawPost(gateway.url, path, { model, messages, tools: [readFile, applyPatch], max_tokens: 500 })
    const { choices } = JSON.parse(answer.text) as { choices: { message: object }[] }
    expect(choices[0]?.message).toMatchObject({ tool_calls: [{ id: "c1", type: "custom", custom: { name: "ApplyPatch", input: patch } }] })
  })

  it.each(["gpt-5", "qwen", "claude"])("with input in place of messages goes on with its history at %s", async (model) => {
    provider.next({ text: "Done." })
    const body = {
      model,
      instructions: "You are an agent.",
      input: history,
      tools: [readFile, applyPatch],
      max_output_tokens: 900,
      reasoning: { effort: "low" },
      store: false,
      include: ["reasoning.encrypted_content"],
    }
    const answer = await rawPost(gateway.url, path, body)
    expect([answer.status, answer.text.includes("Done.")]).toEqual([200, true])
    expect(provider.last?.text).toContain("Begin Patch")
    expect(provider.last?.text).not.toMatch(/"input"\s*:\s*\[|"instructions"|"include"/)
    if (model === "gpt-5")
      expect(provider.last?.body["messages"]).toEqual([
        { role: "system", content: "You are an agent." },
        { role: "user", content: [{ type: "text", text: "Add a.txt" }] },
        { role: "assistant", content: null, tool_calls: [{ id: "c1", type: "custom", custom: { name: "ApplyPatch", input: patch } }] },
        { role: "tool", tool_call_id: "c1", content: "ok" },
      ])
  })

  it("whose tools are functions alone has them in the form of chat completions too", async () => {
    provider.next({ text: "ok" })
    await rawPost(gateway.url, path, { model: "qwen", messages, tools: [readFile], tool_choice: { type: "function", name: "read_file" } })
    expect(provider.last?.body).toMatchObject({
      tools: [{ type: "function", function: { name: "read_file" } }],
      tool_choice: { type: "function", function: { name: "read_file" } },
    })
  })
})
