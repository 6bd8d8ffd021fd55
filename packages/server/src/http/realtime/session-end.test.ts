// How realtime sessions end, and what happens while one side does not read: each end learns of the other's.
import { describe, expect, it, vi } from "vitest"
import { defaultLimits } from "../../core/index.ts"
import { responseDone, someUsage } from "../../testing/fake-realtime.ts"
import { startTestGateway, testPrincipal } from "../../testing/gateway.ts"
import { provider, recorded, session, voice, waiting } from "../../testing/realtime.ts"

describe("the end", () => {
  it("of the client reaches the provider at once, with its code", async () => {
    const client = await session()
    client.socket.close(3001, "bye")
    await vi.waitFor(() => expect(provider.last.closed).toEqual({ code: 3001, reason: "bye" }), waiting)
    expect(await recorded("realtime.session")).toMatchObject([{ outcome: "completed" }])
  })

  it("of a client that breaks off in the middle of an answer cuts the provider, and what was said is paid", async () => {
    const client = await session()
    provider.last.say({ type: "response.created", response: {} })
    provider.last.say({ type: "response.output_audio.delta", delta: Buffer.alloc(96_000).toString("base64") })
    await client.next()
    await client.next()
    client.socket.terminate()
    await vi.waitFor(() => expect(provider.last.closed?.code).toBe(1006), waiting)
    const [answer] = await recorded("realtime.response")
    expect(answer).toMatchObject({ outcome: "cancelled", status: 499, data: { usageEstimated: true } })
    expect([answer?.outputTokens ?? 0, answer?.costMicroUsd ?? 0].every((value) => value > 30)).toBe(true)
  })

  it("of the provider with a goodbye is carried to the client, code and reason", async () => {
    const client = await session()
    provider.last.say({ type: "error", error: { type: "invalid_request_error", code: "session_expired", message: "over" } })
    provider.last.socket.close(4001, "session_expired")
    expect(await client.next()).toMatchObject({ error: { message: "over" } })
    expect(await client.closed).toEqual({ code: 4001, reason: "session_expired" })
    expect(await recorded("realtime.session")).toMatchObject([{ outcome: "completed" }])
  })

  it("of a provider that breaks off is told the client as an error, and recorded as a failure", async () => {
    const client = await session()
    provider.last.socket.terminate()
    expect(await client.next()).toMatchObject({ type: "error", error: { type: "server_error", code: "upstream_stream_ended" } })
    expect((await client.closed).code).toBe(1011)
    expect(await recorded("realtime.session")).toMatchObject([{ outcome: "failed", status: 502, error: { code: "upstream_stream_ended" } }])
  })

  it("of a key that is revoked ends both sides", async () => {
    await using own = await startTestGateway({ models: voice, keys: { "sk-gone": testPrincipal } })
    const client = await session({ on: own, headers: { authorization: "Bearer sk-gone" } })
    own.forget("sk-gone")
    expect(await client.next()).toMatchObject({ type: "error", error: { code: "invalid_api_key" } })
    expect((await client.closed).code).toBe(1008)
    await vi.waitFor(() => expect(provider.last.closed?.code).toBe(1000), waiting)
  })

  it("comes after a time without a word, and after the whole time of a session", async () => {
    await using still = await startTestGateway({ models: voice, limits: { realtimeIdleMs: 400 } })
    const silent = await session({ on: still })
    for (let each = 0; each < 6; each++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      silent.send({ type: "input_audio_buffer.append" })
    }
    expect(silent.socket.readyState).toBe(silent.socket.OPEN)
    expect(await silent.next()).toMatchObject({ type: "error", error: { code: "session_expired" } })
    expect(await silent.closed).toEqual({ code: 4000, reason: "invalid_request_error.session_expired" })

    await using short = await startTestGateway({ models: voice, limits: { realtimeLifeMs: 300 } })
    const client = await session({ on: short })
    const talking = setInterval(() => client.send({ type: "x" }), 50)
    expect(await client.next()).toMatchObject({ type: "error", error: { code: "session_expired" } })
    clearInterval(talking)
    expect(defaultLimits.realtimeLifeMs).toBe(60 * 60 * 1000)
  })

  it("of the server lets an answer end, tells why, and closes", async () => {
    const stopping = await startTestGateway({ models: voice })
    const idle = await session({ on: stopping })
    const client = await session({ on: stopping })
    const answering = provider.last
    answering.say({ type: "response.created", response: {} })
    expect(await client.next()).toMatchObject({ type: "response.created" })
    const stopped = stopping[Symbol.asyncDispose]()
    expect(await idle.next()).toMatchObject({ type: "error", error: { code: "shutting_down" } })
    expect((await idle.closed).code).toBe(1001)
    answering.say(responseDone(someUsage))
    expect(await client.next()).toMatchObject({ type: "response.done" })
    expect(await client.next()).toMatchObject({ type: "error", error: { code: "shutting_down" } })
    expect((await client.closed).code).toBe(1001)
    await stopped
  })

  it("a message over the limit closes with 1009 on its side, and the other is closed too", async () => {
    await using small = await startTestGateway({ models: voice, limits: { realtimeMessageBytesMax: 2_000 } })
    const client = await session({ on: small })
    client.send({ type: "x", audio: "a".repeat(4_000) })
    expect((await client.closed).code).toBe(1009)
    await vi.waitFor(() => expect(provider.last.closed).toBeDefined(), waiting)
    const another = await session({ on: small })
    provider.last.say({ type: "x", audio: "a".repeat(4_000) })
    expect(await another.next()).toMatchObject({ type: "error" })
    await another.closed
  })
})

