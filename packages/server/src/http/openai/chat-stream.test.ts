// Streamed chat completions through the gateway, on real sockets: the lines T1 to T17 and C4 to C13 of what clients expect.
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeAnswer } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testKey, testModel, type RawAnswer } from "../../testing/gateway.ts"

const provider = await startFakeProvider()
const spare = await startFakeProvider({ text: "from the spare" })
const limits = { headHoldMs: 1_500, keepAliveMs: 400, firstTokenTimeoutMs: 12_000, idleTimeoutMs: 10_000, connectTimeoutMs: 1_000 }
const gateway = await startTestGateway({
  models: [
    testModel("fast", testDeployment(provider.url)),
    testModel("pooled", testDeployment(provider.url, { id: "fake/first" }), testDeployment(spare.url, { id: "fake/spare", priority: 1 })),
    testModel("nowhere", testDeployment("http://127.0.0.1:1/v1", { id: "fake/nowhere" })),
  ],
  limits,
})
/** For the limits of silence themselves: the others are so long that no slow machine reaches them. */
const impatient = await startTestGateway({
  models: [testModel("fast", testDeployment(provider.url))],
  limits: { ...limits, firstTokenTimeoutMs: 3_000, idleTimeoutMs: 3_000 },
})
afterAll(async () => {
  await impatient[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await spare[Symbol.asyncDispose]()
})
beforeEach(() => {
  gateway.records.length = 0
})

const messages = [{ role: "user", content: "hello" }]
const path = "/v1/chat/completions"
function ask(script: FakeAnswer, body: object = {}): Promise<RawAnswer> {
  provider.next(script)
  return rawPost(gateway.url, path, { model: "fast", stream: true, messages, ...body })
}
function askImpatient(script: FakeAnswer): Promise<RawAnswer> {
  impatient.records.length = 0
  provider.next(script)
  return rawPost(impatient.url, path, { model: "fast", stream: true, messages })
}
function chunksOf(answer: RawAnswer): Record<string, unknown>[] {
  const frames = answer.text.split("\n\n").filter((frame) => frame.startsWith("data: {"))
  return frames.map((frame) => JSON.parse(frame.slice(6)) as Record<string, unknown>)
}
function textOf(answer: RawAnswer): string {
  return chunksOf(answer)
    .map((chunk) => (chunk["choices"] as { delta: { content?: string } }[] | undefined)?.[0]?.delta.content ?? "")
    .join("")
}
async function record() {
  await expect.poll(() => gateway.records.length, { timeout: 20_000 }).toBe(1)
  return gateway.records[0]
}

describe("transport", () => {
  it("T1 sends the head of an event stream, uncompressed and uncached", async () => {
    const answer = await ask({}, {})
    expect(answer.status).toBe(200)
    expect(answer.headers).toMatchObject({ "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" })
    expect(answer.headers["content-encoding"]).toBeUndefined()
  })

  it.each<[string, FakeAnswer]>([
    ["one frame per read", { chunkDelayMs: 5 }],
    ["all frames in few reads", {}],
    ["three bytes per read", { text: ["Grüße 👋🏽", " und \u2028 mehr"], splitBytes: 3 }],
    ["CRLF", { lineEnd: "\r\n" }],
    ["CRLF in single bytes", { text: ["é", "ü"], lineEnd: "\r\n", splitBytes: 1 }],
  ])("T2 writes one frame per write, with LF and one data line (%s)", async (_, script) => {
    const answer = await ask(script)
    expect(answer.writes.length).toBeGreaterThan(3)
    // On a slow machine the upstream can be idle long enough for a keep-alive, which is a write of its own.
    for (const write of answer.writes) expect(write).toMatch(/^(?:data: [^\n\r]+|: ping)\n\n$/)
    expect(answer.writes.at(-1)).toBe("data: [DONE]\n\n")
  })

  it("T2 joins several data lines of one event and drops upstream's comments", async () => {
    const chunk =
      '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m",\ndata: "choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}'
    const headers = { "content-type": "text/event-stream" }
    const answer = await ask({ raw: { status: 200, headers, body: [": processing\n\n", `id: 7\ndata: ${chunk}\n\n`, "data: [DONE]\n\n"] } })
    expect(answer.writes).toHaveLength(2)
    expect(textOf(answer)).toBe("x")
  })

  it("T3 keeps an idle stream open with comments, unless that is switched off", async () => {
    const idle = await ask({ text: ["a ", "b"], chunkDelayMs: 1_200 })
    expect(idle.writes.filter((write) => write === ": ping\n\n").length).toBeGreaterThan(0)
    expect(textOf(idle)).toBe("a b")
    await using quiet = await startTestGateway({
      models: [testModel("fast", testDeployment(provider.url))],
      limits: { ...limits, keepAliveMs: 0 },
    })
    provider.next({ text: ["a ", "b"], chunkDelayMs: 1_200 })
    const silent = await rawPost(quiet.url, path, { model: "fast", stream: true, messages })
    expect([textOf(silent), silent.text.includes("ping")]).toEqual(["a b", false])
  })

  it.each<[string, FakeAnswer]>([
    ["before the first token", { hang: true }],
    ["before the first token, after the head", { ending: "hang", framesMax: 1 }],
  ])("T4 limits the silence %s", async (_, script) => {
    const answer = await askImpatient(script)
    expect(chunksOf(answer).at(-1)).toMatchObject({ error: { code: "upstream_timeout" } })
    await expect.poll(() => impatient.records.length, { timeout: 20_000 }).toBe(1)
    expect(impatient.records[0]).toMatchObject({ outcome: "failed", error: { code: "upstream_timeout" } })
  })

  it("T4 limits the silence between tokens", async () => {
    const answer = await askImpatient({ text: "one two three", ending: "hang", framesMax: 3 })
    expect(textOf(answer)).toBe("one two ")
    expect(chunksOf(answer).at(-1)).toMatchObject({
      error: { code: "upstream_timeout", message: expect.stringContaining("3000 ms") as string },
    })
  })

  it("T5 keeps characters whole wherever upstream splits its bytes", async () => {
    const text = "naïve 👩‍👩‍👧 ключ"
    for (const splitBytes of [1, 2, 3, 5, 7]) expect(textOf(await ask({ text: [text], splitBytes }))).toBe(text)
  })

  it.each(["\n", "\r\n"] as const)("T5 passes frames of megabytes, which come in many pieces, with line ends %j", async (lineEnd) => {
    const texts = ["ü".repeat(1_500_000), "short", "é".repeat(1_000_000)]
    expect(textOf(await ask({ text: texts, lineEnd, splitBytes: 100_001 }))).toBe(texts.join(""))
  })

  it("T7 aborts upstream when the client leaves before the first token, and bills the input", async () => {
    const before = provider.abortsCount
    provider.next({ hang: true })
    const stop = new AbortController()
    const asked = provider.requests.length
    const call = fetch(gateway.url + path, post({ stream: true }, stop.signal))
    await expect.poll(() => provider.requests.length, { timeout: 20_000 }).toBe(asked + 1)
    stop.abort()
    await expect(call).rejects.toThrow("abort")
    await expect.poll(() => provider.abortsCount, { timeout: 20_000 }).toBe(before + 1)
    expect(await record()).toMatchObject({
      outcome: "cancelled",
      status: 499,
      outputTokens: 0,
      firstTokenMs: null,
      data: { usageEstimated: true },
    })
    expect(gateway.records[0]?.inputTokens).toBeGreaterThan(0)
  })

  it("T7 aborts upstream when the client leaves in the middle, and bills what it got", async () => {
    const before = provider.abortsCount
    provider.next({ text: "one two three four", ending: "hang", framesMax: 4 })
    const stop = new AbortController()
    const answer = await fetch(gateway.url + path, post({ stream: true }, stop.signal))
    const reader = answer.body?.getReader()
    let text = ""
    while (!text.includes("three")) text += Buffer.from((await reader?.read())?.value ?? []).toString()
    stop.abort()
    await expect.poll(() => provider.abortsCount, { timeout: 20_000 }).toBe(before + 1)
    expect(await record()).toMatchObject({ outcome: "cancelled", outputTokens: 3, streamed: true, data: { usageEstimated: true } })
  })

  it("T7 aborts upstream when the client of a JSON call leaves, and bills the input", async () => {
    const before = provider.abortsCount
    provider.next({ hang: true })
    const stop = new AbortController()
    const asked = provider.requests.length
    const call = fetch(gateway.url + path, post({ stream: false }, stop.signal))
    await expect.poll(() => provider.requests.length, { timeout: 20_000 }).toBe(asked + 1)
    stop.abort()
    await expect(call).rejects.toThrow("abort")
    await expect.poll(() => provider.abortsCount, { timeout: 20_000 }).toBe(before + 1)
    expect(await record()).toMatchObject({ outcome: "cancelled", streamed: false })
    expect(gateway.records[0]?.inputTokens).toBeGreaterThan(0)
  })

  it.each<[string, FakeAnswer]>([
    ["closes cleanly", { text: "one two three", ending: "eof", framesMax: 3 }],
    ["breaks off inside a frame", { text: "one two three", ending: "reset", framesMax: 3 }],
  ])("T9 makes an error of an upstream that %s without a terminal marker", async (_, script) => {
    const answer = await ask(script)
    expect(answer.text).not.toContain("[DONE]")
    expect(chunksOf(answer).at(-1)).toMatchObject({
      error: { type: "server_error", param: null, code: expect.stringMatching(/^upstream_/) as string },
    })
    expect(await record()).toMatchObject({ outcome: "failed", status: 200 })
  })

  it("T9 takes a finish reason for the end although [DONE] never comes", async () => {
    const answer = await ask({ ending: "eof" })
    expect(answer.writes.at(-1)).toBe("data: [DONE]\n\n")
    expect(await record()).toMatchObject({ outcome: "completed" })
  })

  it("T10 passes unknown fields through, in and out", async () => {
    const frame =
      'data: {"id":"c","x_new":{"deep":[1e3]},"choices":[{"index":0,"delta":{"content":"a","x_more":"\\u00fc"},"finish_reason":"stop"}]}\n\n'
    const answer = await ask(
      { raw: { status: 200, headers: { "content-type": "text/event-stream" }, body: [frame, "data: [DONE]\n\n"] } },
      { x_mine: { a: 1.0 }, logit_bias: null },
    )
    expect(answer.writes[0]).toBe(frame)
    expect(provider.last?.body).toMatchObject({ x_mine: { a: 1 }, logit_bias: null })
  })

  it("T11 answers with a real status before the first byte", async () => {
    const answer = await ask({ error: { status: 503, message: "no capacity", type: "overloaded_error", code: "engine_overloaded" } })
    expect(answer.status).toBe(503)
    expect(answer.headers["content-type"]).toBe("application/json")
    expect(JSON.parse(answer.text)).toEqual({
      error: { message: "no capacity", type: "overloaded_error", param: null, code: "engine_overloaded" },
    })
  })

  it("T12 holds back the role until there is content, so that a failure before it is still a status", async () => {
    const answer = await ask({ streamError: { afterFrames: 1, message: "engine died", code: "dead" } })
    expect(answer.status).toBe(502)
    expect(JSON.parse(answer.text)).toMatchObject({ error: { message: "engine died", code: "dead" } })
  })

  it("T12 gives the head out when the hold-back is over, and errors into the stream after that", async () => {
    const answer = await ask({ firstChunkDelayMs: 3_000, streamError: { afterFrames: 0, message: "engine died" } })
    expect(answer.status).toBe(200)
    expect(chunksOf(answer)).toEqual([{ error: { message: "engine died", type: "server_error", param: null, code: "internal_error" } }])
    expect(answer.text).not.toContain("[DONE]")
  })

  it("T13 takes an error inside a 200 for a failure, and tries the next deployment", async () => {
    const answer = await ask({ streamError: { afterFrames: 1, message: "engine died" } }, { model: "pooled" })
    expect(textOf(answer)).toBe("from the spare")
    expect(answer.headers["x-perdure-route"]).toBe("fake/spare")
    expect(chunksOf(answer).filter((chunk) => JSON.stringify(chunk).includes('"role"'))).toHaveLength(1)
  })

  it("T15 hands the provider's retry-after on, in both headers", async () => {
    const answer = await ask({
      error: { status: 429, message: "slow", code: "rate_limit_exceeded", headers: { "retry-after-ms": "1500" } },
    })
    expect(answer.headers).toMatchObject({ "retry-after-ms": "1500", "retry-after": "2" })
  })

  it("T17 gives every answer its request id, streams and errors included", async () => {
    const answers = [
      await ask({}),
      await ask({ error: { status: 500 } }),
      await rawPost(gateway.url, path, "{"),
      await rawPost(gateway.url, path, {}, { authorization: "Bearer no" }),
    ]
    for (const { headers } of answers) expect(headers["x-request-id"]).toMatch(/^req_[0-9a-f]{32}$/)
    expect(new Set(answers.map(({ headers }) => headers["x-request-id"])).size).toBe(4)
  })
})

describe("chat completion chunks", () => {
  it("C4 gives the usage chunk to a client that asked, with usage: null before it", async () => {
    const chunks = chunksOf(await ask({ usage: { prompt_tokens: 7, completion_tokens: 3 } }, { stream_options: { include_usage: true } }))
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 3 } })
    expect(chunks.slice(0, -1).every((chunk) => chunk["usage"] === null)).toBe(true)
  })

  it.each<[string, FakeAnswer]>([
    ["on the last chunk", { usageAt: "last-chunk" }],
    ["on each chunk", { usageAt: "each-chunk" }],
    ["on the last chunk, without [DONE]", { usageAt: "last-chunk", ending: "eof" }],
  ])("C4 C6 gives one usage chunk, the last, and usage: null before it, where a provider tells usage %s", async (_, script) => {
    const usage = { prompt_tokens: 7, completion_tokens: 3 }
    const answer = await ask({ ...script, usage }, { stream_options: { include_usage: true } })
    const chunks = chunksOf(answer)
    const { id, created, model } = chunks[0] ?? {}
    expect(chunks.at(-1)).toMatchObject({ id, created, model, object: "chat.completion.chunk", choices: [], usage })
    expect(chunks.slice(0, -1).map((chunk) => chunk["usage"])).toEqual(chunks.slice(1).map(() => null))
    expect(chunks.at(-2)).toMatchObject({ choices: [{ finish_reason: "stop" }] })
    expect(answer.text.endsWith("data: [DONE]\n\n")).toBe(true)
    expect(await record()).toMatchObject({ inputTokens: 7, outputTokens: 3 })
  })

  it("C4 says usage: null where the provider leaves it out, and invents no usage chunk", async () => {
    const chunk = (choice: object): string =>
      `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [choice] })}\n\n`
    const body = [
      chunk({ index: 0, delta: { role: "assistant", content: 'hi "usage"' } }),
      chunk({ index: 0, delta: {}, finish_reason: "stop" }),
      "data: [DONE]\n\n",
    ]
    const raw = { status: 200, headers: { "content-type": "text/event-stream" }, body }
    const answer = await ask({ raw }, { stream_options: { include_usage: true } })
    expect(chunksOf(answer)).toMatchObject([{ usage: null, choices: [{ delta: { content: 'hi "usage"' } }] }, { usage: null }])
    expect((await ask({ raw })).text).not.toContain('"usage":')
  })

  it.each<[string, FakeAnswer, object]>([
    ["in an extra chunk", {}, {}],
    ["in an extra chunk, stream options given", {}, { stream_options: { include_usage: false, x: 1 } }],
    ["on the last chunk", { usageAt: "last-chunk" }, {}],
    ["on each chunk", { usageAt: "each-chunk" }, {}],
  ])("C5 asks upstream for usage, records it, and shows no usage to a client that did not ask (%s)", async (_, script, body) => {
    const answer = await ask({ ...script, usage: { prompt_tokens: 7, completion_tokens: 3, cached_tokens: 2, reasoning_tokens: 1 } }, body)
    expect(provider.last?.body["stream_options"]).toMatchObject({ include_usage: true })
    expect(answer.text).not.toContain("usage")
    expect(textOf(answer)).toBe("Hello from the fake provider.")
    expect(chunksOf(answer).at(-1)).toMatchObject({ choices: [{ finish_reason: "stop" }] })
    // 5 × 1 + 2 × 0.1 + 3 × 2 micro-dollars
    expect(await record()).toMatchObject({
      inputTokens: 7,
      outputTokens: 3,
      cachedTokens: 2,
      reasoningTokens: 1,
      costMicroUsd: 11,
      costKnown: true,
    })
  })

  it("C13 puts a failure in the middle into the stream and closes without [DONE]", async () => {
    const answer = await ask({ streamError: { afterFrames: 3, message: "died at http://10.0.0.7:8000/v1 with sk-upstream-secret" } })
    expect(chunksOf(answer).at(-1)).toEqual({
      error: { message: "died at [address] with [key]", type: "server_error", param: null, code: "internal_error" },
    })
    expect(answer.text).not.toContain("[DONE]")
  })

  it("C13 never lets garbage through", async () => {
    const headers = { "content-type": "text/event-stream" }
    const good = 'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n'
    const answer = await ask({ raw: { status: 200, headers, body: [good, "data: <html>oops</html>\n\n", good] } })
    expect(answer.text).not.toContain("html")
    expect(chunksOf(answer)).toHaveLength(2)
    expect(chunksOf(answer)[1]).toMatchObject({ error: { code: "upstream_error" } })
  })

  it("refuses a stream of another kind, and sends a whole answer as chunks", async () => {
    const html = await ask({ raw: { status: 200, headers: { "content-type": "text/html" }, body: ["<html>"] } })
    expect(html.status).toBe(502)
    const completion = {
      model: "m",
      choices: [{ index: 0, message: { role: "assistant", content: "whole" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 4, completion_tokens: 1 },
    }
    const json = await ask({ raw: { status: 200, headers: { "content-type": "application/json" }, body: [JSON.stringify(completion)] } })
    expect(textOf(json)).toBe("whole")
    expect(json.writes.at(-1)).toBe("data: [DONE]\n\n")
  })
})

function post(body: object, signal: AbortSignal): RequestInit {
  const headers = { authorization: `Bearer ${testKey}`, "content-type": "application/json" }
  return { method: "POST", headers, signal, body: JSON.stringify({ model: "fast", messages, ...body }) }
}
