// Chat completions as JSON, their errors, and models of this process rendered as chat completions; with the plain openai client too.
import OpenAI, { AuthenticationError } from "openai"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import type { ModelCall, ModelEvent } from "../../inference/index.ts"
import { AppError } from "../../core/index.ts"
import { startFakeProvider, type FakeAnswer } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testKey, testModel, type RawAnswer } from "../../testing/gateway.ts"

const provider = await startFakeProvider()
const spare = await startFakeProvider({ text: "from the spare" })
const nativeDeployment = testDeployment("", { id: "perdure/here", provider: "embedded", dialect: "native", baseUrl: null, apiKey: null })
let nativeEvents: (call: ModelCall, signal: AbortSignal) => AsyncIterable<ModelEvent>
let nativeCall: ModelCall | undefined
const native = {
  deployment: nativeDeployment,
  chat: (call: ModelCall, signal: AbortSignal) => {
    nativeCall = call
    return nativeEvents(call, signal)
  },
  countTokens: (text: string) => text.length,
}
const gateway = await startTestGateway({
  models: [
    testModel("fast", testDeployment(provider.url)),
    testModel("same-name", testDeployment(provider.url, { id: "fake/unpriced", upstreamModel: "same-name" })),
    testModel("pooled", testDeployment(provider.url, { id: "fake/first" }), testDeployment(spare.url, { id: "fake/spare", priority: 1 })),
    testModel("nowhere", testDeployment("http://127.0.0.1:1/v1", { id: "fake/nowhere" })),
    testModel("here", nativeDeployment),
  ],
  natives: new Map([[nativeDeployment.id, native]]),
  limits: { firstTokenTimeoutMs: 2_000, idleTimeoutMs: 2_000, requestBodyBytesMax: 10_000, heldAnswerBytesMax: 20_000 },
})
const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: testKey, maxRetries: 0 })
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await spare[Symbol.asyncDispose]()
})
beforeEach(() => {
  gateway.records.length = 0
  provider.always({})
  nativeEvents = async function* () {
    yield { type: "text-delta", text: "Hello" }
    yield { type: "text-delta", text: " you" }
    yield finished()
  }
})

function finished(reason: "stop" | "tool_calls" = "stop"): ModelEvent {
  return {
    type: "finished",
    reason,
    usage: { inputTokens: 5, outputTokens: 2, cachedTokens: 1, reasoningTokens: 0, estimated: false },
    upstreamModel: "here",
  }
}
const path = "/v1/chat/completions"
const messages = [{ role: "user" as const, content: "hello" }]
function ask(script: FakeAnswer, body: object | string = {}): Promise<RawAnswer> {
  provider.next(script)
  return rawPost(gateway.url, path, typeof body === "string" ? body : { model: "fast", messages, ...body })
}
const errorOf = (answer: RawAnswer): Record<string, unknown> => (JSON.parse(answer.text) as { error: Record<string, unknown> }).error
async function record() {
  await expect.poll(() => gateway.records.length, { timeout: 20_000 }).toBe(1)
  return gateway.records[0]
}

