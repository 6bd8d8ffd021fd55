// Where the turns of a response are served, and how they get past failing deployments: what the request says, retries, fallbacks, hedging, and what is told of it.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { testDeployment, testModel } from "../../../testing/gateway.ts"
import { send, type RawAnswer } from "../../../testing/response-client.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"
import { openSocket } from "../../../testing/socket-client.ts"
import { connect, create, endOf, responsesPath } from "../../../testing/socket-turns.ts"

let first: FakeProvider
let second: FakeProvider
let server: ResponsesServer

beforeAll(async () => {
  first = await startFakeProvider()
  second = await startFakeProvider()
  const one = testDeployment(first.url, { id: "fake/one", region: "eu" })
  const two = testDeployment(second.url, { id: "fake/two", priority: 1, region: "us" })
  server = await startResponsesServer({
    providerUrl: first.url,
    models: [
      testModel("pair", one, two),
      { ...testModel("hedged", one, two), hedgeAfterMs: 200 },
      { ...testModel("careful", one), fallbacks: ["other"] },
      testModel("other", two),
    ],
    limits: { sameDeploymentRetriesMax: 1, retryBackoffMs: 10, firstTokenTimeoutMs: 1_000, retryBudgetBurst: 1_000 },
  })
})
beforeEach(() => {
  first.always({ text: "one" }).requests.length = 0
  second.always({ text: "two" }).requests.length = 0
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
  await second[Symbol.asyncDispose]()
})

const ask = (body: object = {}, headers: Record<string, string> = {}): Promise<RawAnswer> =>
  send(server, "POST", "/v1/responses", { model: "pair", input: "Hello", ...body }, headers)
const textOf = ({ json }: Pick<RawAnswer, "json">): unknown =>
  (json["output"] as { content: { text: string }[] }[] | undefined)?.[0]?.content[0]?.text

describe("what a response's request says about routing", () => {
  it.each([
    [{ order: ["fake/two"] }, "two"],
    [{ only: ["fake/two"] }, "two"],
    [{ ignore: ["fake/one"] }, "two"],
    [{ region: "us" }, "two"],
    [{}, "one"],
  ])("%j is followed, in the body and in the header", async (routing, text) => {
    for (const answer of [await ask({ perdure: routing }), await ask({}, { "x-perdure-routing": JSON.stringify(routing) })]) {
      expect([answer.status, textOf(answer)]).toEqual([200, text])
      expect(answer.headers["x-perdure-route"]).toBe(`fake/${text}`)
    }
  })

  it("the body's word goes before the header's", async () => {
    const answer = await ask({ perdure: { order: ["fake/one"] } }, { "x-perdure-routing": '{"order":["fake/two"]}' })
    expect(textOf(answer)).toBe("one")
  })

  it("is never sent on, nor shown in the response", async () => {
    const { text } = await ask({ perdure: { only: ["fake/two"] } })
    expect(second.last?.text).not.toContain("perdure")
    expect(text).not.toContain("only")
  })

  it.each([
    [{ ordr: [] }, "unknown_parameter", "perdure", 'has no key \\"ordr\\"'],
    [{ sort: "luck" }, "unsupported_value", "perdure.sort", "perdure.sort"],
    [{ only: ["nobody"] }, "unsupported_value", "perdure.only", "no deployment of"],
    ["price", "unsupported_value", "perdure", "perdure"],
    [{ cache: "maybe" }, "unsupported_value", "perdure.cache", "perdure.cache"],
  ])("%j is refused in the words of chat", async (perdure, code, param, words) => {
    for (const stream of [false, true]) {
      const answer = await ask({ perdure, stream })
      expect([answer.status, answer.json["error"]]).toMatchObject([400, { code, param }])
      expect(answer.text).toContain(words)
    }
    expect(first.requests).toHaveLength(0)
  })

  it("a wish of the cache is told that it was passed over", async () => {
    for (const stream of [false, true]) {
      const answer = await ask({ stream, perdure: { cache: "exact" } })
      expect([answer.status, answer.headers["x-perdure-cache"]]).toEqual([200, "bypass"])
    }
    expect((await ask()).headers["x-perdure-cache"]).toBeUndefined()
  })

  it("holds for compaction, and is checked where tokens are counted", async () => {
    second.next({ text: "A summary." })
    await send(server, "POST", "/v1/responses/compact", { model: "pair", input: "Hello", perdure: { only: ["fake/two"] } })
    expect([first.requests.length, second.requests.length]).toEqual([0, 1])
    const counted = await send(server, "POST", "/v1/responses/input_tokens", { model: "pair", input: "Hello", perdure: { ordr: 1 } })
    expect(counted.status).toBe(400)
  })

  it("is read from each frame of a WebSocket, and for all of them from the header of its upgrade", async () => {
    using client = await connect(server)
    const turn = create({ model: "pair", perdure: { order: ["fake/two"] } })
    expect(await endOf(client, turn)).toMatchObject({ type: "response.completed", response: { output: [{ content: [{ text: "two" }] }] } })
    expect(await endOf(client, create({ model: "pair" }))).toMatchObject({ response: { output: [{ content: [{ text: "one" }] }] } })
    expect(await endOf(client, create({ model: "pair", perdure: { ordr: 1 } }))).toMatchObject({ status: 400, code: "unknown_parameter" })
    const headers = { authorization: `Bearer ${server.apiKey}`, "x-perdure-routing": '{"order":["fake/two"]}' }
    using routed = await openSocket(server.url, responsesPath, { headers })
    expect(await endOf(routed, create({ model: "pair" }))).toMatchObject({ response: { output: [{ content: [{ text: "two" }] }] } })
  })

  it("another request under the same idempotency key is one with another routing too", async () => {
    const headers = { "idempotency-key": "routed" }
    expect((await ask({}, headers)).status).toBe(200)
    expect((await ask({ perdure: { only: ["fake/two"] } }, headers)).status).toBe(409)
  })
})

