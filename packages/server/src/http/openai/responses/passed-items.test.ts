// Tools that only Responses have: passed to a deployment that speaks them, their items and events under our own places and numbers, and refused by name elsewhere.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { costOf, createPrices } from "../../../accounting/index.ts"
import { startFakeProvider, type FakeAnswer, type FakeProvider } from "../../../testing/fake-provider.ts"
import { testDeployment, testModel } from "../../../testing/gateway.ts"
import { send, type RawAnswer } from "../../../testing/response-client.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"

const prices = createPrices({ configured: new Map() })
let provider: FakeProvider
let other: FakeProvider
let server: ResponsesServer

beforeAll(async () => {
  provider = await startFakeProvider()
  other = await startFakeProvider()
  const responses = testDeployment(provider.url, { id: "fake/responses", dialect: "openai-responses", upstreamModel: "gpt-5", priority: 1 })
  const plain = testDeployment(other.url, { id: "fake/plain", provider: "vllm", upstreamModel: "qwen" })
  server = await startResponsesServer({
    costOf: ({ deployment, usage }) => ({ ...costOf(usage, prices.priceOf(deployment)), priceList: null }),
    models: [
      testModel("gpt-5", responses),
      testModel("plain", plain),
      testModel("either", plain, responses),
      testModel("by-name", testDeployment(provider.url, { id: "fake/by-name", upstreamModel: "gpt-4.1" })),
    ],
  })
})
beforeEach(() => {
  provider.requests.length = 0
  other.requests.length = 0
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
})

const ask = (body: object): Promise<RawAnswer> => send(server, "POST", "/v1/responses", { model: "gpt-5", input: "Hello", ...body })
const outputOf = ({ json }: RawAnswer): Record<string, unknown>[] => json["output"] as Record<string, unknown>[]
const logOf = async ({ json }: RawAnswer): ReturnType<ResponsesServer["runs"]["events"]> =>
  server.runs.events(server.projectId, (json["id"] as string).replace("resp_", "run_"), 0, 1_000)

const webSearch = { type: "web_search", external_web_access: false }
const search = { id: "ws_up", type: "web_search_call", status: "completed", action: { type: "search", query: "otters" } }
const citation = { type: "url_citation", url: "https://otters.example/", title: "Otters", start_index: 0, end_index: 6 }
const searched: FakeAnswer = {
  items: [
    {
      item: search,
      begun: { id: "ws_up", type: "web_search_call", status: "in_progress" },
      events: [
        { type: "response.web_search_call.in_progress" },
        { type: "response.web_search_call.searching" },
        { type: "response.web_search_call.completed" },
      ],
    },
  ],
  text: "Otters swim.",
  annotations: [citation],
}

