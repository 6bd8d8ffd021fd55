// Upgrades to WebSockets on a real server: who may open one, what every other path is answered, and how open ones end.
import { Hono } from "hono"
import { once } from "node:events"
import { connect } from "node:net"
import { afterEach, describe, expect, it, vi } from "vitest"
import { WebSocket, type ClientOptions } from "ws"
import { defaultLimits, newId, systemClock, type Limits } from "../../core/index.ts"
import { compileScope } from "../../security/index.ts"
import { fixedIdentity, testKey, testPrincipal } from "../../testing/gateway.ts"
import { newSocket, refusalOf } from "../../testing/socket-client.ts"
import { createApi } from "../api.ts"
import type { HttpEnv } from "../env.ts"
import { createHttpServer, type HttpServer } from "../server.ts"
import type { UpgradeCall, UpgradeRoute } from "./upgrades.ts"

const waiting = { timeout: 20_000, interval: 10 }
const opened: WebSocket[] = []
let servers: HttpServer[] = []
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.terminate()
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

interface Served {
  url: string
  server: HttpServer
  calls: UpgradeCall[]
  events: string[]
  logged: object[]
  keys: Record<string, typeof testPrincipal>
}

interface Wanted {
  allowedOrigins?: string[]
  limits?: Partial<Limits>
  /** What `drain` does beside being noted; closes when absent. */
  onDrain?: (call: UpgradeCall) => void
  open?: UpgradeRoute["open"]
}

async function serve({ limits = {}, onDrain, open, allowedOrigins = [] }: Wanted = {}): Promise<Served> {
  const keys: Record<string, typeof testPrincipal> = { [testKey]: testPrincipal }
  const calls: UpgradeCall[] = []
  const events: string[] = []
  const logged: object[] = []
  const route: UpgradeRoute = {
    messageBytesMax: 1_000,
    open: (call) => {
      calls.push(call)
      call.socket.onMessage((data, isBinary) => void call.socket.send(isBinary ? data : data.toString()))
      call.socket.onClose((code, reason) => events.push(`closed ${code} ${reason}`))
      return {
        revoked: () => {
          events.push("revoked")
          call.socket.close(1008, "revoked")
        },
        drain: () => {
          events.push("drain")
          if (onDrain) onDrain(call)
          else call.socket.close(1001, "going away")
        },
      }
    },
  }
  const shared = {
    identity: fixedIdentity(keys),
    limits: { ...defaultLimits, drainMs: 3_000, ...limits },
    clock: systemClock,
    newId,
    logger: { error: (fields: object) => void logged.push(fields) },
  }
  const routes = new Hono<HttpEnv>().get("/v1/plain", (context) => context.text("plain"))
  const upgradeRoutes = { "/v1/echo": open ? { ...route, open } : route }
  const server = createHttpServer({
    ...shared,
    app: createApi({ ...shared, routes: [routes] }),
    hotRoutes: {},
    upgradeRoutes,
    allowedOrigins,
  })
  servers = [...servers, server]
  const url = await server.listen(0, "127.0.0.1")
  return { url, server, calls, events, logged, keys }
}

function socketTo(url: string, path: string, options: ClientOptions = {}, protocols: string[] = []): WebSocket {
  const socket = newSocket(url, path, options, protocols)
  opened.push(socket)
  return socket
}

const withKey: ClientOptions = { headers: { authorization: `Bearer ${testKey}` } }

async function openTo(served: Served, options: ClientOptions = withKey, protocols: string[] = []): Promise<WebSocket> {
  const socket = socketTo(served.url, "/v1/echo", options, protocols)
  await once(socket, "open")
  return socket
}

/** Sends raw bytes and resolves with what came back until the server went quiet or closed. */
function rawly(url: string, text: string, answers: number): Promise<string> {
  const { port } = new URL(url)
  return new Promise((resolve) => {
    let all = ""
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(text))
    const done = (): void => {
      socket.destroy()
      resolve(all)
    }
    socket.on("data", (chunk) => {
      all += chunk.toString()
      if (all.split("HTTP/1.1 ").length > answers) setTimeout(done, 50)
    })
    socket.on("close", done)
  })
}

