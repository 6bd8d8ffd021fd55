// The shell around all routes: keys, limits, error shapes, health, event streams off the hot path, and a close that drains.
import { Hono } from "hono"
import { connect } from "node:net"
import { once } from "node:events"
import { setTimeout as delay } from "node:timers/promises"
import { afterAll, describe, expect, it } from "vitest"
import { z } from "zod"
import { AppError, sseEvent } from "../core/index.ts"
import { StoreError } from "../store/index.ts"
import { startFakeProvider } from "../testing/fake-provider.ts"
import { startTestGateway, testDeployment, testKey, testModel } from "../testing/gateway.ts"
import type { HttpEnv } from "./env.ts"
import { readBody } from "./request-body.ts"
import { openSse, type SseWriter } from "./sse-writer.ts"

const provider = await startFakeProvider()
const routes = new Hono<HttpEnv>()
let writer: SseWriter | undefined
routes.post("/v1/echo", async (context) =>
  context.json({
    principal: context.get("principal").id,
    got: await readBody(context, z.strictObject({ a: z.number(), b: z.string().optional() })),
  }),
)
routes.get("/v1/throw/:what", (context) => {
  const { what } = context.req.param()
  if (what === "refused") throw new StoreError("server_error", 'relation "secret_table" does not exist', { sqlState: "42P01" })
  if (what === "gone") throw new StoreError("database_unavailable", "no route to secret-host", { retryAfterMs: 1_000 })
  throw what === "app" ? new AppError("conflict", "it is taken", { hint: "Take another." }) : new Error("secret internals")
})
routes.get("/v1/stream", async (context) => {
  writer = openSse(context, { keepAliveMs: Number(context.req.query("keepAliveMs") ?? 0), headers: { "x-mine": "1" } })
  await writer.write(sseEvent("one", { n: 1 }))
  if (context.req.query("end") !== undefined) writer.end()
  return writer.response
})
const gateway = await startTestGateway({
  models: [testModel("fast", testDeployment(provider.url))],
  routes: [routes],
  limits: { requestBodyBytesMax: 1_000, drainMs: 3_000 },
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

interface Sent {
  method?: string
  body?: string | Uint8Array<ArrayBuffer> | ReadableStream
  headers?: Record<string, string>
  signal?: AbortSignal
}
function ask(path: string, { headers, ...options }: Sent = {}): Promise<Response> {
  // `duplex` is required for streamed bodies, and unknown to the types.
  const init = { ...options, duplex: "half", headers: { authorization: `Bearer ${testKey}`, ...headers } } as RequestInit
  return fetch(gateway.url + path, init)
}
const errorOf = async (answer: Response): Promise<Record<string, unknown>> =>
  ((await answer.json()) as { error: Record<string, unknown> }).error
const post = (body: string | Uint8Array<ArrayBuffer>): Sent => ({
  method: "POST",
  body,
  headers: { "content-type": "application/json" },
})

describe("the shell", () => {
  it("needs a key under /v1, by either header, and says which is missing", async () => {
    const none = await fetch(`${gateway.url}/v1/models`)
    expect([none.status, await errorOf(none)]).toMatchObject([401, { code: "invalid_api_key", type: "invalid_request_error", param: null }])
    const wrong = await ask("/v1/models", { headers: { authorization: "Bearer sk-nope" } })
    expect(JSON.stringify(await errorOf(wrong))).not.toContain("sk-nope")
    expect((await fetch(`${gateway.url}/v1/models`, { headers: { "x-api-key": testKey } })).status).toBe(200)
  })

  it("gives every answer a request id and answers a trace", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    const answer = await ask("/v1/models", { headers: { traceparent } })
    expect(answer.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/)
    expect(answer.headers.get("traceparent")).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/)
    expect((await ask("/v1/nope")).headers.get("x-request-id")).toMatch(/^req_/)
  })

  it.each<[string | Uint8Array<ArrayBuffer>, object]>([
    ["", { code: "invalid_json" }],
    ["{", { code: "invalid_json" }],
    [Uint8Array.from([0x7b, 0xff, 0x7d]), { code: "invalid_json", message: expect.stringContaining("UTF-8") as string }],
    ["[1]", { code: "invalid_type" }],
    ["{}", { code: "missing_required_parameter", param: "a" }],
    ['{"a":"1"}', { code: "invalid_type", param: "a" }],
    ['{"a":1,"c":1}', { code: "unknown_parameter", param: "c" }],
  ])("refuses the body %s", async (body, error) => {
    const answer = await ask("/v1/echo", post(body))
    expect(answer.status).toBe(400)
    expect(await errorOf(answer)).toMatchObject(error)
  })

  it("hands the principal to the handler", async () => {
    expect(await (await ask("/v1/echo", post('{"a":1}'))).json()).toEqual({ principal: "key_test", got: { a: 1 } })
  })

  it("names the limit that a body exceeds, announced or not", async () => {
    const announced = await ask("/v1/echo", post(`{"a":"${"x".repeat(2_000)}"}`))
    expect([announced.status, (await errorOf(announced))["message"]]).toEqual([413, expect.stringContaining("requestBodyBytesMax")])
    const body = new ReadableStream({ start: (out) => (out.enqueue(new Uint8Array(2_000)), out.close()) })
    const streamed = await ask("/v1/echo", { method: "POST", body })
    expect(streamed.status).toBe(413)
  })

  it("keeps no body of whoever has no key, and none of a GET", async () => {
    const head = "host: localhost\r\ntransfer-encoding: chunked\r\n"
    expect(await statusOf(`POST /anything HTTP/1.1\r\n${head}\r\n5\r\nhello\r\n`)).toContain("404")
    expect(await statusOf(`POST /v1/echo HTTP/1.1\r\n${head}\r\n5\r\nhello\r\n`)).toContain("401")
    expect(await statusOf(`GET /v1/models HTTP/1.1\r\n${head}authorization: Bearer ${testKey}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`)).toContain(
      "200",
    )
  })

  it("says that the database failed, and nothing of what it said", async () => {
    const refused = await ask("/v1/throw/refused")
    expect([refused.status, await errorOf(refused)]).toMatchObject([500, { code: "server_error" }])
    const gone = await ask("/v1/throw/gone")
    expect([gone.status, gone.headers.get("retry-after")]).toEqual([503, "1"])
    expect(JSON.stringify([await errorOf(gone), await errorOf(await ask("/v1/throw/refused"))])).not.toMatch(/secret/)
    expect(gateway.logged.some((fields) => "error" in fields && String(fields.error).includes("secret_table"))).toBe(true)
  })

  it("answers unknown routes with the nearest one, and wrong methods with the right ones", async () => {
    const unknown = await ask("/v1/chat/completion", { method: "POST" })
    expect([unknown.status, (await errorOf(unknown))["message"]]).toEqual([
      404,
      expect.stringContaining("Did you mean /v1/chat/completions?"),
    ])
    const wrong = await ask("/v1/chat/completions")
    expect([wrong.status, (await errorOf(wrong))["message"]]).toEqual([405, expect.stringContaining("It takes POST")])
    expect((await ask("/v1/models", { method: "DELETE" })).status).toBe(405)
  })

  it("shows the hint of a known failure and nothing of an unknown one", async () => {
    const known = await ask("/v1/throw/app")
    expect([known.status, await errorOf(known)]).toMatchObject([409, { message: "it is taken. Take another.", code: "conflict" }])
    const unknown = await ask("/v1/throw/other")
    const error = await errorOf(unknown)
    expect([unknown.status, error["code"], error["message"]]).toEqual([
      500,
      "server_error",
      expect.stringContaining(unknown.headers.get("x-request-id") ?? "?"),
    ])
    expect(JSON.stringify(error)).not.toContain("secret")
    expect(gateway.logged.length).toBeGreaterThan(0)
  })

  it("answers health and metrics without a key", async () => {
    expect(await (await fetch(`${gateway.url}/health/live`)).json()).toEqual({ status: "ok" })
    expect(await (await fetch(`${gateway.url}/health/ready`)).json()).toEqual({ status: "ok" })
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toBe("up 1\n")
  })

  it("refuses strange hosts and the pages of strangers on a local port", async () => {
    expect(await statusOf("GET /health/live HTTP/1.1\r\nhost: evil.example\r\n\r\n")).toContain("403")
    const host = new URL(gateway.url).host
    expect(await statusOf(`GET /health/live HTTP/1.1\r\nhost: ${host}\r\norigin: https://evil.example\r\n\r\n`)).toContain("403")
    expect(await statusOf(`GET /health/live HTTP/1.1\r\nhost: localhost:1\r\n\r\n`)).toContain("200")
    const preflight = { method: "OPTIONS", headers: { origin: "https://evil.example", "access-control-request-method": "POST" } }
    expect((await errorOf(await ask("/v1/chat/completions", preflight)))["message"]).toContain("for WebSockets alone, name the origin")
    expect(await statusOf(`GET /health/live HTTP/1.1\r\nhost: ${host}\r\norigin: http://${host}\r\n\r\n`)).toContain("200")
  })

  it("W11 answers an upgrade with 426", async () => {
    const upgrade = "connection: upgrade\r\nupgrade: websocket\r\n"
    expect(await statusOf(`GET /v1/responses HTTP/1.1\r\nhost: localhost\r\n${upgrade}\r\n`)).toContain("426")
  })
})

