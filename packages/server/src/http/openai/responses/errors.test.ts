// Bad requests and bad providers: each gets a clear error in the protocol's shape, as a status before content and as an event after it.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeAnswer, type FakeProvider } from "../../../testing/fake-provider.ts"
import { open, openAiClient, send, type RawAnswer } from "../../../testing/response-client.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"

let provider: FakeProvider
let server: ResponsesServer

beforeAll(async () => {
  provider = await startFakeProvider()
  server = await startResponsesServer({
    providerUrl: provider.url,
    limits: { idleTimeoutMs: 1_000, firstTokenTimeoutMs: 1_500, requestBodyBytesMax: 200_000 },
  })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const post = (body: unknown, headers: Record<string, string> = {}): Promise<RawAnswer> =>
  send(server, "POST", "/v1/responses", body, headers)
const ask = (over: object = {}): object => ({ model: "fake-model", input: "Hello", ...over })

describe("bad requests", () => {
  it.each([
    ["no model", { input: "x" }, "missing_required_parameter", "model"],
    ["a number as model", { model: 3, input: "x" }, "invalid_type", "model"],
    ["no input", { model: "fake-model" }, "invalid_request", "input"],
    ["a number as input", ask({ input: 7 }), "invalid_type", "input"],
    ["an empty list as input", ask({ input: [] }), "invalid_request", "input"],
    ["an unknown role", ask({ input: [{ role: "robot", content: "x" }] }), "unsupported_value", "input[0].role"],
    [
      "a part without text",
      ask({ input: [{ role: "user", content: [{ type: "input_text" }] }] }),
      "missing_required_parameter",
      "input[0].content[0].text",
    ],
    [
      "a part of an unknown type",
      ask({ input: [{ role: "user", content: [{ type: "input_smell" }] }] }),
      "unsupported_value",
      "input[0].content[0].type",
    ],
    [
      "a call without arguments",
      ask({ input: [{ type: "function_call", call_id: "c", name: "f" }] }),
      "missing_required_parameter",
      "input[0].arguments",
    ],
    ["an item that only Responses have", ask({ input: [{ type: "computer_call", id: "x" }] }), "unsupported_value", "input[0].type"],
    ["a text as temperature", ask({ temperature: "hot" }), "invalid_type", "temperature"],
    ["a temperature out of range", ask({ temperature: 3 }), "invalid_request", "temperature"],
    ["a text as stream", ask({ stream: "yes" }), "invalid_type", "stream"],
    ["a tool without a name", ask({ tools: [{ type: "function" }] }), "missing_required_parameter", "tools[0].name"],
    ["a tool that only Responses have", ask({ tools: [{ type: "web_search" }] }), "unsupported_value", "tools[0].type"],
    ["a search without stores", ask({ tools: [{ type: "file_search" }] }), "missing_required_parameter", "tools[0].vector_store_ids"],
    ["a choice of an unknown tool", ask({ tool_choice: { type: "function", name: "f" } }), "invalid_request", "tool_choice"],
    [
      "a demand for a tool that is not there",
      ask({
        tools: [{ type: "function", name: "f", parameters: {}, strict: null }],
        tool_choice: { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "g" }] },
      }),
      "invalid_request",
      "tool_choice",
    ],
    ["an unknown choice", ask({ tool_choice: "maybe" }), "unsupported_value", "tool_choice"],
    ["metadata with a number", ask({ metadata: { a: 1 } }), "invalid_type", "metadata.a"],
    [
      "an output without its call",
      ask({ input: [{ type: "function_call_output", call_id: "call_x", output: "1" }] }),
      "invalid_request",
      "input",
    ],
    [
      "a call without its output",
      ask({ input: [{ type: "function_call", call_id: "call_x", name: "f", arguments: "{}" }] }),
      "invalid_request",
      "input",
    ],
    ["two ways to continue", ask({ previous_response_id: "resp_1", conversation: "conv_1" }), "invalid_request", "conversation"],
  ])("E1 %s names the parameter", async (_name, body, code, param) => {
    const before = provider.requests.length
    const { status, json, headers } = await post(body)
    expect(status).toBe(400)
    expect(json).toEqual({ error: { message: expect.any(String) as string, type: "invalid_request_error", param, code } })
    expect(headers["x-request-id"]).toMatch(/^req_/)
    expect(provider.requests.length).toBe(before)
  })

  it("E2 an unknown model is 404 model_not_found, with and without stream", async () => {
    for (const stream of [true, false]) {
      const { status, json } = await post({ model: "gpt-99", input: "x", stream })
      expect([status, json["error"]]).toMatchObject([404, { code: "model_not_found", param: "model" }])
    }
  })

  it("E2 a wrong key is 401 invalid_api_key", async () => {
    const { status, json } = await post(ask(), { authorization: "Bearer pk_wrong" })
    expect([status, json["error"]]).toMatchObject([401, { code: "invalid_api_key" }])
  })

  it("a model beyond the key's is 403 and starts no run, with and without stream, and when tokens are counted", async () => {
    const { secret } = await server.identity.createKey(server.projectId, "scoped", { scope: { models: ["fake-other*"] } })
    const scoped = { url: server.url, apiKey: secret }
    for (const [path, more] of [
      ["", {}],
      ["", { stream: true }],
      ["", { background: true }],
      ["/input_tokens", {}],
    ] as const) {
      const { status, json } = await send(scoped, "POST", `/v1/responses${path}`, ask(more))
      expect([status, json["error"]]).toMatchObject([403, { code: "model_not_allowed", param: "model" }])
    }
    expect((await server.runs.list(server.projectId, {})).runs.filter(({ principal }) => principal !== server.keyId)).toEqual([])
    const unknown = await send(scoped, "POST", "/v1/responses", ask({ model: "fake-other-1" }))
    expect(unknown.json["error"]).toMatchObject({ code: "model_not_found" })
  })

  it("a key that acts for an end user makes runs of that user, whatever the request says", async () => {
    const { id, secret } = await server.identity.createKey(server.projectId, "alice", { user: "alice" })
    provider.next({ text: "Hello" })
    const answer = await send({ url: server.url, apiKey: secret }, "POST", "/v1/responses", ask({ user: "bob" }))
    expect(answer.status).toBe(200)
    const { runs } = await server.runs.list(server.projectId, {})
    expect(runs.find(({ principal }) => principal === id)?.user).toBe("alice")
  })

  it("malformed JSON, invalid UTF-8, an empty body and a list are told apart", async () => {
    const bodies: [unknown, string][] = [
      ['{"model": ', "not valid JSON"],
      [new Uint8Array([0x22, 0xff, 0x22]), "UTF-8"],
      ["", "empty"],
      ["[]", "array"],
    ]
    for (const [body, words] of bodies) {
      const { status, json } = await post(body)
      expect([status, (json["error"] as { message: string }).message]).toEqual([400, expect.stringContaining(words) as string])
    }
  })

  it("an oversized body is 413 and names the limit", async () => {
    const { status, json } = await post(ask({ input: "x".repeat(300_000) }))
    expect(status).toBe(413)
    expect((json["error"] as { message: string }).message).toContain("200000")
  })

  it("an unknown response is 404 on every route", async () => {
    for (const id of ["resp_00000000000000000000000000000000", "nonsense", "run_00000000000000000000000000000000"]) {
      const { status, json } = await send(server, "GET", `/v1/responses/${id}`)
      expect([status, json["error"]]).toMatchObject([404, { code: "not_found" }])
    }
  })
})