describe("opening", () => {
  it("opens with a key in either header, and carries text and bytes both ways", async () => {
    const served = await serve()
    for (const headers of [{ authorization: `Bearer ${testKey}` }, { "x-api-key": testKey }] as Record<string, string>[]) {
      const socket = await openTo(served, { headers })
      socket.send("grüße")
      expect(((await once(socket, "message")) as [Buffer])[0].toString()).toBe("grüße")
      socket.send(Buffer.from([0, 255, 1]))
      expect((await once(socket, "message")) as unknown[]).toEqual([Buffer.from([0, 255, 1]), true])
    }
    expect(served.calls.map(({ principal }) => principal.id)).toEqual(["key_test", "key_test"])
    expect(served.server.sockets).toBe(2)
  })

  it("W1 refuses a missing and a wrong key on the upgrade itself, with a plain 401", async () => {
    const served = await serve()
    const none = await refusalOf(served.url, "/v1/echo")
    expect(none).toMatchObject({ status: 401, error: { code: "invalid_api_key", type: "invalid_request_error", param: null } })
    expect(none.headers["x-request-id"]).toMatch(/^req_/)
    const wrong = await refusalOf(served.url, "/v1/echo", { headers: { authorization: "Bearer sk-wrong" } })
    expect([wrong.status, JSON.stringify(wrong.error).includes("sk-wrong")]).toEqual([401, false])
    expect(served.calls).toEqual([])
  })

  it("W9 takes the key of a browser as a subprotocol and answers with one that is not the key", async () => {
    const served = await serve()
    const key = `openai-insecure-api-key.${testKey}`
    for (const [offered, chosen] of [
      [["realtime", key, "openai-beta.realtime-v1"], "realtime"],
      [[key, "openai-beta.realtime-v1"], "openai-beta.realtime-v1"],
      [[key], key], // a browser would give up without one
    ] as [string[], string][]) {
      const socket = await openTo(served, {}, offered)
      expect(socket.protocol).toBe(chosen)
    }
    expect((await refusalOf(served.url, "/v1/echo", {}, ["realtime", "openai-insecure-api-key.sk-wrong"])).status).toBe(401)
  })

  it("does not open by a cookie, which a page of strangers could ride on", async () => {
    const served = await serve()
    expect((await refusalOf(served.url, "/v1/echo", { headers: { cookie: `perdure_session=${testKey}` } })).status).toBe(401)
  })

  it("the origin guard stands before an upgrade too, whatever the key", async () => {
    const served = await serve()
    const headers = { authorization: `Bearer ${testKey}`, origin: "https://evil.example" }
    expect(await refusalOf(served.url, "/v1/echo", { headers })).toMatchObject({ status: 403, error: { code: "permission_denied" } })
    const host = { authorization: `Bearer ${testKey}`, host: "evil.example" }
    expect((await refusalOf(served.url, "/v1/echo", { headers: host })).status).toBe(403)
    expect((await openTo(served, { headers: { authorization: `Bearer ${testKey}`, origin: served.url } })).readyState).toBe(WebSocket.OPEN)
  })

  it("a page of another host may open a connection where its origin is named", async () => {
    const served = await serve({ allowedOrigins: ["https://app.example"] })
    const from = (origin: string): ClientOptions => ({ headers: { authorization: `Bearer ${testKey}`, origin } })
    expect((await openTo(served, from("https://app.example"))).readyState).toBe(WebSocket.OPEN)
    expect((await refusalOf(served.url, "/v1/echo", from("https://app.example.evil"))).status).toBe(403)
  })

  it("W11 answers every other path with 426 and where WebSockets are served", async () => {
    const served = await serve()
    for (const path of ["/v1/plain", "/v1/none", "/", "/v1/echo/more"]) {
      const { status, error } = await refusalOf(served.url, path, withKey)
      expect([path, status, error["code"]]).toEqual([path, 426, "upgrade_required"])
      expect(error["message"]).toContain("/v1/echo")
    }
    const upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    // Node drops what comes in one packet behind an upgrade that was turned down: the answer says that the connection ends.
    expect(await rawly(served.url, `GET /v1/none HTTP/1.1\r\nhost: localhost\r\n${upgrade}\r\n`, 1)).toMatch(
      /^HTTP\/1\.1 426 [^]*\r\nconnection: close\r\n/i,
    )
  })

  it("passes over protocols that it does not speak: Java's client asks for h2c with every request", async () => {
    const served = await serve()
    const h2c = "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAA\r\n"
    const text = `GET /v1/plain HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${testKey}\r\n${h2c}\r\n`
    expect(await rawly(served.url, text, 1)).toMatch(/^HTTP\/1\.1 200 [^]*plain$/)
  })

  it("a handshake that breaks the protocol is answered, not left alone", async () => {
    const served = await serve()
    const key = `authorization: Bearer ${testKey}\r\n`
    const text = `GET /v1/echo HTTP/1.1\r\nhost: localhost\r\n${key}connection: upgrade\r\nupgrade: websocket\r\n\r\n`
    expect(await rawly(served.url, text, 1)).toMatch(/^HTTP\/1\.1 400 /)
  })

  it("refuses more connections than the limit, and takes one again when one has closed", async () => {
    const served = await serve({ limits: { socketsMax: 2 } })
    const first = await openTo(served)
    await openTo(served)
    const { status, headers, error } = await refusalOf(served.url, "/v1/echo", withKey)
    expect([status, error["code"], headers["retry-after"]]).toEqual([503, "overloaded", "1"])
    first.close()
    await vi.waitFor(() => expect(served.server.sockets).toBe(1), waiting)
    await openTo(served)
  })

  it("a route that fails closes its connection with 1011 and an id, and the log has the cause", async () => {
    const open = (): never => {
      throw new Error("secret cause")
    }
    const served = await serve({ open })
    const [code, reason] = (await once(socketTo(served.url, "/v1/echo", withKey), "close")) as [number, Buffer]
    expect([code, reason.toString()]).toMatchObject([1011, expect.stringMatching(/^the server failed on req_[0-9a-f]{32}$/)])
    expect(served.logged).toMatchObject([{ route: "/v1/echo", error: { message: "secret cause" } }])
  })
})

