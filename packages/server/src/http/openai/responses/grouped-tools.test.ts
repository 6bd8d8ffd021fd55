// Tools that Responses group, search and add later, on models that are asked in another dialect: functions there, and what their client declared on the way back.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { testDeployment, testModel } from "../../../testing/gateway.ts"
import { loadOpenAiSchema, openAiSchemaMissing } from "../../../testing/openai-schema.ts"
import { send, type RawAnswer } from "../../../testing/response-client.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"

let provider: FakeProvider
let server: ResponsesServer

beforeAll(async () => {
  provider = await startFakeProvider()
  const claude = { upstreamModel: "claude-sonnet-4-5", dialect: "anthropic-messages", provider: "anthropic" } as const
  const gemini = { upstreamModel: "gemini-3-pro", dialect: "gemini", provider: "google" } as const
  server = await startResponsesServer({
    models: [
      testModel("chat", testDeployment(provider.url, { id: "fake/chat", provider: "deepseek", upstreamModel: "deepseek-chat" })),
      testModel("claude", testDeployment(provider.url, { id: "fake/claude", ...claude })),
      testModel("gemini", testDeployment(provider.url, { id: "fake/gemini", ...gemini })),
    ],
  })
})
beforeEach(() => {
  provider.requests.length = 0
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const ask = async (body: object): Promise<RawAnswer> => {
  const answer = await send(server, "POST", "/v1/responses", { model: "chat", input: "Hello", ...body })
  if (answer.events.length > 0) assertStreamInvariants(answer.events)
  return answer
}
const outputOf = ({ json, events }: RawAnswer): Record<string, unknown>[] =>
  ((events.at(-1)?.["response"] as Record<string, unknown> | undefined) ?? json)["output"] as Record<string, unknown>[]

const parameters = { type: "object", properties: { target: { type: "string" } }, required: ["target"], additionalProperties: false }
const close = { type: "function", name: "close", description: "Ends an agent", strict: false, parameters }
const agents = { type: "namespace", name: "agents", description: "Other agents", tools: [close, { ...close, name: "wait" }] }
const shell = { type: "function", name: "shell", description: "Runs", parameters: { type: "object", properties: {} } }
const closeCall = { id: "call_1", name: "agents__close", arguments: ['{"target"', ':"a"}'] }

interface Sent {
  tools?: {
    name?: string
    description?: string
    function?: { name: string; description: string }
    functionDeclarations?: { name: string }[]
  }[]
  messages?: { role: string; tool_calls?: unknown; content?: unknown }[]
  contents?: { role: string; parts: unknown[] }[]
  tool_choice?: unknown
}
const sent = (): Sent => provider.last?.body as Sent
const namesSent = (): string[] =>
  (sent().tools ?? []).flatMap((tool) => tool.functionDeclarations?.map(({ name }) => name) ?? [tool.function?.name ?? tool.name ?? ""])

describe.each(["chat", "claude", "gemini"])("a namespace of functions on %s", (model) => {
  it("is offered as functions, and a call comes back with its namespace, whole and in a stream", async () => {
    for (const stream of [false, true]) {
      provider.next({ toolCalls: [closeCall] })
      const answer = await ask({ model, stream, tools: [shell, agents] })
      expect(answer.status, answer.text).toBe(200)
      expect(namesSent()).toEqual(["shell", "agents__close", "agents__wait"])
      expect(outputOf(answer).at(-1)).toMatchObject({
        type: "function_call",
        status: "completed",
        name: "close",
        namespace: "agents",
        arguments: '{"target":"a"}',
      })
    }
  })

  it("goes on from a stored response, and from items that its client kept", async () => {
    provider.next({ toolCalls: [closeCall] })
    const first = await ask({ model, tools: [agents] })
    const called = outputOf(first).at(-1)
    const output = { type: "function_call_output", call_id: called?.["call_id"], output: "ended" }
    const kept = { input: [{ role: "user", content: "Hello" }, { ...called, id: undefined }, output], store: false }
    for (const body of [{ previous_response_id: first.json["id"], input: [output] }, kept]) {
      provider.next({ text: "Ended." })
      expect((await ask({ model, tools: [agents], ...body })).status).toBe(200)
      expect(JSON.stringify(sent().messages ?? sent().contents)).toContain('"agents__close"')
      expect(JSON.stringify(sent().messages ?? sent().contents)).toContain("ended")
    }
  })
})

describe("names of grouped tools", () => {
  const member = (namespace: string, name: string): object => ({ ...agents, name: namespace, tools: [{ ...close, name }] })

  it("say with the first function what the group is for, and are their own in the default group", async () => {
    await ask({ tools: [agents, { ...agents, name: "functions", description: "", tools: [shell] }] })
    expect(sent().tools?.map((tool) => [tool.function?.name, tool.function?.description])).toEqual([
      ["agents__close", 'Ends an agent\n\nAll tools of "agents": Other agents'],
      ["agents__wait", "Ends an agent"],
      ["shell", "Runs"],
    ])
  })

  it("have characters and a length that every provider takes, and never meet", async () => {
    const long = "l".repeat(60)
    const tools = [
      member("a.b c", "x"),
      member("a_b_c", "x"),
      member("9", "x"),
      member(long, long),
      { ...shell, name: "one__two" },
      member("one", "two"),
    ]
    await ask({ tools })
    const names = namesSent()
    expect(new Set(names).size).toBe(tools.length)
    for (const name of names) expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/)
    expect(names).toContain("one__two")
    for (const [index, namespace] of ["a.b c", "a_b_c", "9", long].entries()) {
      provider.next({ toolCalls: [{ id: "call_1", name: names[index] ?? "", arguments: '{"target":"a"}' }] })
      expect(outputOf(await ask({ tools }))).toMatchObject([{ namespace, name: index === 3 ? long : "x" }])
    }
    provider.next({ toolCalls: [{ id: "call_1", name: "one__two", arguments: "{}" }] })
    expect(outputOf(await ask({ tools }))[0]).not.toHaveProperty("namespace")
  })

  it("a custom tool of a group takes its free text", async () => {
    const edit = { type: "custom", name: "edit", description: "Edits", format: { type: "text" } }
    provider.next({ toolCalls: [{ id: "call_1", name: "files__edit", arguments: '{"input":"a\\nb"}' }] })
    const answer = await ask({ stream: true, tools: [{ ...agents, name: "files", tools: [edit] }] })
    expect(outputOf(answer)).toMatchObject([{ type: "custom_tool_call", name: "edit", namespace: "files", input: "a\nb" }])
  })

  it("stand for what tool_choice names and what it allows", async () => {
    provider.next({ toolCalls: [{ ...closeCall, name: "agents__wait" }] })
    const named = await ask({ tools: [shell, agents], tool_choice: { type: "function", name: "wait", namespace: "agents" } })
    expect(named.status, named.text).toBe(200)
    expect(sent().tool_choice).toEqual({ type: "function", function: { name: "agents__wait" } })
    const allow = (tool: object): object => ({ type: "allowed_tools", mode: "auto", tools: [tool] })
    await ask({ tools: [shell, agents], tool_choice: allow({ type: "namespace", name: "agents" }) })
    expect(namesSent()).toEqual(["agents__close", "agents__wait"])
    await ask({ tools: [shell, agents], tool_choice: allow({ type: "function", name: "wait" }) })
    expect(namesSent()).toEqual(["agents__wait"])
  })

  it("a group without tools, or with a name that is none, is refused by its place", async () => {
    const empty = await ask({ tools: [{ type: "namespace", name: "agents" }] })
    expect([empty.status, empty.json["error"]]).toMatchObject([400, { param: "tools[0].tools" }])
    const bad = await ask({ tools: [{ ...agents, tools: [{ ...close, name: "a b" }] }] })
    expect([bad.status, bad.json["error"]]).toMatchObject([400, { param: "tools[0].tools[0].name" }])
  })
})

describe("a search for tools that the client makes", () => {
  const search = {
    type: "tool_search",
    execution: "client",
    description: "Finds tools",
    parameters: { type: "object", properties: { query: { type: "string" } }, required: ["query"] },
  }
  const found = { ...agents, tools: [{ ...close, defer_loading: true }] }

  it("is a function; its call is a tool_search_call, and what it found may be called from then on", async () => {
    provider.next({ toolCalls: [{ id: "call_1", name: "tool_search", arguments: ['{"query":', '"agents"}'] }] })
    const first = await ask({ stream: true, tools: [shell, search] })
    expect(namesSent()).toEqual(["shell", "tool_search"])
    const [call] = outputOf(first)
    expect(call).toEqual({
      id: expect.stringMatching(/^tsc_/) as string,
      type: "tool_search_call",
      status: "completed",
      execution: "client",
      call_id: "call_1",
      arguments: { query: "agents" },
    })
    const output = { type: "tool_search_output", call_id: "call_1", status: "completed", execution: "client", tools: [found] }
    provider.next({ toolCalls: [closeCall] })
    const second = await ask({ tools: [shell, search], input: [{ role: "user", content: "Hello" }, call, output], store: false })
    expect(second.status, second.text).toBe(200)
    expect(namesSent()).toEqual(["shell", "tool_search", "agents__close"])
    expect(sent().messages?.slice(-2)).toMatchObject([
      { role: "assistant", tool_calls: [{ function: { name: "tool_search", arguments: '{"query":"agents"}' } }] },
      { role: "tool", content: "These tools can be called from now on:\n- agents__close: Ends an agent" },
    ])
    expect(outputOf(second)).toMatchObject([{ name: "close", namespace: "agents" }])
  })

  it("that found nothing says so, and a call without an output is refused", async () => {
    const call = { type: "tool_search_call", call_id: "call_1", execution: "client", arguments: { query: "x" } }
    const output = { type: "tool_search_output", call_id: "call_1", execution: "client", tools: [] }
    const input = [{ role: "user", content: "Hello" }, call]
    await ask({ model: "claude", tools: [search], input: [...input, output] })
    expect(JSON.stringify(sent().messages)).toContain("No tools were found.")
    const open = await ask({ model: "claude", tools: [search], input })
    expect([open.status, open.json["error"]]).toMatchObject([400, { message: expect.stringContaining("tool_search_output") as string }])
  })

  it("of the provider is left out: what it would have found is offered at once", async () => {
    const deferred = { ...agents, tools: [{ ...close, defer_loading: true }] }
    const answer = await ask({ tools: [deferred, { type: "tool_search" }] })
    expect(answer.status, answer.text).toBe(200)
    expect(namesSent()).toEqual(["agents__close"])
    expect(provider.last?.text).not.toContain("defer_loading")
  })
})

describe("tools that an item of the input adds", () => {
  it("are offered, and called in their groups", async () => {
    const exec = { type: "custom", name: "exec", description: "Runs a script" }
    const added = { type: "additional_tools", role: "developer", tools: [{ ...agents, name: "functions", tools: [exec] }, agents] }
    const input = [added, { role: "developer", content: "Be brief." }, { role: "user", content: "Hello" }]
    provider.next({ toolCalls: [{ id: "call_1", name: "exec", arguments: '{"input":"ls()"}' }] })
    const answer = await ask({ model: "claude", input, store: false })
    expect(answer.status, answer.text).toBe(200)
    expect(namesSent()).toEqual(["exec", "agents__close", "agents__wait"])
    expect(provider.last?.text).not.toContain("additional_tools")
    expect(outputOf(answer)).toMatchObject([{ type: "custom_tool_call", name: "exec", namespace: "functions", input: "ls()" }])
  })

  it("are offered after the conversation was compacted, by request and in the course of a response", async () => {
    const added = { type: "additional_tools", role: "developer", tools: [agents] }
    const said = [
      { role: "user", content: "Ask the others. ".repeat(400) },
      { role: "assistant", content: "They agree." },
      { role: "user", content: "Go on" },
    ]
    provider.next({ text: "All agree." })
    const compacted = await send(server, "POST", "/v1/responses/compact", { model: "chat", input: [added, ...said] })
    const output = compacted.json["output"] as { type: string }[]
    expect(output.map(({ type }) => type)).toEqual(["additional_tools", "message", "message", "compaction"])
    await ask({ input: [...output, { role: "user", content: "And now?" }] })
    expect(namesSent()).toEqual(["agents__close", "agents__wait"])
    provider.next({ text: "All agree." }, { text: "Done." })
    const context_management = [{ type: "compaction", compact_threshold: 1_000 }]
    const first = await ask({ input: [added, ...said], context_management })
    expect(first.status, first.text).toBe(200)
    expect(outputOf(first)).toMatchObject([{ type: "compaction" }, { type: "message" }])
    await ask({ previous_response_id: first.json["id"], input: "And now?" })
    expect(namesSent()).toEqual(["agents__close", "agents__wait"])
  })

  it("are refused by their place where they are no tools", async () => {
    const input = [{ type: "additional_tools", role: "developer", tools: [{ type: "function" }] }]
    const { status, json } = await ask({ input })
    expect([status, json["error"]]).toMatchObject([400, { param: "input[0].tools[0].name" }])
  })
})

describe("what one agent tells another", () => {
  const told = (sealed: string): object => ({
    type: "agent_message",
    author: "/root",
    recipient: "/root/helper",
    content: [
      { type: "input_text", text: "Payload:" },
      { type: "encrypted_content", encrypted_content: sealed },
    ],
  })

  it.each(["chat", "claude", "gemini"])("is told to %s as its user's words", async (model) => {
    const answer = await ask({ model, input: [{ role: "user", content: "Hello" }, told("Say hi"), told(`gAAAAAB${"x".repeat(40)}`)] })
    expect(answer.status, answer.text).toBe(200)
    const words = JSON.stringify(sent().messages ?? sent().contents)
    expect(words).toContain("Say hi")
    expect(words).toContain("[sealed by another provider]")
    expect(words).not.toContain("gAAAA")
  })
})

describe("the web search of OpenAI's servers, on a model that has none", () => {
  const search = { type: "web_search", external_web_access: true }

  it("is left out beside tools of the client, as agents offer it to every model", async () => {
    const answer = await ask({ tools: [shell, search] })
    expect(answer.status, answer.text).toBe(200)
    expect(namesSent()).toEqual(["shell"])
  })

  it("is refused where it is all that is offered, and where it is asked for by name", async () => {
    const alone = await ask({ tools: [search] })
    expect([alone.status, alone.json["error"]]).toMatchObject([400, { code: "unsupported_value", param: "tools[0].type" }])
    const named = await ask({ tools: [shell, search], tool_choice: { type: "web_search" } })
    expect([named.status, named.json["error"]]).toMatchObject([400, { code: "unsupported_value", param: "tools[1].type" }])
    expect(provider.requests).toHaveLength(0)
  })
})

describe.skipIf(openAiSchemaMissing)(`events of calls that were put into functions ${openAiSchemaMissing ?? ""}`, () => {
  const schema = openAiSchemaMissing === undefined ? loadOpenAiSchema() : undefined

  it("are as OpenAI describes them", async () => {
    const search = { type: "tool_search", execution: "client", description: "Finds tools", parameters }
    provider.next({ reasoning: "Hm.", toolCalls: [closeCall, { id: "call_2", name: "tool_search", arguments: '{"target":"b"}' }] })
    const { events } = await ask({ stream: true, tools: [agents, search], reasoning: { summary: "auto" } })
    const [call, searched] = events.filter(({ type }) => type === "response.output_item.done").slice(-2)
    expect([call?.["item"], searched?.["item"]]).toMatchObject([{ namespace: "agents" }, { type: "tool_search_call" }])
    // Of a response under way ours says null where the description has no word for it.
    const described = events.filter(({ type }) => !/^response\.(?:created|in_progress)$/.test(type))
    expect(described.flatMap((event) => schema?.eventProblems(event) ?? [])).toEqual([])
  })
})