describe("T11 T12 a provider that fails before content gives a real status", () => {
  it.each<[string, FakeAnswer, number, string]>([
    [
      "429",
      { error: { status: 429, message: "slow down", code: "rate_limit_exceeded", headers: { "retry-after": "7" } } },
      429,
      "rate_limit_exceeded",
    ],
    ["no quota", { error: { status: 429, message: "pay first", code: "insufficient_quota" } }, 429, "insufficient_quota"],
    [
      "a context that is too long",
      { error: { status: 400, message: "too many tokens", code: "context_length_exceeded" } },
      400,
      "context_length_exceeded",
    ],
    ["500", { error: { status: 500, message: "boom", code: "internal" } }, 500, "internal"],
    [
      "an error inside a 200 stream (T13)",
      { streamError: { afterFrames: 0, message: "overloaded", code: "overloaded_error", done: true } },
      529,
      "overloaded_error",
    ],
    ["an end without a mark (T9)", { ending: "eof", framesMax: 0 }, 502, "upstream_stream_ended"],
    [
      "a page of HTML",
      { raw: { status: 200, headers: { "content-type": "text/html" }, body: ["<html>busy</html>"] } },
      502,
      "upstream_error",
    ],
  ])("%s", async (_name, script, status, code) => {
    for (const stream of [true, false]) {
      provider.next(script)
      const answer = await post(ask({ stream }))
      expect({ stream, status: answer.status, code: (answer.json["error"] as { code: string } | undefined)?.code }).toEqual({
        stream,
        status,
        code,
      })
      expect(Object.keys(answer.json["error"] as object).sort()).toEqual(["code", "message", "param", "type"])
    }
  })

  it("E3 a rate limit tells when to come back, a quota does not", async () => {
    provider.next({ error: { status: 429, message: "slow down", code: "rate_limit_exceeded", headers: { "retry-after": "7" } } })
    const limited = await post(ask({ stream: true }))
    expect(limited.headers["retry-after"]).toBe("7")
    provider.next({ error: { status: 429, message: "pay first", code: "insufficient_quota" } })
    const quota = await post(ask({ stream: true }))
    expect([quota.headers["retry-after"], quota.headers["x-should-retry"]]).toEqual([undefined, "false"])
  })

  it("E4 the provider's words survive, its address and our key do not", async () => {
    provider.next({ error: { status: 500, message: `failed at ${provider.url} with sk-fake-upstream-key`, code: "internal" } })
    const { text } = await post(ask())
    expect(text).toContain("failed at")
    expect(text).not.toContain("sk-fake-upstream-key")
    expect(text).not.toContain(new URL(provider.url).host)
  })

  it("a provider that never answers is given up after its time limit", async () => {
    provider.next({ hang: true })
    const { status, json } = await post(ask())
    expect([status, json["error"]]).toMatchObject([504, { code: "upstream_timeout" }])
  })

  it("T12 the head is not held for ever: after the hold it is sent, and a later failure is an event", async () => {
    await using impatient = await startResponsesServer({ providerUrl: provider.url, limits: { headHoldMs: 20 } })
    provider.next({ delayMs: 1_000, error: { status: 500, message: "late", code: "internal" } })
    const answer = await send(impatient, "POST", "/v1/responses", ask({ stream: true }))
    expect(answer.status).toBe(200)
    expect(answer.events.map(({ type }) => type)).toEqual(["response.created", "response.in_progress", "error", "response.failed"])
  })
})

