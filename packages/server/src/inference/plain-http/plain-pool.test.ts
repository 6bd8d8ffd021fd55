// Calls over plain connections to real servers: kept and used again, given up in time, and never mixed up.
import { once } from "node:events"
import { createServer, type AddressInfo, type Server, type Socket } from "node:net"
import type { Dispatcher } from "undici"
import { afterEach, describe, expect, it } from "vitest"
import { deferred } from "../../core/index.ts"
import { PlainPool } from "./plain-pool.ts"

const cleanUps: (() => void)[] = []
afterEach(() => {
  for (const each of cleanUps.splice(0)) each()
})

interface Peer {
  origin: URL
  /** Connections so far. */
  sockets: Socket[]
  /** Requests so far, as they came. */
  requests: string[]
  server: Server
}

type Answer = (socket: Socket, count: number) => void

/** Answers when a whole request of one piece has come. */
async function serve(answer: Answer): Promise<Peer> {
  const sockets: Socket[] = []
  const requests: string[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    let text = ""
    socket.on("error", () => undefined)
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1")
      const length = Number(/content-length: (\d+)/.exec(text)?.[1] ?? Number.NaN)
      if (text.length < text.indexOf("\r\n\r\n") + 4 + length) return
      requests.push(text)
      text = ""
      answer(socket, requests.length)
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  cleanUps.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { origin: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), sockets, requests, server }
}

function pool(origin: URL, part: { connectionsMax?: number; waitingMax?: number; headersMs?: number; bodyMs?: number } = {}): PlainPool {
  const made = new PlainPool({ origin, connectionsMax: 8, waitingMax: 8, connectMs: 2_000, headersMs: 0, bodyMs: 0, ...part })
  cleanUps.push(() => made.destroy())
  return made
}

interface Call {
  /** The status and the whole body, or the error. */
  ended: Promise<{ status: number; body: string }>
  controller(): Dispatcher.DispatchController | undefined
  bytes(): number
  started: Promise<void>
}

function ask(to: PlainPool, body: string | Buffer | readonly Buffer[] = "{}", headers: Record<string, string> = {}): Call {
  const ended = deferred<{ status: number; body: string }>()
  const started = deferred<void>()
  let controller: Dispatcher.DispatchController | undefined
  let status = 0
  let text = ""
  to.dispatch(
    { path: "/v1/x", method: "POST", headers, body: body as Buffer },
    {
      onRequestStart: (given) => (controller = given),
      onResponseStart: (_, code) => {
        status = code
        started.resolve()
      },
      onResponseData: (_, bytes) => (text += bytes.toString()),
      onResponseEnd: () => ended.resolve({ status, body: text }),
      onResponseError: (_, error) => ended.reject(error),
    },
  )
  ended.promise.catch(() => undefined)
  return { ended: ended.promise, started: started.promise, controller: () => controller, bytes: () => text.length }
}

const whole = (body: string, headers = ""): string => `HTTP/1.1 200 OK\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`