describe("slow readers", () => {
  const piece = { type: "response.output_audio.delta", delta: "A".repeat(64 * 1024) }
  const limits = { socketBufferedBytesMax: 128 * 1024 }

  /** Sends until it has stayed the same for a while; gives what was handed over. */
  async function fill(send: () => void, pending: () => number): Promise<number> {
    let sent = 0
    for (let still = 0; still < 8 && sent < 2_000;) {
      const before = pending()
      for (let each = 0; each < 10; each++) send()
      sent += 10
      await new Promise((resolve) => setTimeout(resolve, 10))
      still = pending() > before ? still + 1 : 0
    }
    return sent
  }

  it("a client that does not read stops the provider, and gets all when it reads again", async () => {
    await using slow = await startTestGateway({ models: voice, limits })
    const client = await session({ on: slow })
    client.socket.pause()
    const { last } = provider
    const { socket } = last
    const sent = await fill(
      () => last.say(piece),
      () => socket.bufferedAmount,
    )
    expect(sent).toBeLessThan(2_000) // the pressure reached the provider
    client.socket.resume()
    for (let each = 0; each < sent; each++) await client.next()
    await vi.waitFor(() => expect(socket.bufferedAmount).toBe(0), waiting)
  })

  it("a provider that does not read stops the client", async () => {
    await using slow = await startTestGateway({ models: voice, limits })
    const client = await session({ on: slow })
    const { socket, received } = provider.last
    socket.pause()
    const sent = await fill(
      () => client.send(piece),
      () => client.socket.bufferedAmount,
    )
    expect(sent).toBeLessThan(2_000)
    socket.resume()
    await vi.waitFor(() => expect(received.length).toBe(sent), waiting)
  })

  it("a client that left while it was not read is noticed by its missing sign of life", async () => {
    await using slow = await startTestGateway({ models: voice, limits: { ...limits, socketPingMs: 500 } })
    const client = await session({ on: slow, options: { autoPong: false } })
    client.socket.pause()
    await fill(
      () => provider.last.say(piece),
      () => provider.last.socket.bufferedAmount,
    )
    await vi.waitFor(() => expect(provider.last.closed).toBeDefined(), waiting)
  })
})