describe("open connections", () => {
  it("a message over the limit closes with 1009, and the server goes on", async () => {
    const served = await serve()
    const socket = await openTo(served)
    socket.send("x".repeat(2_000))
    expect(((await once(socket, "close")) as [number])[0]).toBe(1009)
    expect((await openTo(served)).readyState).toBe(WebSocket.OPEN)
  })

  it("refuses a key whose endpoints leave the path out, and tells one whose endpoints are taken away later", async () => {
    const served = await serve()
    const scoped = (...endpoints: string[]): typeof testPrincipal => ({ ...testPrincipal, scope: compileScope({ models: [], endpoints }) })
    served.keys["sk-scoped"] = scoped("chat", "GET /v1/*")
    const headers = { authorization: "Bearer sk-scoped" }
    expect(await refusalOf(served.url, "/v1/echo", { headers })).toMatchObject({ status: 403, error: { code: "endpoint_not_allowed" } })
    served.keys["sk-scoped"] = scoped("/v1/echo")
    const socket = socketTo(served.url, "/v1/echo", { headers })
    await once(socket, "open")
    served.keys["sk-scoped"] = scoped("chat")
    await vi.waitFor(() => expect(served.events[0]).toBe("revoked"), waiting)
  })

  it("a revoked key is told to its connections within a moment", async () => {
    const served = await serve()
    const socket = await openTo(served)
    delete served.keys[testKey]
    expect(((await once(socket, "close")) as [number])[0]).toBe(1008)
    expect(served.events[0]).toBe("revoked")
  })

  it("a client that gives no sign of life is cut, one that answers pings stays", async () => {
    const served = await serve({ limits: { socketPingMs: 200 } })
    const dead = await openTo(served, { ...withKey, autoPong: false })
    const alive = await openTo(served)
    await once(dead, "close")
    await vi.waitFor(() => expect([alive.readyState, served.server.sockets]).toEqual([WebSocket.OPEN, 1]), waiting)
    const pings = vi.fn<() => void>()
    alive.on("ping", pings)
    await vi.waitFor(() => expect(pings.mock.calls.length).toBeGreaterThan(2), waiting)
    expect(alive.readyState).toBe(WebSocket.OPEN)
  })

  it("a writer waits for a slow reader, whose buffer stays bounded, and ends with it", async () => {
    const served = await serve({ limits: { socketBufferedBytesMax: 64 * 1024 } })
    const socket = await openTo(served)
    socket.pause()
    const [call] = served.calls
    const piece = "x".repeat(16 * 1024)
    let sent = 0
    const writing = (async () => {
      while (sent < 10_000 && (await call?.socket.send(piece))) sent += 1
      return sent
    })()
    const seen: number[] = []
    await vi.waitFor(() => {
      seen.push(sent)
      expect(seen.slice(-20)).toHaveLength(20)
      expect(new Set(seen.slice(-20)).size).toBe(1)
    }, waiting)
    expect(sent).toBeLessThan(2_000) // what the two sockets of the kernel hold, not all
    expect(call?.socket.bufferedBytes).toBeLessThan(128 * 1024)
    const before = sent
    socket.resume()
    await vi.waitFor(() => expect(sent).toBeGreaterThan(before), waiting)
    socket.terminate()
    expect(await writing).toBeLessThan(10_000)
    await vi.waitFor(() => expect(call?.socket.signal.aborted).toBe(true), waiting)
  })

  it("a slow reader that takes something in between pings is not cut, although its answers are stuck behind", async () => {
    const served = await serve({ limits: { socketPingMs: 500 } })
    const socket = await openTo(served, { ...withKey, autoPong: false })
    const [call] = served.calls
    const piece = "x".repeat(256 * 1024)
    const writing = (async () => {
      while (await call?.socket.send(piece));
    })()
    const step = setInterval(() => {
      socket.resume()
      setTimeout(() => socket.pause(), 5)
    }, 100)
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    clearInterval(step)
    expect(served.server.sockets).toBe(1)
    socket.terminate()
    await writing
  })
})