describe("T8 T9 R11 a provider that dies after content", () => {
  it.each<[string, FakeAnswer]>([
    ["closes cleanly without a mark", { text: ["one ", "two ", "three"], ending: "eof", framesMax: 3 }],
    ["resets the connection", { text: ["one ", "two ", "three"], ending: "reset", framesMax: 3 }],
    ["goes silent", { text: ["one ", "two ", "three"], ending: "hang", framesMax: 3 }],
    [
      "reports an error in the stream",
      {
        text: ["one ", "two ", "three"],
        chunkDelayMs: 100,
        streamError: { afterFrames: 3, message: "overloaded", code: "overloaded_error", done: true },
      },
    ],
    [
      "sends garbage",
      {
        raw: {
          status: 200,
          chunkDelayMs: 100,
          headers: { "content-type": "text/event-stream" },
          body: [
            'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"one "},"finish_reason":null}]}\n\n',
            "data: {{{garbage\n\n",
            "data: [DONE]\n\n",
          ],
        },
      },
    ],
  ])("%s: the items are closed, an error event, response.failed, never a clean end", async (_name, script) => {
    provider.next(script)
    const { status, events } = await post(ask({ stream: true }))
    expect(status).toBe(200)
    expect(() => assertStreamInvariants(events)).not.toThrow()
    const [error, failed] = events.slice(-2)
    expect(error).toEqual({
      type: "error",
      sequence_number: events.length - 2,
      code: expect.any(String) as string,
      message: expect.any(String) as string,
      param: null,
      error: { type: "server_error", code: error?.["code"], message: error?.["message"], param: null },
    })
    expect(failed).toMatchObject({
      type: "response.failed",
      response: { status: "failed", error: { code: "server_error" }, output: [{ status: "incomplete" }] },
    })
    const { id } = (failed?.["response"] ?? {}) as unknown as { id: string }
    expect((await send(server, "GET", `/v1/responses/${id}`)).json).toEqual(failed?.["response"])
    const run = await server.runs.get(server.projectId, id.replace("resp_", "run_"))
    expect([run?.status, (run?.usage.outputTokens ?? 0) > 0]).toEqual(["failed", true])
  })

  it("the official client throws the provider's message", async () => {
    provider.next({
      text: ["one ", "two ", "three"],
      chunkDelayMs: 100,
      streamError: { afterFrames: 3, message: "the model is overloaded", code: "overloaded_error" },
    })
    const stream = await openAiClient(server).responses.create({ model: "fake-model", input: "x", stream: true })
    const seen: string[] = []
    const reading = async (): Promise<void> => {
      for await (const event of stream) seen.push(event.type)
    }
    await expect(reading()).rejects.toThrow("the model is overloaded")
    expect(seen).toContain("response.output_text.delta")
  })

  it("without a stream it is an HTTP error", async () => {
    provider.next({ text: ["one ", "two ", "three"], ending: "eof", framesMax: 3 })
    const { status, json } = await post(ask())
    expect([status, json["error"]]).toMatchObject([502, { code: "upstream_stream_ended" }])
  })
})

