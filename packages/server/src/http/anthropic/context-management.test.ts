// Context editing on messages: passed on where Anthropic does it, done here for other models, and the memory tool for any model.
import Anthropic from "@anthropic-ai/sdk"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testKey, testModel } from "../../testing/gateway.ts"

const openai = await startFakeProvider()
const anthropic = await startFakeProvider()
const gateway = await startTestGateway({
  models: [
    testModel("gpt", testDeployment(openai.url)),
    testModel("claude", testDeployment(anthropic.url, { id: "fake/claude", provider: "anthropic", dialect: "anthropic-messages" })),
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
})

const use = (id: string, result: string): Anthropic.Beta.BetaMessageParam[] => [
  { role: "assistant", content: [{ type: "tool_use", id, name: "look", input: { at: id } }] },
  { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: result }] },
]
const messages: Anthropic.Beta.BetaMessageParam[] = [
  { role: "user", content: "Look it all up." },
  ...use("t1", "first ".repeat(200)),
  ...use("t2", "second ".repeat(200)),
  ...use("t3", "third"),
]
const edit = {
  type: "clear_tool_uses_20250919" as const,
  trigger: { type: "input_tokens" as const, value: 300 },
  keep: { type: "tool_uses" as const, value: 1 },
  clear_tool_inputs: true,
}
const ask = {
  max_tokens: 50,
  messages,
  tools: [{ name: "look", input_schema: { type: "object" as const } }],
  context_management: { edits: [edit] },
  betas: ["context-management-2025-06-27" as const],
}

describe("context_management", () => {
  it("is done here for models of others, and the answer lists what was applied, whole and streamed", async () => {
    const answer = await client.beta.messages.create({ ...ask, model: "gpt" })
    expect(answer.context_management).toEqual({
      applied_edits: [{ type: "clear_tool_uses_20250919", cleared_tool_uses: 2, cleared_input_tokens: expect.any(Number) as number }],
    })
    expect(openai.last?.body["messages"]).toMatchObject([
      { role: "user" },
      { role: "assistant", tool_calls: [{ id: "t1", function: { name: "look", arguments: "{}" } }] },
      { role: "tool", tool_call_id: "t1", content: "[Old tool result content cleared]" },
      { role: "assistant", tool_calls: [{ id: "t2" }] },
      { role: "tool", tool_call_id: "t2", content: "[Old tool result content cleared]" },
      { role: "assistant", tool_calls: [{ id: "t3", function: { arguments: '{"at":"t3"}' } }] },
      { role: "tool", tool_call_id: "t3", content: "third" },
    ])
    const stream = client.beta.messages.stream({ ...ask, model: "gpt" })
    const deltas: unknown[] = []
    stream.on("streamEvent", (event) => void (event.type === "message_delta" && deltas.push(event.context_management)))
    await stream.finalMessage()
    expect(deltas).toMatchObject([{ applied_edits: [{ cleared_tool_uses: 2 }] }])
  })

  it("tells that nothing was applied where nothing had to be, and says nothing where nothing was asked", async () => {
    const high = { ...edit, trigger: { type: "input_tokens" as const, value: 100_000 } }
    const answer = await client.beta.messages.create({ ...ask, model: "gpt", context_management: { edits: [high] } })
    expect(answer.context_management).toEqual({ applied_edits: [] })
    const { context_management: _, ...plain } = ask
    expect("context_management" in (await client.beta.messages.create({ ...plain, model: "gpt" }))).toBe(false)
  })

  it("reaches Anthropic as it is, with its beta", async () => {
    await client.beta.messages.create({ ...ask, model: "claude" })
    expect(anthropic.last?.body["context_management"]).toEqual({ edits: [edit] })
    expect(anthropic.last?.headers["anthropic-beta"]).toContain("context-management-2025-06-27")
  })

  it("is refused where only Anthropic can do it, or where it is wrong, with the place", async () => {
    const body = (edits: object[]): object => ({ ...ask, betas: undefined, model: "gpt", context_management: { edits } })
    const compact = await rawPost(gateway.url, "/v1/messages", body([{ type: "compact_20990101" }]))
    expect([compact.status, compact.text]).toEqual([400, expect.stringContaining("compact_20990101") as string])
    const wrong = await rawPost(gateway.url, "/v1/messages", body([{ type: edit.type, keep: { type: "tool_uses", value: -1 } }]))
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining("context_management.edits[0].keep.value") as string])
  })
})

describe("the memory tool", () => {
  it("is declared to models of others as a function, since its client runs it, and reaches Anthropic as it is", async () => {
    const tools = [{ type: "memory_20250818" as const, name: "memory" as const }]
    const command = { command: "view", path: "/memories" }
    openai.next({ toolCalls: [{ id: "call_m", name: "memory", arguments: JSON.stringify(command) }] })
    const answer = await client.beta.messages.create({ model: "gpt", max_tokens: 50, messages: [{ role: "user", content: "Hi" }], tools })
    expect(answer.content).toMatchObject([{ type: "tool_use", name: "memory", input: command }])
    expect(openai.last?.body["tools"]).toMatchObject([{ function: { name: "memory", parameters: { required: ["command"] } } }])
    await client.beta.messages.create({ model: "claude", max_tokens: 50, messages: [{ role: "user", content: "Hi" }], tools })
    expect(anthropic.last?.body["tools"]).toEqual(tools)
  })
})