describe("a tool that its provider runs", () => {
  it("R10 is passed as it is, and its item, events and annotations come under our own ids and numbers", async () => {
    provider.next(searched)
    const { events } = await ask({ tools: [webSearch], stream: true, include: ["web_search_call.action.sources"], max_tool_calls: 3 })
    assertStreamInvariants(events)
    expect(provider.last?.body).toMatchObject({
      tools: [webSearch],
      tool_choice: "auto",
      include: expect.arrayContaining(["web_search_call.action.sources"]) as unknown,
      max_tool_calls: 3,
    })
    const of = events.filter(({ type }) => type.startsWith("response.web_search_call."))
    expect(of.map(({ type }) => type.split(".").at(-1))).toEqual(["in_progress", "searching", "completed"])
    const item = (events.at(-1)?.["response"] as { output: { id: string }[] } | undefined)?.output[0]
    expect(item).toEqual({ ...search, id: expect.stringMatching(/^ws_[0-9a-f]{32}/) as string })
    expect(of.every((event) => event["item_id"] === item?.id && event["output_index"] === 0)).toBe(true)
    expect(events.find(({ type }) => type === "response.output_text.annotation.added")).toMatchObject({
      annotation: citation,
      annotation_index: 0,
      output_index: 1,
    })
  })

  it("makes what follows untrusted, and is paid beside the tokens", async () => {
    provider.next(searched)
    const answer = await ask({ tools: [webSearch] })
    expect(outputOf(answer)).toMatchObject([{ type: "web_search_call" }, { content: [{ text: "Otters swim.", annotations: [citation] }] }])
    expect(answer.headers["x-perdure-cost-micro-usd"]).toBe("10065")
    const log = await logOf(answer)
    expect(log.find(({ type }) => type === "usage.recorded")?.data).toMatchObject({
      costMicroUsd: 12 * 1.25 + 5 * 10 + 10_000,
      costKnown: true,
      hostedCalls: { web_search_call: 1 },
    })
    const done = log.findLast(({ type }) => type === "response.output_item.done")
    expect(done?.label).toMatchObject({ integrity: 0, sources: expect.arrayContaining(["tool:web_search_call@fake/responses"]) as unknown })
  })

  it("stands in what comes later, whether the server keeps it or the client does", async () => {
    provider.next(searched, { text: "Yes." }, { text: "Yes." })
    const first = await ask({ tools: [webSearch] })
    await ask({ tools: [webSearch], input: "Sure?", previous_response_id: first.json["id"] })
    expect(provider.last?.body["input"]).toMatchObject([
      { role: "user" },
      { ...search, id: expect.stringMatching(/^ws_/) as string },
      { role: "assistant" },
      { role: "user" },
    ])
    const { id: _, ...withoutId } = search
    await ask({ store: false, input: [{ role: "user", content: "x" }, withoutId, { role: "user", content: "y" }] })
    expect(provider.last?.body["input"]).toEqual([{ role: "user", content: "x" }, withoutId, { role: "user", content: "y" }])
  })

  it("may be chosen, and is left out where allowed_tools do not list it", async () => {
    provider.next(searched, { text: "No." })
    await ask({ tools: [webSearch], tool_choice: { type: "web_search" } })
    expect(provider.last?.body["tool_choice"]).toEqual({ type: "web_search" })
    const f = { type: "function", name: "f", parameters: {}, strict: null }
    await ask({ tools: [webSearch, f], tool_choice: { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "f" }] } })
    expect(provider.last?.body["tools"]).toMatchObject([{ type: "function" }])
  })

  it("goes to the deployment that speaks Responses, past one that does not", async () => {
    provider.next(searched)
    const answer = await ask({ model: "either", tools: [webSearch] })
    expect([answer.status, answer.headers["x-perdure-route"], other.requests.length]).toEqual([200, "fake/responses", 0])
  })

  it("is asked by Responses of OpenAI's models that are else called by chat completions", async () => {
    provider.next(searched)
    await ask({ model: "by-name", tools: [webSearch] })
    expect(provider.last?.path).toBe("/v1/responses")
  })

  it("keeps pieces of code and of pictures in their order", async () => {
    const code = { id: "ci_1", type: "code_interpreter_call", status: "completed", container_id: "cntr_1", code: "1+1", outputs: [] }
    const drawn = { id: "ig_1", type: "image_generation_call", status: "completed", result: "iVBORw==" }
    provider.next({
      items: [
        {
          item: code,
          events: [
            { type: "response.code_interpreter_call_code.delta", delta: "1+" },
            { type: "response.code_interpreter_call_code.delta", delta: "1" },
            { type: "response.code_interpreter_call_code.done", code: "1+1" },
          ],
        },
        {
          item: drawn,
          events: [{ type: "response.image_generation_call.partial_image", partial_image_index: 0, partial_image_b64: "iVBO" }],
        },
      ],
      text: "Two.",
    })
    const { events } = await ask({
      tools: [{ type: "code_interpreter", container: { type: "auto" } }, { type: "image_generation" }],
      stream: true,
    })
    assertStreamInvariants(events)
    expect(events.filter(({ type }) => type.endsWith("_code.delta")).map((event) => event["delta"])).toEqual(["1+", "1"])
    expect(events.find(({ type }) => type.endsWith("partial_image"))).toMatchObject({ partial_image_b64: "iVBO", output_index: 1 })
    expect(events.at(-1)?.["response"]).toMatchObject({ output: [{ code: "1+1", container_id: "cntr_1" }, { result: "iVBORw==" }, {}] })
  })

  it("gives its provider the credentials of an MCP server, and shows and stores them nowhere", async () => {
    provider.next({ text: "ok" })
    const mcp = {
      type: "mcp",
      server_label: "wiki",
      server_url: "https://mcp.example/",
      require_approval: "never",
      authorization: "tok-secret",
      headers: { "x-key": "hdr-secret" },
    }
    const answer = await ask({ tools: [mcp] })
    expect(provider.last?.body["tools"]).toEqual([mcp])
    expect(answer.text).not.toContain("secret")
    expect(answer.json["tools"]).toEqual([
      { type: "mcp", server_label: "wiki", server_url: "https://mcp.example/", require_approval: "never" },
    ])
    const run = await server.runs.get(server.projectId, (answer.json["id"] as string).replace("resp_", "run_"))
    expect(JSON.stringify(run)).not.toContain("-secret")
  })
})

