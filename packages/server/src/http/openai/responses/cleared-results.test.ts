// Context editing in responses: old tool results leave what the model is sent, and are read again by handle, by the model and over the API.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeAnswer, type FakeProvider } from "../../../testing/fake-provider.ts"
import { openAiClient, send, type RawAnswer } from "../../../testing/response-client.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"
import { defineTool } from "../../../tools/index.ts"

let provider: FakeProvider
let server: ResponsesServer
let answers: FakeAnswer[] = []

const report = `The first report. ${"It goes on and on. ".repeat(600)}The end.`
const look = defineTool({
  name: "look",
  description: "Looks",
  parameters: { type: "object", properties: {} },
  effect: "read",
  run: async () => report,
})

beforeAll(async () => {
  provider = await startFakeProvider(() => answers.shift() ?? {})
  server = await startResponsesServer({ providerUrl: provider.url, tools: [look] })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const call = (id: string, output: string): object[] => [
  { type: "function_call", call_id: id, name: "find", arguments: "{}" },
  { type: "function_call_output", call_id: id, output },
]
const input = [{ role: "user", content: "Find it all." }, ...call("c1", report), ...call("c2", "second"), { role: "user", content: "So?" }]
const clear = { type: "clear_tool_uses_20250919", trigger: { type: "tool_uses", value: 1 }, keep: { type: "tool_uses", value: 1 } }
const recall = { perdure: { context: { recall: true } } }
interface Item extends Record<string, unknown> {
  type: string
}
interface Message {
  role: string
  content: string
}
const respond = (body: object): Promise<RawAnswer> =>
  send(server, "POST", "/v1/responses", { model: "fake-model", input, context_management: [clear], ...body })
const outputOf = ({ json }: RawAnswer): Item[] => json["output"] as Item[]
const sent = (back = 1): Message[] => (provider.requests.at(-back)?.body["messages"] ?? []) as Message[]
const toolsSent = (): string[] =>
  ((provider.last?.body["tools"] ?? []) as { function: { name: string } }[]).map((each) => each.function.name)
const recalling = (handle: string, offset?: number): FakeAnswer => ({
  toolCalls: [
    {
      id: `r${String(offset)}`,
      name: "perdure_recall_result",
      arguments: JSON.stringify({ handle, ...(offset === undefined ? {} : { offset }) }),
    },
  ],
})
const logOf = async ({ json }: RawAnswer): ReturnType<ResponsesServer["runs"]["events"]> =>
  server.runs.events(server.projectId, String(json["id"]).replace("resp_", "run_"), 0, 1_000)

describe("clearing", () => {
  it("takes old results out of what the model is sent, and says in the log what", async () => {
    const answer = await respond({})
    expect(answer.status).toBe(200)
    expect(
      sent()
        .filter(({ role }) => role === "tool")
        .map(({ content }) => content),
    ).toEqual(["[Old tool result content cleared]", "second"])
    expect((await logOf(answer)).find(({ type }) => type === "context.edited")?.data).toMatchObject({
      turn: 1,
      applied: [{ type: clear.type, cleared_tool_uses: 1 }],
      cleared: [{ handle: "c1", tool: "find" }],
    })
    expect(toolsSent()).toEqual([])
  })

  it("leaves what is stored whole: a later response without the wish reads all of it", async () => {
    const first = await respond({})
    await respond({ previous_response_id: first.json["id"], input: "Again?", context_management: null })
    expect(sent().find(({ role }) => role === "tool")?.content).toBe(report)
  })

  it("is done within the loop of the server's own tools", async () => {
    answers = [{ toolCalls: [{ id: "a", name: "look", arguments: "{}" }] }, { toolCalls: [{ id: "b", name: "look", arguments: "{}" }] }, {}]
    const answer = await respond({ input: "Look twice.", tools: [{ type: "mcp", server_label: "perdure" }], ...recall })
    expect(
      sent()
        .filter(({ role }) => role === "tool")
        .map(({ content }) => content.slice(0, 24)),
    ).toEqual(["[Old tool result cleared", report.slice(0, 24)])
    // The id by which the model called is the handle here too.
    const read = await send(server, "GET", `/v1/responses/${String(answer.json["id"])}/tool_results/a?limit=17`)
    expect(read.json).toMatchObject({ handle: "a", tool: "look", text: "The first report.", next_offset: 17 })
  })

  it.each([
    [{ ...clear, keep: { type: "tool_uses", value: -1 } }, "context_management[0].keep.value"],
    [{ type: "clear_it" }, "context_management[0].type"],
  ])("a wrong edit %j is refused with its place", async (edit, param) => {
    expect((await respond({ context_management: [edit] })).json["error"]).toMatchObject({ param })
  })
})

describe("recalling", () => {
  it("is offered only where something was cleared and the client wants it, and the placeholder names the handle", async () => {
    await respond(recall)
    expect(toolsSent()).toEqual(["perdure_recall_result"])
    expect(sent().find(({ role }) => role === "tool")?.content).toMatch(
      /^\[Old tool result cleared: about \d+ tokens\. perdure_recall_result with handle "c1" reads it again\]$/,
    )
    await respond({ ...recall, context_management: [{ ...clear, trigger: { type: "tool_uses", value: 9 } }] })
    expect(toolsSent()).toEqual([])
    await respond({
      ...recall,
      tools: [{ type: "function", name: "find" }],
      tool_choice: { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "find" }] },
    })
    expect(toolsSent()).toEqual(["find"])
  })

  it("gives the model the result in pages, with its label, and shows it as a call", async () => {
    answers = [recalling("c1"), recalling("c1", 8_000), { text: "Now I know." }]
    const answer = await respond(recall)
    expect(outputOf(answer).map(({ type, name }) => `${type} ${String(name)}`)).toEqual([
      "mcp_call perdure_recall_result",
      "mcp_call perdure_recall_result",
      "message undefined",
    ])
    const [first, second] = outputOf(answer).map(({ output }) => String(output))
    expect(first).toBe(`${report.slice(0, 8_000)}\n[characters 0 to 8000 of ${report.length}; go on with offset 8000]`)
    expect(second).toBe(report.slice(8_000))
    const events = await logOf(answer)
    expect(events.findLast(({ type }) => type === "response.completed")?.label).toMatchObject({
      integrity: 0,
      sources: expect.arrayContaining(["tool:client:c1"]) as string[],
    })
    expect(events.find(({ type, data }) => type === "gate.decided" && JSON.stringify(data).includes("perdure_recall_result"))).toBeDefined()
  })

  it.each(["c2", "c9", "fco_0199aabbccdd7eee8fff00001111222200001"])(
    "knows no handle of what was not cleared here (%s)",
    async (handle) => {
      answers = [recalling(handle), { text: "Then not." }]
      const [recalled] = outputOf(await respond(recall))
      expect(recalled).toMatchObject({
        status: "failed",
        error: expect.stringContaining("there is no cleared result with the handle") as string,
      })
    },
  )

  it("works with OpenAI's client, streamed", async () => {
    answers = [recalling("c1"), { text: "Now I know." }]
    const body = { model: "fake-model", input, stream: true as const, context_management: [clear], ...recall }
    const stream = await openAiClient(server).responses.create(body as never)
    const types: string[] = []
    for await (const event of stream as unknown as AsyncIterable<{ type: string }>) types.push(event.type)
    expect(types).toContain("response.mcp_call.completed")
    expect(types.at(-1)).toBe("response.completed")
  })
})

