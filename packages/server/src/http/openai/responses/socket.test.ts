// W1–W5 and W9 of the Responses API over WebSocket, one turn after the other: with raw frames and OpenAI's client.
import { ResponsesWS } from "openai/resources/responses/ws"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import type { LightRunRecord } from "../../../accounting/index.ts"
import type { WireEvent } from "../../../agents/index.ts"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { loadOpenAiSchema, openAiSchemaMissing } from "../../../testing/openai-schema.ts"
import { openAiClient, send } from "../../../testing/response-client.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"
import { openSocket, refusalOf } from "../../../testing/socket-client.ts"
import {
  authorized,
  connect,
  create,
  endOf,
  responsesPath as path,
  terminalTypes as ends,
  turn,
  type Frame,
} from "../../../testing/socket-turns.ts"

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

describe("turns", () => {
  it("W1 a bad key is refused on the upgrade itself with a plain 401", async () => {
    const { status, error } = await refusalOf(server.url, path, { headers: { authorization: "Bearer sk-wrong" } })
    expect([status, error["code"]]).toEqual([401, "invalid_api_key"])
  })

  it("W9 a browser's key comes as a subprotocol", async () => {
    using client = await openSocket(server.url, path, {}, ["realtime", `openai-insecure-api-key.${server.apiKey}`])
    expect((await endOf(client, create())).type).toBe("response.completed")
  })

  it("W3 sends the events that the log tells over HTTP, one JSON per text frame, and no [DONE]", async () => {
    using client = await connect(server)
    provider.next({ text: ["Grü", "ße"], toolCalls: [{ id: "call_1", name: "look", arguments: ["{", "}"] }] })
    const frames = (await turn(client, create({ tools: [{ type: "function", name: "look" }] }))) as unknown as WireEvent[]
    assertStreamInvariants(frames)
    const id = (frames[0]?.["response"] as { id: string } | undefined)?.id ?? ""
    const { events } = await send(server, "GET", `/v1/responses/${id}?stream=true`)
    expect(frames).toEqual(events)
    expect((await endOf(client, create())).type).toBe("response.completed") // the next frame is of the next turn
  })

  it("W2 stream and its options change nothing, background: true and what is no turn are refused, and the connection goes on", async () => {
    using client = await connect(server)
    expect((await endOf(client, create({ stream: true, stream_options: { include_obfuscation: true }, background: false }))).type).toBe(
      "response.completed",
    )
    for (const [frame, param, code] of [
      [create({ background: true }), "background", "unsupported_value"],
      [{ type: "response.cancel" }, "type", "unsupported_value"],
      [{ model: "fake-model" }, "type", "unsupported_value"],
      [create({ temperature: 9 }), "temperature", "invalid_request"],
      [create({ stream_id: "no spaces" }), "stream_id", "invalid_request"],
      [create({ generate: "no" }), "generate", "invalid_type"],
      [create({ input: [] }), "input", "invalid_request"],
      [{ type: "response.create", input: "x" }, "model", "missing_required_parameter"],
      ["{", null, "invalid_json"],
      ["[]", null, "invalid_type"],
      [Buffer.from("{}"), null, "invalid_request"],
    ] as const) {
      const [only, ...more] = await turn(client, frame)
      expect([only, more]).toMatchObject([{ type: "error", status: 400, status_code: 400, error: { code, param } }, []])
    }
    expect((await endOf(client, create())).type).toBe("response.completed")
  })

  it("what clients send beside turns is passed over", async () => {
    using client = await connect(server)
    client.send({ type: "response.processed", response_id: "resp_1" })
    expect((await turn(client, create()))[0]?.["type"]).toBe("response.created")
  })

  it("W4 a failure before content is one envelope with the provider's status, code and retry headers", async () => {
    using client = await connect(server)
    provider.next({ error: { status: 429, message: "slow down", code: "rate_limit_exceeded", headers: { "retry-after": "7" } } })
    const frames = await turn(client, create())
    expect(frames.slice(0, -1).every(({ type }) => type === "response.created" || type === "response.in_progress")).toBe(true)
    expect(frames.at(-1)).toMatchObject({
      type: "error",
      status: 429,
      error: { code: "rate_limit_exceeded" },
      headers: { "retry-after": "7" },
    })
    const unknown = await turn(client, create({ model: "no-such" }))
    expect(unknown).toMatchObject([{ type: "error", status: 404, error: { code: "model_not_found", param: "model" } }])
    expect((await endOf(client, create())).type).toBe("response.completed")
  })

  it("W4 a failure after content is response.failed alone, so that nothing follows the end of a turn", async () => {
    using client = await connect(server)
    provider.next({ text: ["a", "b", "c"], ending: "eof", framesMax: 3 })
    const frames = await turn(client, create())
    expect(frames.map(({ type }) => type)).not.toContain("error")
    expect(frames.at(-1)).toMatchObject({ type: "response.failed", response: { status: "failed", error: { code: "server_error" } } })
    const next = await turn(client, create())
    expect(next[0]).toMatchObject({ type: "response.created", sequence_number: 0 })
  })

  it("W4 a turn that is cut by its length ends incomplete", async () => {
    using client = await connect(server)
    provider.next({ text: "cut", finishReason: "length" })
    expect(await endOf(client, create())).toMatchObject({
      type: "response.incomplete",
      response: { incomplete_details: { reason: "max_output_tokens" } },
    })
  })

  it("W5 one response is under way at a time: what comes meanwhile waits for its end", async () => {
    using client = await connect(server)
    provider.next({ text: ["a ", "b ", "c "], chunkDelayMs: 60 })
    client.send(create({ input: "first" }))
    client.send(create({ input: "second" }))
    client.send({ type: "response.create", model: "no-such", input: "third" })
    const order: string[] = []
    for (let ended = 0; ended < 3;) {
      const frame = await client.next()
      const type = frame["type"] as string
      if (type === "response.created") order.push("begin")
      if (ends.includes(type)) ended = order.push(type === "error" ? "refused" : "end") && ended + 1
    }
    expect(order).toEqual(["begin", "end", "begin", "end", "refused"])
  })

  it("W5 lanes run beside each other, echo their stream_id, and have a limit", async () => {
    await using few = await startResponsesServer({ providerUrl: provider.url, limits: { socketLanesMax: 2 } })
    using client = await connect(few)
    provider.next({ text: ["slow ", "slow "], chunkDelayMs: 300 }, { text: "quick" })
    client.send(create({ stream_id: "a" }))
    await vi.waitFor(() => expect(provider.last?.body["stream"]).toBe(true), waiting)
    const before = provider.requests.length
    client.send(create({ stream_id: "b" }))
    client.send(create({ stream_id: "c" }))
    const ended: unknown[] = []
    while (ended.length < 3) {
      const frame = await client.next()
      expect(["a", "b", "c"]).toContain(frame["stream_id"])
      if (ends.includes(frame["type"] as string)) ended.push([frame["stream_id"], (frame["error"] as Frame | undefined)?.["code"]])
    }
    expect(ended).toEqual([
      ["c", "websocket_stream_limit_reached"],
      ["b", undefined],
      ["a", undefined],
    ])
    expect(provider.requests.length).toBeGreaterThanOrEqual(before)
    client.send(create({ stream_id: "c" }))
    expect(await client.next()).toMatchObject({ type: "response.created", stream_id: "c" })
  })

  it("more waiting turns than the limit are not read, and none is lost", async () => {
    await using few = await startResponsesServer({ providerUrl: provider.url, limits: { socketTurnsQueuedMax: 2 } })
    using client = await connect(few)
    for (let each = 0; each < 12; each++) client.send(create({ input: `turn ${each}` }))
    const ended: string[] = []
    while (ended.length < 12) {
      const type = (await client.next())["type"] as string
      if (ends.includes(type)) ended.push(type)
    }
    expect(new Set(ended)).toEqual(new Set(["response.completed"]))
  })

  it("a key that may not use the model, or not create responses, may not over WebSocket either", async () => {
    const { secret, id } = await server.identity.createKey(server.projectId, "narrow", {
      scope: { models: ["other"], endpoints: ["responses"] },
    })
    const narrow = { url: server.url, apiKey: secret }
    using client = await connect(narrow)
    expect(await endOf(client, create())).toMatchObject({ type: "error", code: "model_not_allowed", status: 403 })
    await server.identity.updateKey(server.projectId, id, { scope: { models: ["other"], endpoints: ["chat"] } })
    expect(await client.next()).toMatchObject({ type: "error", status: 403, error: { code: "endpoint_not_allowed" } })
    expect((await client.closed).code).toBe(1008)
    expect((await refusalOf(server.url, path, authorized(narrow))).error["code"]).toBe("endpoint_not_allowed")
  })
})