describe("event streams off the hot path", () => {
  it("writes whole frames and keeps an idle stream open with comments", async () => {
    const answer = await ask("/v1/stream?keepAliveMs=30")
    expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8")
    expect([answer.headers.get("x-mine"), answer.headers.get("x-request-id")]).toEqual(["1", expect.stringMatching(/^req_/)])
    await delay(150)
    await writer?.write(sseEvent("two", {}))
    writer?.end()
    const text = await answer.text()
    expect(text).toMatch(/^event: one\ndata: {"n":1}\n\n(: ping\n\n)+event: two\ndata: {}\n\n$/)
    expect(await writer?.write("late")).toBe(false)
  })

  it("waits for a reader that is slow, and stops when it leaves", async () => {
    const stop = new AbortController()
    await ask("/v1/stream", { signal: stop.signal })
    const open = writer
    let written = 0
    let full = false
    const big = sseEvent("big", "x".repeat(1_000_000))
    const writing = (async () => {
      for (; written < 200; written += 1) if (!(await open?.write(big))) return
      full = true
    })()
    await delay(200)
    expect(written).toBeLessThan(50)
    stop.abort()
    await writing
    expect([full, open?.signal.aborted]).toEqual([false, true])
    expect(open?.signal.reason).toMatchObject({ code: "client_closed_request" })
  })
})