describe("a tool that its client runs by its own words", () => {
  const shell = { type: "local_shell" }
  const call = {
    id: "lsh_1",
    type: "local_shell_call",
    status: "completed",
    call_id: "call_1",
    action: { type: "exec", command: ["ls"], env: {} },
  }
  const output = { type: "local_shell_call_output", call_id: "call_1", output: '{"stdout":"a.txt"}' }

  it("is called, ends the turn, and gets its output in the next", async () => {
    provider.next({ items: [{ item: call }] }, { text: "One file." })
    const first = await ask({ tools: [shell] })
    expect(outputOf(first)).toEqual([{ ...call, id: expect.stringMatching(/^lsh_/) as string }])
    const second = await ask({ tools: [shell], input: [output], previous_response_id: first.json["id"] })
    expect(second.status).toBe(200)
    expect(provider.last?.body["input"]).toMatchObject([{ role: "user" }, { type: "local_shell_call", call_id: "call_1" }, output])
    const listed = await send(server, "GET", `/v1/responses/${String(second.json["id"])}/input_items`)
    expect(listed.json["data"]).toMatchObject([output])
  })

  it("of an MCP server has its arguments and its output", async () => {
    const item = { id: "mcp_1", type: "mcp_call", server_label: "wiki", name: "look", arguments: '{"a":1}', output: "found", error: null }
    const deltas = [
      { type: "response.mcp_call_arguments.delta", delta: '{"a":1}' },
      { type: "response.mcp_call_arguments.done", arguments: '{"a":1}' },
    ]
    provider.next({ items: [{ item, begun: { ...item, arguments: "", output: null }, events: deltas }], text: "Found." }, { text: "ok" })
    const mcp = { type: "mcp", server_label: "wiki", server_url: "https://mcp.example/", require_approval: "never" }
    const first = await ask({ tools: [mcp] })
    expect(outputOf(first)[0]).toEqual({ ...item, id: expect.stringMatching(/^mcp_/) as string })
    await ask({ tools: [mcp], input: "Again", previous_response_id: first.json["id"] })
    expect(provider.last?.body["input"]).toMatchObject([{}, { type: "mcp_call", arguments: '{"a":1}', output: "found" }, {}, {}])
  })

  it("keeps the namespace of a function, which its client takes apart", async () => {
    const item = {
      id: "fc_1",
      type: "function_call",
      status: "completed",
      call_id: "call_1",
      name: "close",
      namespace: "agents",
      arguments: '{"a":1}',
    }
    const tool = { type: "namespace", name: "agents", description: "", tools: [{ type: "function", name: "close", parameters: {} }] }
    provider.next(
      { items: [{ item, events: [{ type: "response.function_call_arguments.delta", delta: '{"a":1}' }] }] },
      { text: "Closed." },
    )
    const first = await ask({ tools: [tool] })
    expect(outputOf(first)).toMatchObject([{ name: "close", namespace: "agents", arguments: '{"a":1}' }])
    await ask({
      tools: [tool],
      input: [{ type: "function_call_output", call_id: "call_1", output: "ok" }],
      previous_response_id: first.json["id"],
    })
    expect(provider.last?.body["input"]).toMatchObject([{}, { name: "close", namespace: "agents" }, { type: "function_call_output" }])
  })
})

describe("where no deployment speaks Responses", () => {
  it.each(["web_search", "code_interpreter", "image_generation", "computer_use_preview", "local_shell", "shell", "apply_patch"])(
    "a tool of type %s is refused by name, before anything is stored or sent",
    async (type) => {
      const { status, json } = await ask({ model: "plain", tools: [{ type }] })
      expect([status, json["error"]]).toMatchObject([
        400,
        { code: "unsupported_value", param: "tools[0].type", message: expect.stringContaining(`"${type}"`) as string },
      ])
      expect(other.requests.length).toBe(0)
    },
  )

  it("what hosted tools found is left out, as the answer tells it; calls that wait for their client are refused", async () => {
    other.next({ text: "ok" })
    const answer = await ask({ model: "plain", input: [{ role: "user", content: "x" }, search, { role: "user", content: "y" }] })
    expect(answer.status).toBe(200)
    expect(other.last?.text).not.toContain("otters")
    const { status, json } = await ask({ model: "plain", input: [{ type: "computer_call_output", call_id: "c", output: {} }] })
    expect([status, json["error"]]).toMatchObject([
      400,
      { param: "input[0].type", message: expect.stringContaining("computer_call_output") as string },
    ])
  })
})