describe("JSON answers", () => {
  it("passes the provider's bytes through, with the run, the route and the cost in headers", async () => {
    const answer = await ask({ usage: { prompt_tokens: 100, completion_tokens: 10 } }, { user: "anna", temperature: 0.5 })
    expect(JSON.parse(answer.text)).toMatchObject({
      object: "chat.completion",
      choices: [{ message: { content: "Hello from the fake provider." } }],
    })
    expect(answer.headers).toMatchObject({
      "x-perdure-route": "fake/m",
      "x-perdure-cost-micro-usd": "120",
      "content-type": "application/json",
    })
    expect(provider.last?.body).toEqual({ model: "m-upstream", messages, user: "anna", temperature: 0.5 })
    expect(provider.last?.headers.authorization).toBe("Bearer sk-upstream-secret")
    expect(await record()).toMatchObject({
      id: answer.headers["x-perdure-run-id"],
      projectId: "proj_test",
      principal: "key_test",
      user: "anna",
      kind: "chat",
      model: "fast",
      deployment: "fake/m",
      outcome: "completed",
      status: 200,
      streamed: false,
      inputTokens: 100,
      outputTokens: 10,
      costMicroUsd: 120,
      responseBytes: answer.text.length,
    })
  })

  it.each([40, 500])("keeps letters of every script, %i times over", async (times) => {
    const text = "é ÿ € 語 👩‍👩‍👧 ".repeat(times)
    const answer = await ask({ text })
    const { choices } = JSON.parse(answer.text) as { choices: { message: { content: string } }[] }
    expect(choices[0]?.message.content === text).toBe(true)
    expect(Number(answer.headers["content-length"] ?? Buffer.byteLength(answer.text))).toBe(Buffer.byteLength(answer.text))
  })

  it("flags the cost of a deployment without a price instead of taking it for free", async () => {
    const answer = await ask({}, { model: "same-name" })
    expect(answer.headers["x-perdure-cost-micro-usd"]).toBeUndefined()
    expect(await record()).toMatchObject({ costKnown: false, costMicroUsd: 0, inputTokens: 12 })
  })

  it("sends unusual bodies on as it read them", async () => {
    await ask({}, String.raw`{"model":"nope","mod\u0065l":"fast","messages":[],"x":1}`)
    expect(provider.last?.body).toEqual({ model: "m-upstream", messages: [], x: 1 })
  })

  it("passes an answer through that is too large to hold, usage read from its end", async () => {
    const text = "x".repeat(100_000)
    const answer = await ask({ text })
    expect(answer.text).toContain(text)
    expect(await record()).toMatchObject({ outcome: "completed", inputTokens: 12, outputTokens: 5 })
  })

  it("estimates and says so where a provider reports no usage", async () => {
    await ask({ usage: null })
    expect(await record()).toMatchObject({ data: { usageEstimated: true } })
  })

  it("counts nothing as used where a provider refuses", async () => {
    await ask({ error: { status: 500 } })
    expect(await record()).toMatchObject({ outcome: "failed", inputTokens: 0, costMicroUsd: 0, data: null })
  })

  it("counts the usage of the deployment that answers after a refusal", async () => {
    await ask({ error: { status: 500 } }, { model: "pooled" })
    expect(await record()).toMatchObject({ outcome: "completed", inputTokens: 12, outputTokens: 5 })
  })

  it("T13 takes an error under a 200 for a failure", async () => {
    const body = JSON.stringify({ error: { message: "out of memory", type: "cuda", code: 500 } })
    const answer = await ask({ raw: { status: 200, headers: { "content-type": "application/json" }, body: [body] } })
    expect(answer.status).toBe(500)
    expect(errorOf(answer)).toEqual({ message: "out of memory", type: "cuda", param: null, code: "500" })
  })

  it("tries the next deployment when one cannot be reached, refuses our key or breaks off", async () => {
    for (const script of [
      { error: { status: 401 } },
      { error: { status: 500 } },
      { raw: { status: 200, headers: { "content-length": "999" }, body: ["{"], reset: true } },
    ]) {
      const answer = await ask(script, { model: "pooled" })
      expect(answer.headers["x-perdure-route"]).toBe("fake/spare")
      expect(answer.text).toContain("from the spare")
    }
    expect((await ask({ error: { status: 400, message: "no" } }, { model: "pooled" })).status).toBe(400)
  })

  it("answers with the caller's trace", async () => {
    provider.next({})
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    const answer = await rawPost(gateway.url, path, { model: "fast", messages }, { traceparent })
    expect(answer.headers["traceparent"]).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/)
    expect(answer.headers["traceparent"]).not.toBe(traceparent)
    expect(await record()).toMatchObject({ data: { traceId: "4bf92f3577b34da6a3ce929d0e0e4736" } })
  })
})