describe("closing", () => {
  it("lets what is in flight end and refuses what is new", async () => {
    const closing = await startTestGateway({ models: [testModel("fast", testDeployment(provider.url))], limits: { drainMs: 20_000 } })
    provider.next({ delayMs: 400, text: "in time" })
    const asked = provider.requests.length
    const headers = { authorization: `Bearer ${testKey}`, "content-type": "application/json" }
    const body = JSON.stringify({ model: "fast", messages: [] })
    const inFlight = fetch(`${closing.url}/v1/chat/completions`, { method: "POST", headers, body })
    await expect.poll(() => provider.requests.length, { timeout: 20_000 }).toBe(asked + 1)
    const idle = connect(Number(new URL(closing.url).port), "127.0.0.1")
    await once(idle, "connect")
    idle.on("error", () => undefined)
    // A connection in the middle of a request is not idle: its request comes after the close.
    idle.write("GET /health/live HTTP/1.1\r\n")
    await delay(50)
    const closed = closing.server.close()
    idle.write("host: localhost\r\n\r\n")
    const [refusal] = (await once(idle, "data")) as [Buffer]
    expect(refusal.toString()).toMatch(/^HTTP\/1.1 503[^]*shutting_down/)
    expect(await (await inFlight).text()).toContain("in time")
    await closed
    await closing[Symbol.asyncDispose]()
  })
})

async function statusOf(request: string): Promise<string> {
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1")
  socket.write(request)
  const [data] = (await once(socket, "data")) as [Buffer]
  socket.destroy()
  return data.toString().split("\r\n")[0] ?? ""
}