describe("T3 T6 slow ends", () => {
  it("T3 comments keep an idle stream open, and none come when they are switched off", async () => {
    for (const [keepAliveMs, pings] of [
      [20, true],
      [0, false],
    ] as const) {
      await using patient = await startResponsesServer({ providerUrl: provider.url, limits: { headHoldMs: 10, keepAliveMs } })
      provider.next({ delayMs: 600 })
      const { text, events } = await send(patient, "POST", "/v1/responses", ask({ stream: true }))
      expect(text.includes(": ping\n\n")).toBe(pings)
      expect(() => assertStreamInvariants(events)).not.toThrow()
    }
  })

  it("T6 a reader that does not read stops neither the run nor other readers", async () => {
    const long = Array.from({ length: 400 }, (_, index) => `${index} ${"x".repeat(1_000)} `)
    provider.next({ text: long })
    const slow = await open(server, "POST", "/v1/responses", ask({ stream: true, background: true }))
    const first = await slow.next()
    slow.response.pause()
    const { id } = (first?.["response"] ?? {}) as unknown as { id: string }
    const { events } = await send(server, "GET", `/v1/responses/${id}?stream=true`)
    expect(events.at(-1)?.type).toBe("response.completed")
    slow.response.resume()
    const rest = [first]
    for (let event = await slow.next(); event; event = await slow.next()) rest.push(event)
    expect(rest).toEqual(events)
  })

  it("nothing reached an error handler", () => {
    expect(server.errors).toEqual([])
  })
})
