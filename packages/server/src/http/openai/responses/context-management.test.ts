// `context_management` of responses: what has grown past the threshold is compacted in the course of the turn, and goes on from its item.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { ResponseStreamEvent } from "openai/resources/responses/responses"
import type { WireEvent } from "../../../agents/index.ts"
import { startFakeProvider, type FakeAnswer, type FakeProvider, type ReceivedRequest } from "../../../testing/fake-provider.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { openAiClient, send, type RawAnswer } from "../../../testing/response-client.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"
import { connect, create, endOf } from "../../../testing/socket-turns.ts"
import { defineTool } from "../../../tools/index.ts"
import { wholeProject } from "../../../context/index.ts"

let provider: FakeProvider
let server: ResponsesServer

interface Message {
  role: string
  content: string
  tool_calls?: object[]
}

const messagesIn = ({ body }: ReceivedRequest): Message[] => (body["messages"] ?? []) as Message[]
const isSummary = (request: ReceivedRequest): boolean => messagesIn(request)[0]?.content.startsWith("You compact a conversation") === true
const summaries = (): ReceivedRequest[] => provider.requests.filter(isSummary)
/** What the model was sent last for an answer. */
const sent = (): string[] =>
  messagesIn(provider.requests.findLast((request) => !isSummary(request)) as ReceivedRequest).map((each) => `${each.role}: ${each.content}`)

let summary: FakeAnswer = { text: "They launch on Tuesday 【2】." }
let answers: FakeAnswer[] = []

const look = defineTool({
  name: "look",
  description: "Looks",
  parameters: { type: "object", properties: {} },
  effect: "read",
  run: async () => `cats ${"and dogs ".repeat(800)}`,
})

