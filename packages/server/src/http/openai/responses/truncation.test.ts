// `truncation` of responses: what does not fit the model's window is refused as OpenAI does, or the oldest of it is left out and the log says what.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeAnswer, type FakeProvider } from "../../../testing/fake-provider.ts"
import { testDeployment, testModel } from "../../../testing/gateway.ts"
import { openAiClient, send, type RawAnswer } from "../../../testing/response-client.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"
import { defineTool } from "../../../tools/index.ts"

let provider: FakeProvider
let server: ResponsesServer
let answers: FakeAnswer[] = []

const windowTokens = 2_000
const look = defineTool({
  name: "look",
  description: "Looks",
  parameters: { type: "object", properties: {} },
  effect: "read",
  run: async () => "cats and dogs ".repeat(250),
})

beforeAll(async () => {
  provider = await startFakeProvider(() => answers.shift() ?? {})
  const of = (name: string, contextTokensMax: number | null): ReturnType<typeof testModel> =>
    testModel(name, testDeployment(provider.url, { id: `fake/${name}`, upstreamModel: name, contextTokensMax }))
  server = await startResponsesServer({ providerUrl: provider.url, tools: [look], models: [of("small", windowTokens)] })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const user = (content: string): object => ({ role: "user", content })
const call = (id: string, output: string): object[] => [
  { type: "function_call", call_id: id, name: "find", arguments: "{}" },
  { type: "function_call_output", call_id: id, output },
]
const words = (name: string): string => `${name} ${"words and words ".repeat(150)}`
const respond = (body: object): Promise<RawAnswer> => send(server, "POST", "/v1/responses", { model: "small", ...body })
const sent = (): { role: string; content: string }[] => (provider.last?.body["messages"] ?? []) as { role: string; content: string }[]
const firstWords = (): string[] => sent().map(({ role, content }) => `${role} ${content.split(" ")[0] ?? ""}`)
const truncatedOf = async ({ json }: RawAnswer): Promise<Record<string, unknown> | undefined> => {
  const events = await server.runs.events(server.projectId, String(json["id"]).replace("resp_", "run_"), 0, 1_000)
  return events.find(({ type }) => type === "context.truncated")?.data as Record<string, unknown> | undefined
}
const long = [
  { role: "developer", content: "Be brief." },
  user(words("one")),
  ...call("c1", words("two")),
  user(words("three")),
  user(words("four")),
  { role: "assistant", content: words("five") },
  user("last"),
]

describe("disabled, which is the default", () => {
  it.each([undefined, "disabled"])("R18 refuses what does not fit with OpenAI's error, and asks no provider (%s)", async (truncation) => {
    const before = provider.requests.length
    for (const stream of [false, true]) {
      const { status, json } = await respond({ input: long, truncation, stream })
      expect([status, json["error"]]).toMatchObject([
        400,
        {
          code: "context_length_exceeded",
          type: "invalid_request_error",
          param: "input",
          message: expect.stringMatching(/^Your input exceeds the context window of this model/) as string,
        },
      ])
    }
    expect(provider.requests).toHaveLength(before)
  })

  it("sends on what fits, and whatever the length where the window is not known", async () => {
    expect((await respond({ input: long.slice(0, 2) })).status).toBe(200)
    expect((await respond({ input: long, model: "fake-model" })).status).toBe(200)
    expect(sent()).toHaveLength(8)
  })
})

describe("auto", () => {
  it("leaves out the oldest, a call with its result, and never what the operator says or what is asked", async () => {
    const answer = await respond({ input: long, truncation: "auto" })
    expect([answer.status, answer.json["truncation"]]).toEqual([200, "auto"])
    expect(firstWords()).toEqual(["system Be", "user three", "user four", "assistant five", "user last"])
    expect(await truncatedOf(answer)).toMatchObject({
      turn: 1,
      windowTokens,
      tokens: expect.any(Number) as number,
      dropped: [{ type: "message" }, { type: "function_call" }, { type: "function_call_output" }],
    })
    // The response holds what was sent all the same.
    const items = await send(server, "GET", `/v1/responses/${String(answer.json["id"])}/input_items?limit=100`)
    expect(items.json["data"]).toHaveLength(long.length)
  })

  it("leaves room for the answer, and nothing out where all of it fits", async () => {
    await respond({ input: long, truncation: "auto", max_output_tokens: 900 })
    expect(firstWords()).toEqual(["system Be", "assistant five", "user last"])
    const fits = await respond({ input: long.slice(0, 2), truncation: "auto" })
    expect(await truncatedOf(fits)).toBeUndefined()
  })

  it("leaves out what a loop of the server's own tools has read", async () => {
    const again = (id: string): FakeAnswer => ({ toolCalls: [{ id, name: "look", arguments: "{}" }] })
    answers = [again("a"), again("b"), again("c"), { text: "Cats." }]
    const answer = await respond({ input: "Look thrice.", truncation: "auto", tools: [{ type: "mcp", server_label: "perdure" }] })
    expect(answer.status).toBe(200)
    expect(sent().filter(({ role }) => role === "tool").length).toBeLessThan(3)
    expect(
      sent()
        .map(({ role }) => role)
        .slice(-2),
    ).toEqual(["assistant", "tool"])
  })

  it("refuses what is too long by itself", async () => {
    const { status, json } = await respond({ input: [user(words("x").repeat(5))], truncation: "auto" })
    expect([status, json["error"]]).toMatchObject([
      400,
      { code: "context_length_exceeded", message: expect.stringContaining("cannot be left out") as string },
    ])
  })

  it("works with OpenAI's client, and for a chain that has grown", async () => {
    const client = openAiClient(server)
    const first = await client.responses.create({ model: "fake-model", input: long as never[] })
    const next = await client.responses.create({ model: "small", previous_response_id: first.id, input: "And?", truncation: "auto" })
    expect(next.output_text).toBe("Hello from the fake provider.")
    expect(firstWords().at(-1)).toBe("user And?")
    const refused = client.responses.create({ model: "small", previous_response_id: first.id, input: "And?" })
    await expect(refused).rejects.toMatchObject({ status: 400, code: "context_length_exceeded" })
  })
})

it("nothing reached an error handler", () => {
  expect(server.errors).toEqual([])
})