describe("the end of the server", () => {
  it("tells its connections, takes no new ones, and closes when the last is gone", async () => {
    const served = await serve()
    const sockets = [await openTo(served), await openTo(served)]
    const closed = Promise.all(sockets.map((socket) => once(socket, "close")))
    await served.server.close()
    expect((await closed).map(([code]) => code as number)).toEqual([1001, 1001])
    expect(served.events.slice(0, 2)).toEqual(["drain", "drain"])
  })

  it("waits for a connection that finishes something", async () => {
    const finish: (() => void)[] = []
    const served = await serve({ onDrain: ({ socket }) => finish.push(() => socket.close(1001, "done")) })
    const socket = await openTo(served)
    const closing = served.server.close()
    await vi.waitFor(() => expect(finish).toHaveLength(1), waiting)
    expect(socket.readyState).toBe(WebSocket.OPEN)
    finish[0]?.()
    await closing
    await vi.waitFor(() => expect(served.events).toContain("closed 1001 done"), waiting)
  })

  it("cuts what is still open after drainMs", async () => {
    const served = await serve({ limits: { drainMs: 100 }, onDrain: () => undefined })
    const socket = await openTo(served)
    const closed = once(socket, "close")
    await served.server.close()
    expect(((await closed) as [number])[0]).toBe(1006)
    expect(served.server.sockets).toBe(0)
  })
})