beforeAll(async () => {
  provider = await startFakeProvider((request) => (isSummary(request) ? summary : (answers.shift() ?? {})))
  server = await startResponsesServer({ providerUrl: provider.url, tools: [look] })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const user = (content: string): object => ({ role: "user", content })
const assistant = (content: string): object => ({ role: "assistant", content })
const long = "The report says much about little. ".repeat(200)
const management = [{ type: "compaction", compact_threshold: 1_000 }]
const grown = [
  { role: "developer", content: "Answer in one line." },
  user("We launch on Tuesday."),
  assistant(long),
  user("When do we launch?"),
]
interface Item extends Record<string, unknown> {
  type: string
  id: string
}
const respond = (body: object): Promise<RawAnswer> =>
  send(server, "POST", "/v1/responses", { model: "fake-model", context_management: management, ...body })
const outputOf = ({ json }: RawAnswer): Item[] => json["output"] as Item[]
const typesOf = (answer: RawAnswer): string[] => outputOf(answer).map(({ type }) => type)
const window = [
  "system: Answer in one line.",
  "user: We launch on Tuesday.",
  "user: Summary of the conversation until here, which was compacted:\n\nThey launch on Tuesday.",
  "user: When do we launch?",
]
const logOf = async (id: unknown): Promise<{ type: string; data: unknown }[]> =>
  server.runs.events(server.projectId, String(id).replace("resp_", "run_"), 0, 1_000)

describe("a context past the threshold", () => {
  it("is compacted before the model answers: what the operator and the user said stays, the rest goes on as a summary", async () => {
    const answer = await respond({ input: grown })
    expect(answer.status).toBe(200)
    expect(typesOf(answer)).toEqual(["compaction", "message"])
    expect(outputOf(answer)[0]).toEqual({
      id: expect.stringMatching(/^cmp_/) as string,
      type: "compaction",
      encrypted_content: expect.any(String) as string,
      citations: [{ mark: 2, item_id: expect.stringMatching(/^msg_/) as string }],
    })
    expect(sent()).toEqual(window)
    expect(answer.text).not.toContain("They launch on Tuesday")
    const log = await logOf(answer.json["id"])
    expect(log.find(({ type }) => type === "context.compacting")?.data).toMatchObject({ turn: 1, thresholdTokens: 1_000, items: 3 })
    // Both calls are on the bill.
    expect(log.filter(({ type }) => type === "usage.recorded")).toHaveLength(2)
  })

  it("stays as it is below the threshold, without the wish, and where nothing but words that are kept could go", async () => {
    const before = summaries().length
    expect(typesOf(await respond({ input: [user("Short.")] }))).toEqual(["message"])
    expect(typesOf(await respond({ input: grown, context_management: null }))).toEqual(["message"])
    expect(typesOf(await respond({ input: [user(long), user("And?")] }))).toEqual(["message"])
    expect(summaries()).toHaveLength(before)
  })

  it("streams the item before the answer, in OpenAI's order", async () => {
    const answer = await respond({ input: grown, stream: true })
    assertStreamInvariants(answer.events)
    expect(answer.events.slice(0, 5).map(({ type }) => type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.output_item.done",
      "response.output_item.added",
    ])
    const done = answer.events[3] as WireEvent & { item: Item }
    expect(done.item).toMatchObject({ type: "compaction", encrypted_content: expect.stringMatching(/.{40}/) as string })
  })

  it("goes on from the item: sent back whole, sent back from the item on, and by the id of the response", async () => {
    const first = await respond({ input: grown, store: false })
    const next = [...window, "assistant: Hello from the fake provider.", "user: Sure?"]
    await respond({ input: [...grown, ...outputOf(first), user("Sure?")], store: false })
    expect(sent()).toEqual(next)
    await respond({ input: [...outputOf(first), user("Sure?")], store: false })
    expect(sent()).toEqual(next)
    const stored = await respond({ input: grown })
    const chained = await respond({ previous_response_id: stored.json["id"], input: "Sure?" })
    expect(sent()).toEqual(next)
    expect(typesOf(chained)).toEqual(["message"])
    await respond({ previous_response_id: chained.json["id"], input: "Really?" })
    expect(sent()).toEqual([...next, "assistant: Hello from the fake provider.", "user: Really?"])
  })

  it("goes on from the item in a conversation, where everything that was said stays listed", async () => {
    const { id: conversation } = await server.context.conversations.create(wholeProject(server.projectId))
    await respond({ input: grown, conversation })
    await respond({ input: "Sure?", conversation })
    expect(sent()).toEqual([...window, "assistant: Hello from the fake provider.", "user: Sure?"])
  })

  it("W6 goes on from the item over WebSocket", async () => {
    using client = await connect(server)
    const first = await endOf(client, create({ store: false, input: grown, context_management: management }))
    expect(await endOf(client, create({ store: false, previous_response_id: first.id, input: "Sure?" }))).toMatchObject({
      type: "response.completed",
    })
    expect(sent()).toEqual([...window, "assistant: Hello from the fake provider.", "user: Sure?"])
  })

  it("is compacted again when it has grown again, and the second summary is made from the first", async () => {
    const first = await respond({ input: grown })
    summary = { text: "Still Tuesday." }
    const second = await respond({ previous_response_id: first.json["id"], input: [assistant(long), user("Sure?")] })
    expect(typesOf(second)).toEqual(["compaction", "message"])
    expect(messagesIn(summaries().at(-1) as ReceivedRequest)[1]?.content).toContain("They launch on Tuesday.")
    expect(sent().filter((each) => each.includes("Summary of"))).toEqual([expect.stringContaining("Still Tuesday.")])
    summary = { text: "They launch on Tuesday 【2】." }
  })

  it("keeps the label of all that it was made from", async () => {
    const first = await respond({ input: grown })
    const next = await respond({ input: [...outputOf(first), user("Sure?")], store: true })
    const run = await server.runs.get(server.projectId, String(next.json["id"]).replace("resp_", "run_"))
    expect(run?.label).toMatchObject({ integrity: 0 })
  })
})

describe("tools", () => {
  it("keeps the calls whose results the model is to answer, each with its result", async () => {
    const call = (id: string): object[] => [
      { type: "function_call", call_id: id, name: "look", arguments: "{}" },
      { type: "function_call_output", call_id: id, output: `${id} ${long}` },
    ]
    const answer = await respond({
      input: [user("Look twice."), ...call("one"), ...call("two")],
      tools: [{ type: "function", name: "look" }],
    })
    expect(typesOf(answer)).toEqual(["compaction", "message"])
    const received = messagesIn(provider.requests.at(-1) as ReceivedRequest)
    expect(received.map(({ role }) => role)).toEqual(["user", "user", "assistant", "tool"])
    expect(received.at(-1)?.content).toMatch(/^two /)
    expect(messagesIn(summaries().at(-1) as ReceivedRequest)[1]?.content).toContain("result of one: one The report")
  })

  it("compacts within the loop of a response that runs its own tools", async () => {
    const call = (id: string): FakeAnswer => ({ toolCalls: [{ id, name: "look", arguments: "{}" }] })
    answers = [call("a"), call("b"), { text: "Cats." }]
    const answer = await respond({ input: "Look twice.", tools: [{ type: "mcp", server_label: "perdure" }] })
    expect(typesOf(answer)).toEqual(["mcp_call", "mcp_call", "compaction", "message"])
    const received = messagesIn(provider.requests.at(-1) as ReceivedRequest)
    expect(received.map(({ role }) => role)).toEqual(["user", "user", "assistant", "tool"])
    const next = await respond({ previous_response_id: answer.json["id"], input: "And?" })
    expect(next.status).toBe(200)
  })
})

describe("compaction_trigger", () => {
  it("compacts what stands before it and answers nothing", async () => {
    const answer = await send(server, "POST", "/v1/responses", { model: "fake-model", input: [...grown, { type: "compaction_trigger" }] })
    expect([answer.status, typesOf(answer), answer.json["status"]]).toEqual([200, ["compaction"], "completed"])
    await send(server, "POST", "/v1/responses", { model: "fake-model", previous_response_id: answer.json["id"], input: "Go on." })
    expect(sent()).toEqual([
      "system: Answer in one line.",
      "user: We launch on Tuesday.",
      "user: When do we launch?",
      expect.stringContaining("user: Summary of"),
      "user: Go on.",
    ])
  })

  it("is refused where it is not last, or has nothing before it", async () => {
    const misplaced = await respond({ input: [{ type: "compaction_trigger" }, user("x")] })
    expect([misplaced.status, misplaced.json["error"]]).toMatchObject([400, { param: "input[0].type" }])
    expect((await respond({ input: [{ type: "compaction_trigger" }] })).status).toBe(400)
  })
})

describe("what does not work", () => {
  it("a model that writes no summary does not stop the response: it goes on with all of it, and the log says why", async () => {
    summary = { text: " " }
    const answer = await respond({ input: grown })
    summary = { text: "They launch on Tuesday 【2】." }
    expect(typesOf(answer)).toEqual(["message"])
    expect(sent()).toHaveLength(4)
    expect((await logOf(answer.json["id"])).find(({ type }) => type === "context.compaction_failed")?.data).toMatchObject({
      turn: 1,
      reason: "The model wrote no summary",
    })
  })

  it("a provider that fails while it summarises fails the response with its status", async () => {
    summary = { error: { status: 429, code: "rate_limit_exceeded" } }
    expect((await respond({ input: grown })).status).toBe(429)
    summary = { text: "They launch on Tuesday 【2】." }
  })

  it.each([
    [[{ type: "compaction", compact_threshold: 10 }], "context_management[0].compact_threshold"],
    [[{ type: "summarise" }], "context_management[0].type"],
    ["auto", "context_management"],
  ])("a wrong wish %j is refused with its place", async (wish, param) => {
    const { status, json } = await respond({ input: grown, context_management: wish })
    expect([status, json["error"]]).toMatchObject([400, { param }])
  })

  it("an item of another project, or one that was changed, is refused", async () => {
    const [item] = outputOf(await respond({ input: grown }))
    const { secret } = await server.identity.createKey("proj_other", "other")
    const foreign = await send({ url: server.url, apiKey: secret }, "POST", "/v1/responses", {
      model: "fake-model",
      input: [item, user("x")],
    })
    expect([foreign.status, foreign.json["error"]]).toMatchObject([400, { param: "input[0].encrypted_content" }])
  })
})

describe("OpenAI's client", () => {
  it("asks for compaction, streams it, and sends the items back", async () => {
    const client = openAiClient(server)
    const stream = await client.responses.create({
      model: "fake-model",
      input: grown as never[],
      context_management: [{ type: "compaction", compact_threshold: 1_000 }],
      stream: true,
      store: false,
    })
    const events: ResponseStreamEvent[] = []
    for await (const event of stream) events.push(event)
    const last = events.at(-1)
    if (last?.type !== "response.completed") throw new Error(`ended with ${last?.type}`)
    expect(last.response.output.map(({ type }) => type)).toEqual(["compaction", "message"])
    const next = await client.responses.create({
      model: "fake-model",
      input: [...(last.response.output as never[]), { role: "user", content: "Sure?" }],
      store: false,
    })
    expect(next.output_text).toBe("Hello from the fake provider.")
    expect(sent()).toEqual([...window, "assistant: Hello from the fake provider.", "user: Sure?"])
  })
})

it("nothing reached an error handler", () => {
  expect(server.errors).toEqual([])
})
