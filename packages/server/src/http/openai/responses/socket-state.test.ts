// The Responses API over WebSocket beyond one turn (W6–W8, W10): what a connection keeps, and how it ends.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import type { LightRunRecord } from "../../../accounting/index.ts"
import type { WireEvent } from "../../../agents/index.ts"
import { defaultLimits } from "../../../core/index.ts"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { send } from "../../../testing/response-client.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"
import { connect, create, endOf, responsesPath as path, terminalTypes as ends, turn, type Frame } from "../../../testing/socket-turns.ts"

let provider: FakeProvider
let server: ResponsesServer
const records: LightRunRecord[] = []
const waiting = { timeout: 20_000, interval: 20 }

beforeAll(async () => {
  provider = await startFakeProvider()
  server = await startResponsesServer({ providerUrl: provider.url, recordLightRun: (record) => records.push(record) })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const textsSent = (): string[] =>
  ((provider.last?.body["messages"] ?? []) as { role: string; content: string }[]).map(({ role, content }) => `${role}: ${content}`)

describe("what a connection keeps", () => {
  it("W6 store: false is continued on its connection from the new input alone, over several turns", async () => {
    using client = await connect(server)
    provider.next({ text: "Noted." }, { text: "Cobalt." }, { text: "Yes." })
    const first = await endOf(client, create({ store: false, input: "The code word is cobalt.", instructions: "Be brief." }))
    const second = await endOf(client, create({ store: false, previous_response_id: first.id, input: "Which?" }))
    expect(second.response).toMatchObject({ previous_response_id: first.id, status: "completed" })
    expect(textsSent()).toEqual(["user: The code word is cobalt.", "assistant: Noted.", "user: Which?"])
    await endOf(client, create({ store: false, previous_response_id: second.id, input: "Sure?" }))
    expect(textsSent()).toHaveLength(5)
    // A fork from the first is possible too.
    await endOf(client, create({ store: false, previous_response_id: first.id, input: "Other question" }))
    expect(textsSent()).toEqual(["user: The code word is cobalt.", "assistant: Noted.", "user: Other question"])
  })

  it("W6 tool calls of a turn that is not stored are answered in the next", async () => {
    using client = await connect(server)
    const tools = [{ type: "function", name: "look" }]
    provider.next({ toolCalls: [{ id: "call_7", name: "look", arguments: "{}" }] }, { text: "Seen." })
    const first = await endOf(client, create({ store: false, tools }))
    const output = { type: "function_call_output", call_id: "call_7", output: "a house" }
    const second = await endOf(client, create({ store: false, tools, previous_response_id: first.id, input: [output] }))
    expect(second.type).toBe("response.completed")
    expect(provider.last?.body["messages"]).toMatchObject([
      { role: "user" },
      { role: "assistant", tool_calls: [{ id: "call_7" }] },
      { role: "tool", content: "a house" },
    ])
  })

  it("W6 a new connection does not know it, nor does HTTP; a fresh turn on that connection works", async () => {
    using client = await connect(server)
    const { id } = await endOf(client, create({ store: false }))
    using other = await connect(server)
    const refused = await turn(other, create({ store: false, previous_response_id: id }))
    expect(refused).toMatchObject([
      { type: "error", status: 400, error: { code: "previous_response_not_found", param: "previous_response_id" } },
    ])
    expect((await endOf(other, create({ store: false }))).type).toBe("response.completed")
    expect((await send(server, "GET", `/v1/responses/${id}`)).status).toBe(404)
    expect((await endOf(client, create({ store: false, previous_response_id: "resp_made_up" }))).code).toBe("previous_response_not_found")
  })

  it("W7 a continuation that fails evicts what it continued", async () => {
    using client = await connect(server)
    const { id } = await endOf(client, create({ store: false }))
    const unpaired = { type: "function_call_output", call_id: "call_missing", output: "x" }
    expect(await endOf(client, create({ store: false, previous_response_id: id, input: [unpaired] }))).toMatchObject({
      type: "error",
      status: 400,
    })
    expect((await endOf(client, create({ store: false, previous_response_id: id }))).code).toBe("previous_response_not_found")

    const other = await endOf(client, create({ store: false }))
    provider.next({ error: { status: 500 } })
    expect((await endOf(client, create({ store: false, previous_response_id: other.id }))).type).toBe("error")
    expect((await endOf(client, create({ store: false, previous_response_id: other.id }))).code).toBe("previous_response_not_found")

    const third = await endOf(client, create({ store: false }))
    provider.next({ text: ["a", "b"], ending: "eof", framesMax: 2 })
    expect((await endOf(client, create({ store: false, previous_response_id: third.id }))).type).toBe("response.failed")
    expect((await endOf(client, create({ store: false, previous_response_id: third.id }))).code).toBe("previous_response_not_found")
  })

  it("W7 with store: true what was evicted is loaded from the store, on any connection", async () => {
    using client = await connect(server)
    const { id } = await endOf(client, create())
    provider.next({ error: { status: 500 } })
    await endOf(client, create({ previous_response_id: id }))
    using other = await connect(server)
    for (const each of [client, other]) expect((await endOf(each, create({ previous_response_id: id }))).type).toBe("response.completed")
  })

  it("a stored response that continues one which is not stored carries its context, over HTTP too", async () => {
    using client = await connect(server)
    provider.next({ text: "Noted." }, { text: "Kept." }, { text: "Again." })
    const first = await endOf(client, create({ store: false, input: "Remember teal." }))
    const stored = await endOf(client, create({ store: true, previous_response_id: first.id, input: "Store this." }))
    const { status } = await send(server, "POST", path, { model: "fake-model", previous_response_id: stored.id, input: "And now?" })
    expect(status).toBe(200)
    expect(textsSent()).toEqual(["user: Remember teal.", "assistant: Noted.", "user: Store this.", "assistant: Kept.", "user: And now?"])
    const { json } = await send(server, "GET", `/v1/responses/${stored.id}/input_items`)
    expect(json["data"]).toMatchObject([{ content: [{ text: "Store this." }] }])
  })

  it("nothing of a response that is not stored stays but the record of its cost", async () => {
    using client = await connect(server)
    const before = records.length
    const { id } = await endOf(client, create({ store: false, input: "secret words" }))
    await vi.waitFor(() => expect(records.length).toBe(before + 1), waiting)
    expect(JSON.stringify(records.at(-1))).not.toContain("secret words")
    expect(await server.runs.get(server.projectId, id.replace("resp_", "run_"))).toBeUndefined()
  })

  it("the oldest of what is kept leave, by number and by size", async () => {
    await using few = await startResponsesServer({
      providerUrl: provider.url,
      limits: { socketResponsesKeptMax: 2, requestBodyBytesMax: 20_000 },
    })
    using client = await connect(few)
    const ids: string[] = []
    for (let each = 0; each < 3; each++) ids.push((await endOf(client, create({ store: false }))).id)
    const code = async (id: string | undefined): Promise<unknown> =>
      (await endOf(client, create({ store: false, previous_response_id: id }))).code
    expect([await code(ids[0]), await code(ids[2])]).toEqual(["previous_response_not_found", undefined])
    const large = (await endOf(client, create({ store: false, input: "x".repeat(12_000) }))).id
    const next = (await endOf(client, create({ store: false, previous_response_id: large, input: "y".repeat(9_000) }))).id
    expect([await code(next), await code(large)]).toEqual(["previous_response_not_found", undefined])
  })

  it("W10 generate: false gives an id to continue from and calls no model", async () => {
    using client = await connect(server)
    const before = provider.requests.length
    const frames = (await turn(
      client,
      create({ generate: false, store: false, input: [], instructions: "Be brief.", client_metadata: { a: "b" } }),
    )) as unknown as WireEvent[]
    assertStreamInvariants(frames)
    expect(frames.map(({ type }) => type)).toEqual(["response.created", "response.in_progress", "response.completed"])
    expect(frames.at(-1)?.["response"]).toMatchObject({ status: "completed", output: [], usage: { total_tokens: 0 } })
    expect(provider.requests.length).toBe(before)
    const id = (frames.at(-1)?.["response"] as { id: string } | undefined)?.id
    const warm = await endOf(client, create({ generate: false, store: false, previous_response_id: id, input: "Context." }))
    const answer = await endOf(client, create({ store: false, previous_response_id: warm.id, input: "Question?" }))
    expect(answer.type).toBe("response.completed")
    expect(textsSent()).toEqual(["user: Context.", "user: Question?"])
    expect(provider.last?.text).not.toContain("generate")
    expect((await endOf(client, create({ generate: false, model: "no-such" }))).code).toBe("model_not_found")
    expect(await endOf(client, create({ previous_response_id: id, input: [] }))).toMatchObject({ type: "response.completed" })
  })
})

describe("the end of a connection", () => {
  it("T7 a client that leaves ends its turn, and the provider is told", async () => {
    const client = await connect(server)
    const aborts = provider.abortsCount
    provider.next({ text: ["a ", "b "], chunkDelayMs: 20, ending: "hang" })
    client.send(create())
    let id = ""
    for (let type = ""; type !== "response.output_text.delta";) {
      const frame = await client.next()
      type = frame["type"] as string
      id ||= ((frame["response"] as Frame | undefined)?.["id"] as string | undefined) ?? ""
    }
    client.socket.terminate()
    await vi.waitFor(() => expect(provider.abortsCount).toBe(aborts + 1), waiting)
    await vi.waitFor(
      async () => expect((await server.runs.get(server.projectId, id.replace("resp_", "run_")))?.status).toBe("cancelled"),
      waiting,
    )
  })

  it("W8 after its time an idle connection is told and closed", async () => {
    await using brief = await startResponsesServer({ providerUrl: provider.url, limits: { socketLifeMs: 300 } })
    using client = await connect(brief)
    expect(await client.next()).toMatchObject({ type: "error", status: 400, error: { code: "websocket_connection_limit_reached" } })
    expect(await client.closed).toEqual({ code: 1000, reason: "websocket_connection_limit_reached" })
    expect(defaultLimits.socketLifeMs).toBe(60 * 60 * 1000)
  })

  it("W8 a turn that is under way then ends first, and what waits behind it is told the limit", async () => {
    await using brief = await startResponsesServer({ providerUrl: provider.url, limits: { socketLifeMs: 700 } })
    using client = await connect(brief)
    provider.next({ text: ["a ", "b ", "c ", "d ", "e ", "f "], chunkDelayMs: 250 })
    client.send(create())
    client.send(create({ input: "second" }))
    const seen: unknown[] = []
    for (let more = true; more;) {
      const frame = await client.next()
      const type = frame["type"] as string
      if (ends.includes(type)) seen.push(type === "error" ? (frame["error"] as Frame)["code"] : type)
      more = seen.length < 2
    }
    expect(seen).toEqual(["response.completed", "websocket_connection_limit_reached"])
    expect((await client.closed).code).toBe(1000)
  })

  it("a server that stops lets a turn end, tells why, and closes", async () => {
    const stopping = await startResponsesServer({ providerUrl: provider.url })
    using client = await connect(stopping)
    using idle = await connect(stopping)
    provider.next({ text: ["a ", "b ", "c "], chunkDelayMs: 150 })
    client.send(create())
    await client.next()
    const stopped = stopping[Symbol.asyncDispose]()
    expect(await idle.next()).toMatchObject({ type: "error", status: 503, error: { code: "shutting_down" } })
    expect((await idle.closed).code).toBe(1001)
    const types: string[] = []
    do types.push((await client.next())["type"] as string)
    while (!ends.includes(types.at(-1) ?? ""))
    expect(types.at(-1)).toBe("response.completed")
    expect((await client.closed).code).toBe(1001)
    await stopped
  })

  it("a key that is revoked ends its connections, with the turn that is under way", async () => {
    await using own = await startResponsesServer({ providerUrl: provider.url })
    using client = await connect(own)
    provider.next({ text: ["a "], chunkDelayMs: 20, ending: "hang" })
    const aborts = provider.abortsCount
    client.send(create())
    for (let type = ""; type !== "response.output_text.delta";) type = (await client.next())["type"] as string
    await own.identity.revokeKey(own.projectId, own.keyId)
    const frames: Frame[] = []
    for (let type = ""; type !== "error"; type = frames.at(-1)?.["type"] as string) frames.push(await client.next())
    expect(frames.at(-1)).toMatchObject({ status: 401, error: { code: "invalid_api_key" } })
    expect((await client.closed).code).toBe(1008)
    await vi.waitFor(() => expect(provider.abortsCount).toBe(aborts + 1), waiting)
  })

  it("a message over the limit closes the connection with 1009", async () => {
    await using small = await startResponsesServer({ providerUrl: provider.url, limits: { requestBodyBytesMax: 2_000 } })
    using client = await connect(small)
    client.send(create({ input: "x".repeat(3_000) }))
    expect((await client.closed).code).toBe(1009)
  })
})

it("nothing reached an error handler", () => {
  expect(server.errors).toEqual([])
})
