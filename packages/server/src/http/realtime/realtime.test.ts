// Realtime sessions through the gateway, against a provider on a real WebSocket: where they go, what passes, what is counted.
import { describe, expect, it, vi } from "vitest"
import { responseDone, someUsage, startFakeRealtime } from "../../testing/fake-realtime.ts"
import { startTestGateway, testKey, testModel } from "../../testing/gateway.ts"
import { openSocket, refusalOf } from "../../testing/socket-client.ts"
import { briefKey, connect, gateway, got, other, provider, recorded, session, speaks, waiting } from "../../testing/realtime.ts"

describe("a session", () => {
  it("goes to the provider under its name of the model, with its key and not the client's", async () => {
    await session({ headers: { "openai-beta": "realtime=v1", "openai-safety-identifier": "u1", "x-other": "no" } })
    const { url, headers } = provider.last
    expect(url).toBe("/v1/realtime?model=gpt-realtime")
    expect(headers).toMatchObject({
      authorization: "Bearer sk-upstream-secret",
      "openai-beta": "realtime=v1",
      "openai-safety-identifier": "u1",
    })
    expect([headers["x-other"], headers.cookie, JSON.stringify(headers).includes(testKey)]).toEqual([undefined, undefined, false])
  })

  it("carries frames both ways as they are: text, sound, events that nobody knows, bytes", async () => {
    const client = await session()
    const words = '{"type":"session.update",  "session":{"instructions":"grüße 🎉"}}'
    client.send(words)
    client.send({ type: "input_audio_buffer.append", audio: Buffer.alloc(24_000).toString("base64") })
    client.send(Buffer.from([0, 255, 1]))
    const received = await got(provider, 3)
    expect(received[0]).toBe(words)
    expect(received[2]).toEqual(Buffer.from([0, 255, 1]))
    provider.last.say({ type: "response.output_audio.delta", delta: Buffer.alloc(48_000, 7).toString("base64") })
    provider.last.say({ type: "never.heard.of", weird: { a: [1] } })
    provider.last.socket.send(Buffer.from([9, 8]))
    expect(await client.next()).toMatchObject({ delta: Buffer.alloc(48_000, 7).toString("base64") })
    expect(await client.next()).toEqual({ type: "never.heard.of", weird: { a: [1] } })
    expect(await client.next()).toEqual({ binary: Buffer.from([9, 8]) })
  })

  it("W9 opens from a browser, whose key and wish for a beta session come as subprotocols", async () => {
    const client = await session({ protocols: ["realtime", `openai-insecure-api-key.${testKey}`, "openai-beta.realtime-v1"] })
    expect(client.socket.protocol).toBe("realtime")
    expect(provider.last.headers).toMatchObject({ authorization: "Bearer sk-upstream-secret", "openai-beta": "realtime=v1" })
    expect(provider.last.headers["sec-websocket-protocol"]).toBeUndefined()
  })

  it("finds Azure's sessions, of its v1 API and of the dated ones, and sends its header", async () => {
    await session({ query: "?model=azure" })
    expect([provider.last.url, provider.last.headers["api-key"]]).toEqual(["/openai/v1/realtime?model=my+voice", "sk-upstream-secret"])
    await session({ query: "?model=dated" })
    expect(provider.last.url).toBe("/openai/realtime?api-version=2025-04-01-preview&deployment=gpt-realtime")
  })

  it("opens where Azure's clients look for it, with their header and their name for the model", async () => {
    const headers = { "api-key": testKey }
    using client = await openSocket(gateway.url, "/openai/realtime?api-version=2024-10-01-preview&deployment=voice", { headers })
    expect(await client.next()).toMatchObject({ type: "session.created" })
    expect(provider.last.url).toBe("/v1/realtime?model=gpt-realtime")
  })

  it("a session that only transcribes says so to the provider", async () => {
    await session({ query: "?model=voice&intent=transcription" })
    expect(provider.last.url).toBe("/v1/realtime?intent=transcription")
  })

  it("W1 needs a key, W11 is served on no other path", async () => {
    expect((await refusalOf(gateway.url, "/v1/realtime?model=voice")).status).toBe(401)
    const options = { headers: { authorization: `Bearer ${testKey}` } }
    expect((await refusalOf(gateway.url, "/v1/realtime/calls", options)).status).toBe(426)
  })

  it.each([
    ["no model", "", "missing_required_parameter", "model"],
    ["an unknown model", "?model=no-such", "model_not_found", "model"],
    ["a model of another kind", "?model=words", "unsupported_value", "model"],
    ["a call", "?call_id=rtc_1", "unsupported_value", "call_id"],
  ])("%s is told as the dialect's error and closed with 4000", async (_name, query, code, param) => {
    const client = await connect({ query })
    expect(await client.next()).toMatchObject({
      type: "error",
      event_id: expect.stringMatching(/^evt_/) as string,
      error: { type: "invalid_request_error", code, param },
    })
    expect(await client.closed).toEqual({ code: 4000, reason: `invalid_request_error.${code}` })
    expect(await recorded("realtime.session")).toMatchObject([{ outcome: "failed", error: { code } }])
  })

  it("a deployment of another protocol is not asked", async () => {
    const before = provider.sessions.length
    const client = await connect({ query: "?model=claude" })
    expect(await client.next()).toMatchObject({ type: "error", error: { code: "feature_unavailable" } })
    expect(provider.sessions.length).toBe(before)
  })
})