describe("errors", () => {
  it.each<[string, string, object]>([
    ["no JSON", "{oops", { status: 400, code: "invalid_json" }],
    ["brackets that do not match", '{"model":"fast","messages":[}}', { status: 400, code: "invalid_json" }],
    ["a list", "[]", { status: 400, code: "invalid_type" }],
    ["no model", '{"messages":[]}', { status: 400, code: "missing_required_parameter", param: "model" }],
    ["a model that is a number", '{"model":7}', { status: 400, code: "invalid_type", param: "model" }],
    ["a stream that is a text", '{"model":"fast","stream":"yes"}', { status: 400, code: "invalid_type", param: "stream" }],
    ["an unknown model", '{"model":"fasst"}', { status: 404, code: "model_not_found", param: "model" }],
    ["too large a body", `{"model":"fast","x":"${"x".repeat(10_000)}"}`, { status: 413, code: "request_too_large" }],
  ])("E1 answers %s with all four keys", async (_, body, { status, ...error }: { status?: number }) => {
    const answer = await rawPost(gateway.url, path, body)
    expect(answer.status).toBe(status)
    expect(errorOf(answer)).toMatchObject({ type: "invalid_request_error", param: null, ...error })
    expect(Object.keys(errorOf(answer)).sort()).toEqual(["code", "message", "param", "type"])
  })

  it("E1 refuses invalid UTF-8", async () => {
    const bytes = Buffer.from('{"model":"fast","user":"\u00e9"}', "latin1")
    const answer = await fetch(gateway.url + path, { method: "POST", headers: { authorization: `Bearer ${testKey}` }, body: bytes })
    expect(await answer.json()).toMatchObject({ error: { code: "invalid_json", message: expect.stringContaining("UTF-8") as string } })
  })

  it("E2 says which codes: wrong key, unknown model, context too long", async () => {
    const noKey = await rawPost(gateway.url, path, { model: "fast" }, { authorization: "Bearer nope" })
    expect([noKey.status, errorOf(noKey)["code"]]).toEqual([401, "invalid_api_key"])
    const unknown = await rawPost(gateway.url, path, { model: "fasst" })
    expect(errorOf(unknown)["message"]).toContain('Did you mean "fast"?')
    const tooLong = await ask({
      error: { status: 400, message: "too long", type: "invalid_request_error", code: "context_length_exceeded" },
    })
    expect([tooLong.status, errorOf(tooLong)["code"]]).toEqual([400, "context_length_exceeded"])
  })

  it("E3 tells a rate limit from an empty account", async () => {
    const limited = await ask({ error: { status: 429, message: "slow", code: "rate_limit_exceeded" } })
    expect(limited.headers["retry-after"]).toBe("1")
    const empty = await ask({
      error: { status: 429, message: "pay", type: "insufficient_quota", code: "insufficient_quota", headers: { "retry-after": "9" } },
    })
    expect(errorOf(empty)).toMatchObject({ type: "insufficient_quota", code: "insufficient_quota" })
    expect(empty.headers["retry-after"]).toBeUndefined()
    expect(empty.headers["x-should-retry"]).toBe("false")
  })

  it("E4 shows the provider's words without its address, and a refusal of our key as ours", async () => {
    const error = { status: 401, message: `Incorrect API key provided: sk-upstream-secret at ${provider.url}`, code: "invalid_api_key" }
    const answer = await ask({ error })
    expect(answer.status).toBe(502)
    expect(errorOf(answer)["code"]).toBe("upstream_error")
    expect(answer.text).not.toMatch(/secret|127\.0\.0\.1/)
    const gone = await rawPost(gateway.url, path, { model: "nowhere", messages })
    expect([gone.status, errorOf(gone)["code"]]).toEqual([502, "upstream_error"])
    expect(gone.text).not.toContain("127.0.0.1")
  })

  it("T4 ends a call whose provider stays silent", async () => {
    const answer = await ask({ hang: true })
    expect([answer.status, errorOf(answer)["code"]]).toEqual([504, "upstream_timeout"])
  })

  it("records calls that failed", async () => {
    await ask({ error: { status: 500, message: "boom", code: "x" } })
    expect(await record()).toMatchObject({ outcome: "failed", status: 500, error: { code: "x", message: "boom" } })
  })
})