describe("connections", () => {
  it("are used again, and as many are open as there are calls at once", async () => {
    const peer = await serve((socket, count) => socket.write(whole(`answer ${count}`)))
    const to = pool(peer.origin)
    expect(await ask(to).ended).toEqual({ status: 200, body: "answer 1" })
    expect(await ask(to).ended).toEqual({ status: 200, body: "answer 2" })
    expect(peer.sockets).toHaveLength(1)
    await Promise.all([ask(to).ended, ask(to).ended, ask(to).ended])
    expect(peer.sockets).toHaveLength(3)
  })

  it("are no more than allowed: calls wait for one", async () => {
    const peer = await serve((socket, count) => socket.write(whole(`answer ${count}`)))
    const to = pool(peer.origin, { connectionsMax: 2, waitingMax: 7 })
    const answers = await Promise.all(Array.from({ length: 9 }, () => ask(to).ended))
    expect(new Set(answers.map(({ body }) => body)).size).toBe(9)
    expect(peer.sockets).toHaveLength(2)
  })

  it("are not used after the server closed them, said that it would, or spoke without being asked", async () => {
    const ways: Answer[] = [
      (socket) => socket.end(whole("a")),
      (socket) => socket.write(whole("b", "connection: close\r\n")),
      (socket) => socket.write(`${whole("c")}${whole("of nobody")}`),
      (socket) => socket.write(whole("d")),
    ]
    const peer = await serve((socket, count) => ways[count - 1]?.(socket, count))
    const to = pool(peer.origin)
    const bodies: string[] = []
    for (const [at] of ways.entries()) {
      bodies.push((await ask(to).ended).body)
      const socket = peer.sockets.at(-1)
      if (at < 3 && socket?.closed === false) await once(socket, "close")
    }
    expect(bodies).toEqual(["a", "b", "c", "d"])
    expect(peer.sockets).toHaveLength(4)
  })

  it("are not used after an answer that came before all of the request was sent", async () => {
    const peer = await serve(() => undefined)
    peer.server.removeAllListeners("connection")
    peer.server.on("connection", (socket) => {
      peer.sockets.push(socket)
      socket.on("error", () => undefined)
      socket.once("readable", () => socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n"))
    })
    const to = pool(peer.origin)
    const large = Buffer.alloc(64 * 1024 * 1024)
    for (const count of [1, 2]) {
      expect(await ask(to, large).ended).toMatchObject({ status: 413 })
      expect(peer.sockets).toHaveLength(count)
    }
  })

  it("that speak first, or end at once, fail the call that wanted them", async () => {
    const greetings = ["SSH-2.0-x\r\n", ""]
    for (const greeting of greetings) {
      const peer = await serve(() => undefined)
      peer.server.removeAllListeners("connection")
      peer.server.on("connection", (socket) => {
        peer.sockets.push(socket)
        socket.on("error", () => undefined)
        socket.end(greeting)
      })
      await expect(ask(pool(peer.origin)).ended).rejects.toThrow(/belong to no answer|closed/)
      expect(peer.sockets).toHaveLength(1)
    }
  })

  it("that cannot be opened fail the calls that wait for them", async () => {
    const peer = await serve(() => undefined)
    peer.server.close()
    await once(peer.server, "close")
    const to = pool(peer.origin)
    const calls = [ask(to), ask(to)]
    for (const call of calls) await expect(call.ended).rejects.toMatchObject({ code: "ECONNREFUSED" })
  })
})

describe("requests", () => {
  it("carry text, bytes or pieces, with the length counted here", async () => {
    const peer = await serve((socket) => socket.write(whole("")))
    const to = pool(peer.origin)
    const pieces = [Buffer.from("one "), Buffer.from("two")]
    for (const body of ["é", Buffer.from("bytes"), pieces, Buffer.alloc(100_000, "x")]) await ask(to, body, { "x-a": "b" }).ended
    const [text, bytes, inPieces, large] = peer.requests
    expect(text).toBe(`POST /v1/x HTTP/1.1\r\nhost: ${peer.origin.host}\r\nconnection: keep-alive\r\nx-a: b\r\ncontent-length: 2\r\n\r\nÃ©`)
    expect(bytes).toMatch(/content-length: 5\r\n\r\nbytes$/)
    expect(inPieces).toMatch(/content-length: 7\r\n\r\none two$/)
    expect(large).toMatch(/content-length: 100000\r\n\r\nx{100000}$/)
  })

  it.each([
    ["x-a", "b\r\nx-c: d"],
    ["x a", "b"],
    ["transfer-encoding", "chunked"],
    ["x-a", "ā"],
  ])("with a header that would not be one are refused: %j: %j", async (name, value) => {
    const peer = await serve((socket) => socket.write(whole("")))
    await expect(ask(pool(peer.origin), "", { [name]: value }).ended).rejects.toMatchObject({ code: "UND_ERR_INVALID_ARG" })
    expect(peer.sockets).toHaveLength(0)
  })
})

describe("calls", () => {
  it.each([
    ["before any answer", (socket: Socket) => socket.destroy()],
    [
      "in the middle of a body",
      (socket: Socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", () => socket.destroy()),
    ],
    ["in the middle of a chunk", (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc")],
    ["before the last chunk", (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")],
  ])("fail when the connection ends %s", async (_, answer) => {
    const peer = await serve(answer)
    await expect(ask(pool(peer.origin)).ended).rejects.toThrow(/closed|ECONNRESET/)
  })

  it("fail when the provider says nothing for too long, before its answer and within it", async () => {
    const silent = await serve(() => undefined)
    await expect(ask(pool(silent.origin, { headersMs: 100 })).ended).rejects.toMatchObject({ code: "UND_ERR_HEADERS_TIMEOUT" })
    const begun = await serve((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"))
    await expect(ask(pool(begun.origin, { bodyMs: 100 })).ended).rejects.toMatchObject({ code: "UND_ERR_BODY_TIMEOUT" })
  })

  it("that are given up cut their connection, and one that is over cannot cut the next one's", async () => {
    const peer = await serve((socket, count) => socket.write(count === 1 ? whole("a") : "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"))
    const to = pool(peer.origin)
    const first = ask(to)
    await first.ended
    const second = ask(to)
    await second.started
    first.controller()?.abort(new Error("late"))
    const gone = once(peer.sockets[0] as Socket, "close")
    second.controller()?.abort(new Error("left"))
    await expect(second.ended).rejects.toThrow("left")
    await gone
    expect(peer.sockets).toHaveLength(1)
  })

  it("that are given up while they wait leave the queue at once, and are never sent", async () => {
    const peer = await serve((socket, count) => {
      if (count > 1) socket.write(whole("b"))
    })
    const to = pool(peer.origin, { connectionsMax: 1, waitingMax: 2 })
    const held = ask(to, "held")
    await expect.poll(() => peer.requests.length).toBe(1)
    for (let call = 0; call < 20; call += 1) {
      const left = ask(to, `left ${call}`)
      left.controller()?.abort(new Error("left"))
      await expect(left.ended).rejects.toThrow("left")
    }
    const stays = ask(to, "stays") // there is room, although 20 waited before
    peer.sockets[0]?.write(whole("a"))
    expect([(await held.ended).body, (await stays.ended).body]).toEqual(["a", "b"])
    expect(peer.requests.map((text) => text.slice(text.indexOf("\r\n\r\n") + 4))).toEqual(["held", "stays"])
  })

  it("that would wait behind too many others fail at once, and the others are served", async () => {
    const peer = await serve((socket, count) => {
      if (count > 1) socket.write(whole(`answer ${count}`))
    })
    const to = pool(peer.origin, { connectionsMax: 1, waitingMax: 2 })
    const held = ask(to)
    await expect.poll(() => peer.requests.length).toBe(1)
    const waiting = [ask(to), ask(to)]
    await expect(ask(to).ended).rejects.toMatchObject({ code: "PERDURE_TOO_MANY_WAITING" })
    peer.sockets[0]?.write(whole("a"))
    await held.ended
    expect(await Promise.all(waiting.map(({ ended }) => ended))).toEqual([
      { status: 200, body: "answer 2" },
      { status: 200, body: "answer 3" },
    ])
  })

  it("that are paused are not read, and lose nothing", async () => {
    const size = 24 * 1024 * 1024
    const peer = await serve((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`)
      socket.write(Buffer.alloc(size, "x"))
    })
    const call = ask(pool(peer.origin, { bodyMs: 300 }))
    await call.started
    call.controller()?.pause()
    await new Promise((resolve) => setTimeout(resolve, 800))
    expect(call.bytes()).toBeLessThan(size)
    call.controller()?.resume()
    expect((await call.ended).body).toHaveLength(size)
  })
})

describe("a pool that is closed", () => {
  it("lets calls under way end and begins no other", async () => {
    const answers: Socket[] = []
    const peer = await serve((socket) => answers.push(socket))
    const to = pool(peer.origin)
    const call = ask(to)
    while (answers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    to.close()
    await expect(ask(to).ended).rejects.toMatchObject({ code: "UND_ERR_CLOSED" })
    const [socket] = answers
    const gone = once(socket as Socket, "close")
    socket?.write(whole("late"))
    expect((await call.ended).body).toBe("late")
    await gone
  })

  it("and destroyed fails what is under way", async () => {
    const peer = await serve((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"))
    const to = pool(peer.origin)
    const call = ask(to)
    await call.started
    to.destroy()
    await expect(call.ended).rejects.toMatchObject({ code: "UND_ERR_DESTROYED" })
  })
})