describe("opening at the provider", () => {
  it("goes where the header of the upgrade says", async () => {
    const [before, beforeOther] = [provider.sessions.length, other.sessions.length]
    await session({ query: "?model=two", headers: { "x-perdure-routing": '{"only":["fake/second"]}' } })
    expect([provider.sessions.length - before, other.sessions.length - beforeOther]).toEqual([0, 1])
  })

  it("goes on to another deployment where the first refuses or is not there", async () => {
    for (const refusal of [
      { status: 500, body: "{}" },
      { status: 429, body: '{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}' },
      { status: 401, body: "{}" },
    ]) {
      provider.refusals.push(refusal)
      const before = other.sessions.length
      await session({ query: "?model=two" })
      expect([provider.refusals.length, other.sessions.length]).toEqual([0, before + 1])
    }
  })

  it.each([
    ["a fault of the provider", { status: 503, body: '{"error":{"message":"down","type":"server_error"}}' }, 1011, "server_error"],
    ["a limit", { status: 429, body: '{"error":{"message":"slow down","code":"rate_limit_exceeded"}}' }, 4000, "rate_limit_exceeded"],
    [
      "a refused key, which is not the client's",
      { status: 401, body: '{"error":{"message":"Incorrect API key provided: sk-upstream-secret"}}' },
      1011,
      "upstream_error",
    ],
    ["a redirect, which is not followed", { status: 302, body: "" }, 1011, "upstream_error"],
  ])("%s is told as the dialect's error", async (_name, refusal, code, errorCode) => {
    provider.refusals.push(refusal)
    const client = await connect()
    const event = await client.next()
    expect(event).toMatchObject({ type: "error" })
    expect(JSON.stringify(event)).toContain(errorCode)
    expect(JSON.stringify(event)).not.toContain("sk-upstream")
    expect((await client.closed).code).toBe(code)
    expect(await recorded("realtime.session")).toMatchObject([{ outcome: "failed", deployment: "fake/m" }])
  })

  it("a provider that does not answer is given up after connectTimeoutMs", async () => {
    const silent = await startFakeRealtime()
    silent.hangs = true
    await using impatient = await startTestGateway({
      models: [testModel("voice", speaks({ baseUrl: silent.url }))],
      limits: { connectTimeoutMs: 150 },
    })
    const client = await connect({ on: impatient })
    expect(await client.next()).toMatchObject({ type: "error", error: { code: "upstream_timeout" } })
    expect((await client.closed).code).toBe(1011)
    await silent[Symbol.asyncDispose]()
  })

  it("a provider that is not there is told without its address", async () => {
    await using nobody = await startTestGateway({ models: [testModel("voice", speaks({ baseUrl: "http://127.0.0.1:9/v1" }))] })
    const client = await connect({ on: nobody })
    const event = JSON.stringify(await client.next())
    expect([event.includes("upstream_error"), event.includes("127.0.0.1")]).toEqual([true, false])
  })
})