describe("models of this process", () => {
  it("C1 C2 C3 C7 streams chunks of one id, the role first, one finish reason, then [DONE]", async () => {
    const answer = await rawPost(gateway.url, path, { model: "here", messages, stream: true })
    const chunks = answer.writes.slice(0, -1).map((write) => JSON.parse(write.slice(6)) as Record<string, unknown>)
    expect(answer.writes.at(-1)).toBe("data: [DONE]\n\n")
    expect(new Set(chunks.map(({ id, created, model, object }) => JSON.stringify([id, created, model, object]))).size).toBe(1)
    expect(chunks[0]).toMatchObject({
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }],
    })
    expect(chunks.map((chunk) => (chunk["choices"] as { finish_reason: unknown }[])[0]?.finish_reason)).toEqual([null, null, null, "stop"])
    expect(answer.text).not.toContain("usage")
    expect(await record()).toMatchObject({
      deployment: "perdure/here",
      inputTokens: 5,
      outputTokens: 2,
      cachedTokens: 1,
      costKnown: true,
      costMicroUsd: 0,
    })
  })

  it("C4 C15 streams usage in an extra chunk to a client that asked", async () => {
    const answer = await rawPost(gateway.url, path, { model: "here", messages, stream: true, stream_options: { include_usage: true } })
    const chunks = answer.writes.slice(0, -1).map((write) => JSON.parse(write.slice(6)) as Record<string, unknown>)
    expect(chunks.slice(0, -1).every((chunk) => chunk["usage"] === null)).toBe(true)
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, prompt_tokens_details: { cached_tokens: 1 } },
    })
  })

  it("C8 C14 C16 answers JSON with tool calls, refusals and both names of reasoning", async () => {
    nativeEvents = async function* () {
      yield { type: "reasoning-delta", text: "hmm" }
      yield { type: "tool-call-started", index: 0, callId: "call_1", name: "weather" }
      yield { type: "tool-call-delta", index: 0, arguments: '{"a":' }
      yield { type: "tool-call-delta", index: 0, arguments: "1}" }
      yield finished("tool_calls")
    }
    const answer = JSON.parse((await rawPost(gateway.url, path, { model: "here", messages })).text) as object
    const call = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"a":1}' } }
    expect(answer).toMatchObject({
      choices: [
        {
          message: { content: null, refusal: null, reasoning: "hmm", reasoning_content: "hmm", tool_calls: [call] },
          finish_reason: "tool_calls",
        },
      ],
    })
    expect(JSON.stringify(answer)).toContain('"annotations":[]')
  })

  it("parses the request into a model call", async () => {
    const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }]
    await rawPost(gateway.url, path, {
      model: "here",
      messages: [
        { role: "developer", content: "be brief" },
        {
          role: "user",
          content: [
            { type: "text", text: "look" },
            { type: "image_url", image_url: { url: "data:x" } },
          ],
        },
        { role: "assistant", content: null, tool_calls: [{ id: "call_1", type: "function", function: { name: "f", arguments: "{}" } }] },
        { role: "tool", tool_call_id: "call_1", content: "42" },
      ],
      tools,
      tool_choice: { type: "function", function: { name: "f" } },
      max_tokens: 5,
      stop: "END",
      x_unknown: 1,
    })
    expect(nativeCall).toMatchObject({
      messages: [
        { role: "system", content: [{ type: "text", text: "be brief" }] },
        {
          role: "user",
          content: [
            { type: "text", text: "look" },
            { type: "image", url: "data:x" },
          ],
        },
        { role: "assistant", content: [], toolCalls: [{ callId: "call_1", name: "f", arguments: "{}" }] },
        { role: "tool", callId: "call_1", content: "42" },
      ],
      tools: [{ name: "f", description: null, strict: null }],
      toolChoice: { name: "f" },
      outputTokensMax: 5,
      stop: ["END"],
    })
  })

  it.each<[object, string, string]>([
    [{ messages: [] }, "invalid_request", "messages"],
    [{ messages: [{ role: "user" }] }, "missing_required_parameter", "messages[0].content"],
    [{ messages, temperature: "hot" }, "invalid_type", "temperature"],
    [{ messages, tool_choice: { type: "function", function: { name: "g" } } }, "unsupported_value", "tool_choice"],
  ])("refuses %j with the path", async (body, code, param) => {
    const answer = await rawPost(gateway.url, path, { model: "here", ...body })
    expect(answer.status).toBe(400)
    expect(errorOf(answer)).toMatchObject({ param })
    expect([code, "invalid_request"]).toContain(errorOf(answer)["code"])
  })

  it("T8 turns what a model throws into a status before content, and into an error frame after it, without internals", async () => {
    nativeEvents = async function* () {
      yield* []
      throw new AppError("overloaded", "too much at once")
    }
    expect((await rawPost(gateway.url, path, { model: "here", messages, stream: true })).status).toBe(503)
    nativeEvents = async function* () {
      yield { type: "text-delta", text: "a" }
      throw new Error("secret internals")
    }
    const answer = await rawPost(gateway.url, path, { model: "here", messages, stream: true })
    expect(answer.text).not.toContain("[DONE]")
    expect(answer.text).not.toContain("secret")
    expect(answer.writes.at(-1)).toContain('"code":"server_error"')
    expect(JSON.stringify(gateway.logged.map(String))).toBeDefined()
    expect(gateway.logged.length).toBeGreaterThan(0)
  })

  it("T7 stops the model when its client leaves", async () => {
    let stopped = false
    nativeEvents = async function* (_, signal) {
      try {
        yield { type: "text-delta", text: "a" }
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)))
      } finally {
        stopped = true
      }
    }
    const stop = new AbortController()
    const stream = await client.chat.completions.create({ model: "here", messages, stream: true }, { signal: stop.signal })
    for await (const _ of stream) {
      stop.abort()
      break
    }
    await expect.poll(() => stopped, { timeout: 20_000 }).toBe(true)
    expect(await record()).toMatchObject({ outcome: "cancelled", outputTokens: 1 })
  })
})