describe("over the API", () => {
  it("reads a result in pages, with how far it is trusted, also from a later response of the chain", async () => {
    const first = await respond({})
    const later = await respond({ previous_response_id: first.json["id"], input: "And?" })
    for (const { json } of [first, later]) {
      const path = `/v1/responses/${String(json["id"])}/tool_results/c1`
      const page = await send(server, "GET", path)
      expect(page.json).toEqual({
        object: "tool_result",
        handle: "c1",
        tool: "find",
        text: report.slice(0, 8_000),
        offset: 0,
        total_characters: report.length,
        next_offset: 8_000,
        level: 0,
        sources: ["tool:client:c1"],
      })
      expect((await send(server, "GET", `${path}?offset=8000`)).json).toMatchObject({ text: report.slice(8_000), next_offset: null })
    }
  })

  it("refuses another project's, another response's and an unknown handle alike", async () => {
    const first = await respond({})
    const other = await respond({ input: "Hello" })
    const { secret } = await server.identity.createKey("proj_other", "other")
    const path = `/v1/responses/${String(first.json["id"])}/tool_results`
    const foreign = await send({ url: server.url, apiKey: secret }, "GET", `${path}/c1`)
    const elsewhere = await send(server, "GET", `/v1/responses/${String(other.json["id"])}/tool_results/c1`)
    const unknown = await send(server, "GET", `${path}/nothing`)
    expect([foreign, elsewhere, unknown].map(({ status, json }) => [status, (json["error"] as { code: string }).code])).toEqual([
      [404, "not_found"],
      [404, "not_found"],
      [404, "not_found"],
    ])
    expect((await send(server, "GET", `${path}/c1?limit=0`)).status).toBe(400)
  })
})

it("nothing reached an error handler", () => {
  expect(server.errors).toEqual([])
})