describe("counting", () => {
  it("each answer is a record with its tokens and their price, and the session one at its end", async () => {
    const client = await session()
    provider.last.say({ type: "response.created", response: { id: "resp_1" } })
    provider.last.say({ type: "response.output_audio.delta", delta: "AAAA" })
    provider.last.say(responseDone(someUsage))
    const [answer] = await recorded("realtime.response")
    expect(answer).toMatchObject({
      kind: "realtime",
      model: "voice",
      deployment: "fake/m",
      principal: "key_test",
      outcome: "completed",
      inputTokens: 132,
      outputTokens: 121,
      cachedTokens: 64,
      costMicroUsd: Math.round(64 * 0.1 + (132 - 64) * 1 + 121 * 2),
      costKnown: true,
      data: { id: "resp_1", audioInputTokens: 13, audioOutputTokens: 91 },
    })
    expect(answer?.firstTokenMs).not.toBeNull()
    client.socket.close(1000)
    const [whole] = await recorded("realtime.session")
    expect(whole).toMatchObject({ outcome: "completed", status: 101, inputTokens: 0, costMicroUsd: 0, data: { answers: 1 } })
    expect(answer?.data).toMatchObject({ session: whole?.id })
    expect(whole?.responseBytes).toBeGreaterThan(300)
  })

  it("words that look like an event are not one, and what cannot be read is passed on", async () => {
    const client = await session()
    provider.last.say({ type: "response.output_text.delta", delta: 'say "response.done" {"usage":{"input_tokens":9}}' })
    provider.last.say({ type: "conversation.item.added", item: { text: '"type":"response.done"' } })
    provider.last.socket.send('{"type":"response.done"')
    for (const said of ["output_text.delta", "conversation.item.added"]) expect((await client.next())["type"]).toContain(said)
    expect(await client.next()).toEqual({ text: '{"type":"response.done"' })
    client.socket.close(1000)
    await recorded("realtime.session")
    expect((await recorded("realtime.response")).map(({ outcome }) => outcome)).toEqual(["cancelled"]) // the delta began an answer that was never done
  })

  it("failed, cancelled and cut answers are recorded as what they were", async () => {
    await session()
    const failed = { status: "failed", status_details: { error: { type: "server_error", code: "boom", message: "it broke" } } }
    provider.last.say(responseDone(someUsage, failed))
    provider.last.say(responseDone(someUsage, { status: "cancelled" }))
    provider.last.say(responseDone(someUsage, { status: "incomplete" }))
    const found = await recorded("realtime.response", 3)
    expect(found.map(({ outcome, status, error }) => [outcome, status, error?.code])).toEqual([
      ["failed", 502, "boom"],
      ["cancelled", 499, undefined],
      ["completed", 200, undefined],
    ])
  })

  it("an answer without usage is estimated by what came of it", async () => {
    await session()
    provider.last.say({ type: "response.output_audio.delta", delta: Buffer.alloc(48_000).toString("base64") }) // a second
    provider.last.say(responseDone(null))
    const [answer] = await recorded("realtime.response")
    expect(answer).toMatchObject({ data: { usageEstimated: true } })
    expect(answer?.outputTokens).toBeGreaterThan(15)
    expect(answer?.outputTokens).toBeLessThan(25)
  })

  it("speech that is transcribed on the side is counted, at a price that nobody knows", async () => {
    await session()
    const usage = { type: "tokens", total_tokens: 22, input_tokens: 13, output_tokens: 9 }
    provider.last.say({ type: "conversation.item.input_audio_transcription.completed", item_id: "item_1", transcript: "hi", usage })
    provider.last.say({
      type: "conversation.item.input_audio_transcription.completed",
      item_id: "item_2",
      usage: { type: "duration", seconds: 3 },
    })
    expect(await recorded("realtime.transcription", 2)).toMatchObject([
      { inputTokens: 13, outputTokens: 9, costKnown: false, data: { id: "item_1" } },
      { inputTokens: 0, costKnown: false, data: { id: "item_2", seconds: 3 } },
    ])
  })

  it("a limit is reserved before each answer: the session ends when there is no room for another", async () => {
    const client = await session({ headers: { authorization: `Bearer ${briefKey}` } })
    provider.last.say(responseDone(someUsage))
    expect(await client.next()).toMatchObject({ type: "response.done" })
    provider.last.say(responseDone(someUsage))
    expect(await client.next()).toMatchObject({ type: "response.done" })
    const left = { name: "requests", limit: 2, remaining: 0, reset_seconds: expect.any(Number) as number }
    const told = { type: "rate_limits.updated", event_id: expect.stringMatching(/^evt_/) as string, rate_limits: [left] }
    expect(await client.next()).toEqual(told)
    expect(await client.next()).toMatchObject({ type: "error", error: { code: "rate_limit_exceeded" } })
    expect((await client.closed).code).toBe(4000)
    await vi.waitFor(() => expect(provider.last.closed?.code).toBe(1000), waiting)
    const refused = await connect({ headers: { authorization: `Bearer ${briefKey}` } })
    expect(await refused.next()).toMatchObject({ type: "rate_limits.updated", rate_limits: [{ name: "requests", limit: 2 }] })
    expect(await refused.next()).toMatchObject({ type: "error", error: { code: "rate_limit_exceeded" } })
  })
})

it("nothing reached an error handler", () => {
  expect(gateway.logged).toEqual([])
})