describe("the openai client", () => {
  it.each(["fast", "here"])("streams and collects text from %s", async (model) => {
    provider.always({ text: "Hello you" })
    const stream = await client.chat.completions.create({ model, messages, stream: true })
    let text = ""
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ""
    expect(text).toBe("Hello you")
    const completion = await client.chat.completions.create({ model, messages })
    expect(completion.choices[0]?.message.content).toBe("Hello you")
    expect(completion._request_id).toMatch(/^req_/)
  })

  it("assembles streamed tool calls and usage", async () => {
    provider.next({
      toolCalls: [
        { id: "call_1", name: "f", arguments: ['{"a"', ":1}"] },
        { id: "call_2", name: "g", arguments: "{}" },
      ],
    })
    const completion = await client.chat.completions
      .stream({ model: "fast", messages, stream_options: { include_usage: true } })
      .finalChatCompletion()
    expect(completion.choices[0]?.message.tool_calls).toMatchObject([
      { id: "call_1", function: { name: "f", arguments: '{"a":1}' } },
      { id: "call_2", function: { name: "g", arguments: "{}" } },
    ])
    expect(completion.usage?.total_tokens).toBe(17)
  })

  it("raises its own error classes", async () => {
    const wrong = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "nope", maxRetries: 0 })
    await expect(wrong.models.list()).rejects.toBeInstanceOf(AuthenticationError)
    await expect(wrong.chat.completions.create({ model: "fast", messages })).rejects.toBeInstanceOf(AuthenticationError)
    await expect(client.chat.completions.create({ model: "fasst", messages })).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
    })
    provider.next({ text: "one two three", ending: "eof", framesMax: 3 })
    const stream = await client.chat.completions.create({ model: "fast", messages, stream: true })
    await expect(async () => {
      for await (const _ of stream);
    }).rejects.toThrow("in the middle of the answer")
  })

  it("retries a 429 by itself and succeeds", async () => {
    provider.next({ error: { status: 429, code: "rate_limit_exceeded", headers: { "retry-after-ms": "20" } } }, { text: "second" })
    const retrying = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: testKey, maxRetries: 1 })
    expect((await retrying.chat.completions.create({ model: "fast", messages })).choices[0]?.message.content).toBe("second")
  })

  it("lists and finds models", async () => {
    const names = []
    for await (const model of client.models.list()) names.push(model.id)
    expect(names).toEqual(["fast", "same-name", "pooled", "nowhere", "here"])
    expect(await client.models.retrieve("same-name")).toMatchObject({
      id: "same-name",
      object: "model",
      created: 1_700_000_000,
      owned_by: "test",
    })
    await expect(client.models.retrieve("hers")).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining('Did you mean "here"?') as string,
    })
  })
})
