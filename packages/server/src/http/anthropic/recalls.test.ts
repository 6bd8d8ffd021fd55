// Cleared tool results of messages read again by handle: the tool is offered and answered here, and the client sees one answer.
import Anthropic from "@anthropic-ai/sdk"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeAnswer } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testKey, testModel } from "../../testing/gateway.ts"

let answers: FakeAnswer[] = []
const openai = await startFakeProvider(() => answers.shift() ?? {})
const anthropic = await startFakeProvider(() => answers.shift() ?? {})
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
  answers = []
  openai.requests.length = 0
  anthropic.requests.length = 0
})

const report = `The first report. ${"It goes on and on. ".repeat(600)}The end.`
const use = (id: string, content: string): Anthropic.Beta.BetaMessageParam[] => [
  { role: "assistant", content: [{ type: "tool_use", id, name: "look", input: {} }] },
  { role: "user", content: [{ type: "tool_result", tool_use_id: id, content }] },
]
const ask = {
  model: "gpt",
  max_tokens: 50,
  messages: [{ role: "user" as const, content: "Look it up." }, ...use("t1", report), ...use("t2", "second")],
  tools: [{ name: "look", input_schema: { type: "object" as const } }],
  context_management: {
    edits: [
      {
        type: "clear_tool_uses_20250919" as const,
        trigger: { type: "tool_uses" as const, value: 1 },
        keep: { type: "tool_uses" as const, value: 1 },
      },
    ],
  },
  betas: ["context-management-2025-06-27" as const],
}
const recalling = { ...ask, perdure: { context: { recall: true } } }
const usage = { prompt_tokens: 20, completion_tokens: 3 }
const recall = (handle: string, offset?: number): FakeAnswer => ({
  text: "Let me see. ",
  toolCalls: [
    {
      id: `r${String(offset)}`,
      name: "perdure_recall_result",
      arguments: JSON.stringify({ handle, ...(offset === undefined ? {} : { offset }) }),
    },
  ],
  usage,
})
interface Sent {
  messages: { role: string; content: string }[]
  tools: { function: { name: string } }[]
}
const sent = (index: number): Sent => openai.requests.at(index)?.body as unknown as Sent
const toolNames = (index: number): string[] => sent(index).tools.map((tool) => tool.function.name)

describe("a cleared result", () => {
  it("is read again in pages; the client sees one answer with the usage of all calls, whole and streamed", async () => {
    const script = [recall("t1"), recall("t1", 8_000), { text: "Now I know.", usage }]
    for (const streamed of [false, true]) {
      answers = [...script]
      openai.requests.length = 0
      const message = streamed ? await client.beta.messages.stream(recalling).finalMessage() : await client.beta.messages.create(recalling)
      expect(message.content.map((block) => (block.type === "text" ? block.text : block.type)).join("")).toBe(
        "Let me see. Let me see. Now I know.",
      )
      expect(message.stop_reason).toBe("end_turn")
      expect(message.usage).toMatchObject({ input_tokens: 60, output_tokens: 9 })
      expect(message.context_management).toMatchObject({ applied_edits: [{ cleared_tool_uses: 1 }] })
      expect(toolNames(0)).toEqual(["look", "perdure_recall_result"])
      expect(sent(0).messages.find(({ role }) => role === "tool")?.content).toContain('perdure_recall_result with handle "t1"')
      expect(sent(1).messages.at(-1)?.content).toBe(
        `${report.slice(0, 8_000)}\n[characters 0 to 8000 of ${report.length}; go on with offset 8000]`,
      )
      expect(sent(2).messages.at(-1)?.content).toBe(report.slice(8_000))
    }
    expect(gateway.records.at(-1)).toMatchObject({ name: "messages", outcome: "completed", inputTokens: 60, outputTokens: 9 })
  })

  it.each(["t2", "t9"])("is not what was not cleared here (%s): the model is told so", async (handle) => {
    answers = [recall(handle), { text: "Then not." }]
    await client.beta.messages.create(recalling)
    expect(sent(1).messages.at(-1)?.content).toContain("there is no cleared result with the handle")
  })

  it("is left to the client's own calls where the model makes both", async () => {
    const both = [
      { id: "r", name: "perdure_recall_result", arguments: '{"handle":"t1"}' },
      { id: "c", name: "look", arguments: "{}" },
    ]
    answers = [{ toolCalls: both }]
    const message = await client.beta.messages.create(recalling)
    expect([message.stop_reason, message.content]).toMatchObject(["tool_use", [{ type: "tool_use", id: "c", name: "look" }]])
    expect(openai.requests).toHaveLength(1)
  })

  it("is read again by Anthropic's models too, whose edits are done here then", async () => {
    answers = [recall("t1"), { text: "Now I know." }]
    const message = await client.beta.messages.create({ ...recalling, model: "claude" })
    expect(message.content.at(-1)).toMatchObject({ type: "text", text: expect.stringContaining("Now I know.") as string })
    expect(anthropic.requests).toHaveLength(2)
    expect(anthropic.last?.text).toContain("The first report.")
    expect(anthropic.last?.body["perdure"]).toBeUndefined()
  })
})

describe("the tool", () => {
  it("is offered to nobody who did not ask, and where nothing was cleared or no tool may be called", async () => {
    await client.beta.messages.create(ask)
    expect(toolNames(0)).toEqual(["look"])
    await client.beta.messages.create({ ...recalling, messages: ask.messages.slice(0, 1) })
    expect(toolNames(1)).toEqual(["look"])
    await client.beta.messages.create({ ...recalling, tool_choice: { type: "none" } })
    expect(openai.last?.text).not.toContain("perdure_recall_result")
  })

  it("a wrong wish is refused with its place, and chat completions know none", async () => {
    const wrong = await rawPost(gateway.url, "/v1/messages", { ...ask, betas: undefined, perdure: { context: { recall: "yes" } } })
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining("perdure.context.recall") as string])
    const chat = { model: "gpt", messages: [{ role: "user", content: "x" }], perdure: { context: { recall: true } } }
    expect((await rawPost(gateway.url, "/v1/chat/completions", chat)).status).toBe(400)
  })
})