describe("a response whose first deployment fails before it says anything", () => {
  it("waits for the time that a busy provider asks for, and says how many attempts there were", async () => {
    first.next({ error: { status: 429, headers: { "retry-after-ms": "20" } } }, { text: "at last" })
    const answer = await ask({ model: "fake-model" })
    expect([textOf(answer), answer.headers["x-perdure-attempts"], first.requests.length]).toEqual(["at last", "2", 2])
  })

  it.each([
    ["refuses", { error: { status: 503 } }],
    ["breaks off", { ending: "reset" as const, framesMax: 0 }],
    ["sends no first token in time", { hang: true }],
    ["reports an error in a 200", { streamError: { afterFrames: 0, message: "overloaded", code: "overloaded_error" } }],
  ])("is served by the second one when the first %s, with and without stream", async (_, script) => {
    first.always(script)
    const plain = await ask()
    expect([textOf(plain), plain.headers["x-perdure-route"], plain.headers["x-perdure-attempts"]]).toEqual(["two", "fake/two", "2"])
    const streamed = await ask({ stream: true })
    expect([streamed.headers["x-perdure-route"], streamed.events.at(-1)?.type]).toEqual(["fake/two", "response.completed"])
    const alone = await ask({ perdure: { fallbacks: false } })
    expect(alone.status).toBeGreaterThanOrEqual(500)
  })

  it("is served by another model that it falls back to", async () => {
    first.always({ error: { status: 500 } })
    expect(textOf(await ask({ model: "careful" }))).toBe("two")
  })

  it("asks a second deployment beside a slow one, lets go of the slower, and bills both", async () => {
    first.always({ hang: true }).abortsCount = 0
    const answer = await ask({ model: "hedged" })
    expect([textOf(answer), answer.headers["x-perdure-route"]]).toEqual(["two", "fake/two"])
    await expect.poll(() => first.abortsCount, { timeout: 20_000 }).toBe(1)
    const { projectId, runs } = server
    const billed = (await runs.events(projectId, String(answer.headers["x-perdure-run-id"]), -1, 1_000)).filter(
      ({ type }) => type === "usage.recorded",
    )
    expect(billed.map(({ data }) => (data as { deployment: string }).deployment).sort()).toEqual(["fake/one", "fake/two"])
  })
})