describe("clients", () => {
  it("OpenAI's client connects, streams two turns and sees an error as one", async () => {
    const client = new ResponsesWS(openAiClient(server))
    const seen: string[] = []
    const errors: string[] = []
    client.on("error", (error) => errors.push(error.message))
    const done = new Promise<void>((resolve) => {
      client.on("event", (event) => {
        seen.push(event.type)
        if (event.type !== "response.completed") return
        if (seen.filter((type) => type === "response.completed").length === 2) resolve()
        else
          client.send({
            type: "response.create",
            model: "fake-model",
            previous_response_id: event.response.id,
            input: "And?",
            store: false,
          })
      })
    })
    client.send({ type: "response.create", model: "fake-model", input: "Hello", store: false })
    await done
    client.send({ type: "response.create", model: "no-such", input: "Hello" })
    await vi.waitFor(() => expect(errors.join()).toContain('the model "no-such" does not exist here'), waiting)
    client.close()
    expect(seen.filter((type) => type === "response.created")).toHaveLength(2)
  })

  it("R9 the profile of the connection names reasoning events", async () => {
    const headers = { authorization: `Bearer ${server.apiKey}`, "x-perdure-profile": "open-responses" }
    using client = await openSocket(server.url, path, { headers })
    provider.next({ reasoning: "hm", text: "yes" })
    const types = (await turn(client, create())).map(({ type }) => type)
    expect(types).toContain("response.reasoning.delta")
    expect(types).not.toContain("response.reasoning_text.delta")
  })

  it.skipIf(openAiSchemaMissing)(`every frame is valid by OpenAI's description ${openAiSchemaMissing ?? ""}`, async () => {
    const { problems, eventProblems } = loadOpenAiSchema()
    using client = await connect(server)
    provider.next({ text: ["a", "b"] })
    const withoutNullUsage = (value: unknown): Frame =>
      JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === "usage" && inner === null ? undefined : inner))) as Frame
    for (const frame of await turn(client, create({ stream_id: "lane" }))) {
      const { stream_id: lane, ...event } = withoutNullUsage(frame)
      expect([lane, eventProblems(event as Frame & { type: string })]).toEqual(["lane", []])
    }
    const [error] = await turn(client, create({ model: "no-such" }))
    expect(problems("ResponseWsError", error)).toEqual([])
  })
})

it("nothing reached an error handler", () => {
  expect(server.errors).toEqual([])
})
