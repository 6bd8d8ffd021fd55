// What is not read here meets node:http with every byte that came, on a new connection and after requests that were read here.
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as delay } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { testKey } from "../../testing/gateway.ts"
import { hotPath, openPort, Peer, requestText } from "../../testing/both-ways-port.ts"

const good = requestText({ body: "good." })
const odd = (from: string | RegExp, to: string): string => good.replace(from, to)

/** What an attacker sends in the hope that two readers read it differently. */
const smuggling: readonly [string, string][] = [
  ["a length and chunks", odd("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nPOST ")],
  ["chunks and a length of nothing", odd("Content-Length: 5", "Transfer-Encoding: chunked\r\nContent-Length: 0")],
  ["two lengths", odd("Content-Length: 5", "Content-Length: 5\r\nContent-Length: 6")],
  ["two equal lengths", odd("Content-Length: 5", "Content-Length: 5\r\nContent-Length: 5")],
  ["a list of lengths", odd("Content-Length: 5", "Content-Length: 5, 5")],
  ["a length with a sign", odd("Content-Length: 5", "Content-Length: +5")],
  ["a length that is no number", odd("Content-Length: 5", "Content-Length: five")],
  ["a length beyond all bounds", odd("Content-Length: 5", `Content-Length: ${"9".repeat(30)}`)],
  ["a space before the colon", odd("Content-Length: 5", "Content-Length : 5")],
  ["a folded line", odd("Content-Length: 5", "X-A: b\r\n c\r\nContent-Length: 5")],
  ["a folded length", odd("Content-Length: 5", "Content-Length:\r\n 5")],
  ["a bare line feed", odd("\r\nContent-Length", "\nContent-Length")],
  ["a bare carriage return", odd("Host: 127.0.0.1", "Host: 127.0.0.1\rX-A: b")],
  ["a zero byte in a value", odd("Host: 127.0.0.1", "Host: 127.0.0.1\r\nX-A: b\0")],
  ["a zero byte in a name", odd("Host: 127.0.0.1", "Host: 127.0.0.1\r\nX\0A: b")],
  ["a name that is none", odd("Host: 127.0.0.1", "Host: 127.0.0.1\r\nX A: b")],
  ["an empty name", odd("Host: 127.0.0.1", "Host: 127.0.0.1\r\n: b")],
  ["chunks that are called something else", odd("Content-Length: 5", "Transfer-Encoding: xchunked")],
  ["chunks behind another coding", odd("Content-Length: 5", "Transfer-Encoding: gzip, chunked")],
  ["chunks twice", odd("Content-Length: 5", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity")],
  ["a chunk without a size", odd(/Content-Length: 5\r\n\r\n.*/, "Transfer-Encoding: chunked\r\n\r\nz\r\n")],
  ["no host", odd("Host: 127.0.0.1\r\n", "")],
  ["two hosts", odd("Host: 127.0.0.1", "Host: 127.0.0.1\r\nHost: localhost")],
  ["a version that is none", odd("HTTP/1.1", "HTTP/1.9")],
  ["a version before 1.0", odd(" HTTP/1.1", "")],
  ["a method that is none", odd("POST", "P0ST")],
  ["HTTP/2 from the first byte", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ["a head without end", odd("\r\n\r\n", `\r\nX-A: ${"a".repeat(20_000)}\r\n\r\n`)],
]

describe.each([
  { place: "on a new connection", before: 0 },
  { place: "after two requests that were read here", before: 2 },
])("$place", ({ before }) => {
  const opened = async (port: number): Promise<Peer> => {
    const peer = new Peer(port)
    for (let count = 1; count <= before; count += 1) {
      peer.send(good)
      await peer.until("ok good.", count)
    }
    peer.text = ""
    return peer
  }

  it("a request of another route is answered, and so are hot ones after it", async () => {
    await using port = await openPort()
    using peer = await opened(port.port)
    peer.send(`GET /v1/plain HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${testKey}\r\n\r\n`)
    await peer.until("\r\n\r\nplain")
    peer.send(good)
    await peer.until("ok good.")
    expect(port.seen.map(({ isLean }) => isLean)).toEqual([...Array.from({ length: before }, () => true), false])
  })

  it("requests of all kinds behind one another are answered in turn", async () => {
    await using port = await openPort()
    using peer = await opened(port.port)
    const plain = `GET /v1/plain HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${testKey}\r\n\r\n`
    peer.send(good + good + plain + good + plain)
    await peer.until("\r\n\r\nplain", 2)
    expect(peer.text.match(/ok good\.|\r\n\r\nplain/g)).toEqual(["ok good.", "ok good.", "\r\n\r\nplain", "ok good.", "\r\n\r\nplain"])
    // Bytes that came with a request that was read here, and those behind it that were not.
    expect(port.seen.map(({ isLean }) => isLean)).toEqual([...Array.from({ length: before + 2 }, () => true), false])
  })

  it("a body in chunks is read", async () => {
    await using port = await openPort()
    using peer = await opened(port.port)
    peer.send(odd(/Content-Length: 5\r\n\r\n.*/, "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"))
    expect(await peer.until("ok abcde")).toContain("200 OK")
  })

  it("a client that waits to be told to go on is told", async () => {
    await using port = await openPort()
    using peer = await opened(port.port)
    peer.send(odd(/Content-Length: 5\r\n\r\n.*/, "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"))
    await peer.until("100 Continue\r\n\r\n")
    peer.send("good.")
    expect(await peer.until("ok good.")).toMatch(/^HTTP\/1\.1 100 Continue/)
  })

  it("a WebSocket is opened, also when its first frame comes with the request", async () => {
    await using port = await openPort()
    using peer = await opened(port.port)
    const handshake = [
      "GET /v1/socket HTTP/1.1",
      "Host: localhost",
      `Authorization: Bearer ${testKey}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    // One text frame with a mask of nothing.
    peer.send(`${handshake.join("\r\n")}\r\n\r\n\x81\x85\0\0\0\0hello`)
    await peer.until("101 Switching Protocols")
    await peer.until("\x81\x05hello")
    peer.send("\x81\x85\0\0\0\0again")
    expect(await peer.until("\x81\x05again")).toMatch(/^HTTP\/1\.1 101 /)
  })

  it("HEAD, OPTIONS and GET of a hot path get what they got", async () => {
    await using port = await openPort()
    using peer = await opened(port.port)
    for (const [times, method] of ["HEAD", "OPTIONS", "GET"].entries()) {
      peer.send(`${method} ${hotPath} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${testKey}\r\n\r\n`)
      await peer.until(/HTTP\/1\.1 40[45] /, times + 1)
    }
    expect(peer.text.match(/HTTP\/1\.1 40[45] /g)).toHaveLength(3)
    expect(port.seen).toHaveLength(before)
  })

  it.each(smuggling)("%s is answered as node:http answers it", async (_, text) => {
    await using port = await openPort()
    const node = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(200).end())
    })
    node.listen(0, "127.0.0.1")
    await once(node, "listening")
    const answers: string[] = []
    for (const peer of [await opened(port.port), new Peer((node.address() as AddressInfo).port)]) {
      peer.send(text)
      await peer.answered()
      // What is not refused at once is a request, and the end of what is sent is the end of the connection.
      peer.socket.end()
      await peer.closed
      answers.push(peer.text.slice(0, 12))
    }
    expect(answers[0]).toBe(answers[1])
    // None of it was taken for one that is read here.
    expect(port.seen.filter(({ isLean }) => isLean)).toHaveLength(before)
    node.close()
    node.closeAllConnections()
  })
})

describe("a client that is slow", () => {
  it("is answered 408 when its head has not come in time, and when it says nothing at all", async () => {
    await using port = await openPort({ requestHeadMs: 300 })
    using begun = new Peer(port.port)
    using silent = new Peer(port.port)
    begun.send(`POST ${hotPath} HTTP/1.1\r\nHost: `)
    await Promise.all([begun.closed, silent.closed])
    expect(begun.text).toMatch(/^HTTP\/1\.1 408 /)
    expect(silent.text).toBe(begun.text)
  })

  it("has its time for a body", async () => {
    await using port = await openPort({ requestHeadMs: 200, connectionKeptMs: 200 })
    using peer = new Peer(port.port)
    const text = requestText({ body: "slow" })
    await peer.sendApart([text.slice(0, -4), "s", "l"])
    await delay(3_500)
    await peer.sendApart(["o", "w"])
    await peer.until("ok slow")
    expect(port.seen[0]?.isLean).toBe(true)
  })
})
