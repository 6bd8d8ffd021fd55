// One port, two ways in: what a client sees does not depend on whether its request is read here or by node:http.
import { setTimeout as delay } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { sseHeaders } from "../../core/index.ts"
import type { HotCall } from "../shell.ts"
import { bodyBytesMax, forNode, hotPath, openPort, Peer, requestText, undated, type Asked } from "../../testing/both-ways-port.ts"

const ways = [
  { way: "read here", isLean: true, more: {} },
  { way: "read by node:http", isLean: false, more: forNode },
]

describe.each(ways)("a request that is $way", ({ isLean, more }) => {
  const asking = ({ headers, ...rest }: Asked = {}): string => requestText({ ...rest, headers: { ...headers, ...more } })

  it("is answered, and its connection is used again", async () => {
    await using port = await openPort()
    using peer = new Peer(port.port)
    for (let count = 1; count <= 20; count += 1) {
      peer.send(asking({ body: `question ${count}.` }))
      await peer.until(`ok question ${count}.`)
    }
    expect(port.seen).toHaveLength(20)
    expect(port.seen.every((each) => each.isLean === isLean)).toBe(true)
    expect(undated(peer.text).split("HTTP/1.1 200 OK\r\n")[1]).toBe(
      "content-type: text/plain\r\ncontent-length: 14\r\nDate: …\r\nConnection: keep-alive\r\nKeep-Alive: timeout=75\r\n\r\nok question 1.",
    )
    expect(port.server.inFlight).toBe(0)
    expect(port.finished).toHaveLength(20)
    expect(port.finished[0]).toEqual({ route: hotPath, status: 200 })
  })

  it("ends its connection when it wants that", async () => {
    await using port = await openPort()
    using peer = new Peer(port.port)
    peer.send(asking({ headers: { Connection: "close" } }))
    await peer.closed
    expect(undated(peer.text)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n\r\nok hello$/)
    expect(port.seen[0]?.isLean).toBe(isLean)
  })

  it("may come in any pieces", async () => {
    await using port = await openPort()
    const text = asking({ body: "in pieces" })
    for (let at = 1; at < text.length; at += 1) {
      using peer = new Peer(port.port)
      await peer.sendApart([text.slice(0, at), text.slice(at)])
      await peer.until("ok in pieces")
    }
    // The head must come in one piece to be read here.
    const whole = port.seen.filter((each) => each.isLean).length
    expect(isLean ? whole >= "in pieces".length : whole === 0).toBe(true)
    expect(port.seen.map(({ body }) => body)).toEqual(Array.from({ length: text.length - 1 }, () => "in pieces"))
  })

  it("may come with others behind it, which are answered in turn", async () => {
    await using port = await openPort({}, later)
    using peer = new Peer(port.port)
    const bodies = Array.from({ length: 30 }, (_, count) => `number ${count};`)
    peer.send(bodies.map((body) => asking({ body })).join(""))
    await peer.until("ok number", bodies.length)
    expect(peer.text.match(/ok number \d+;/g)).toEqual(bodies.map((body) => `ok ${body}`))
  })

  it("may have a large body, with another request behind it", async () => {
    await using port = await openPort({}, (call, body) => sayText(call, `took ${body.length};`))
    using peer = new Peer(port.port)
    peer.send(asking({ body: "x".repeat(3_000_000) }) + asking({ body: "small" }))
    await peer.until("took", 2)
    expect(peer.text.match(/took \d+;/g)).toEqual(["took 3000000;", "took 5;"])
  })

  it("is refused before its body is here, and the next one is served", async () => {
    await using port = await openPort()
    using peer = new Peer(port.port)
    const tooLarge = asking({ body: "", headers: { "Content-Length": String(bodyBytesMax + 1) } })
    peer.send(tooLarge)
    await peer.until("413 Payload Too Large")
    peer.send("x".repeat(bodyBytesMax + 1) + asking({ body: "after it" }))
    expect(await peer.until("ok after it")).toMatch(/^HTTP\/1\.1 413/)
  })

  it("is refused without a key, and the next one is served", async () => {
    await using port = await openPort()
    using peer = new Peer(port.port)
    peer.send(asking({ headers: { Authorization: "Bearer sk-wrong" } }) + asking({ body: "with one" }))
    expect(await peer.until("ok with one")).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n[^]*invalid_api_key/)
  })

  it("is refused by a strange name or from a strange page", async () => {
    await using port = await openPort()
    using peer = new Peer(port.port)
    peer.send(asking({ headers: { Host: "evil.example" } }) + asking({ headers: { Origin: "https://evil.example" } }))
    expect((await peer.until("permission_denied", 2)).match(/HTTP\/1\.1 403 Forbidden/g)).toHaveLength(2)
    expect(port.seen).toEqual([])
  })

  it("is answered as a stream, one chunk for each piece, and with trailers where they were announced", async () => {
    await using port = await openPort({}, ({ response }) => {
      response.writeHead(200, { ...sseHeaders, trailer: "x-after" })
      response.write("data: one\n\n")
      response.write(Buffer.from("data: zwölf\n\n"))
      response.addTrailers({ "x-after": "words" })
      response.end("data: three\n\n")
    })
    using peer = new Peer(port.port)
    peer.send(asking())
    await peer.until("words\r\n\r\n")
    expect(undated(peer.text)).toMatch(/\r\ntrailer: x-after\r\n[^]*\r\nTransfer-Encoding: chunked\r\n\r\n/)
    const body = Buffer.from(peer.text, "latin1").toString().split("\r\n\r\n").slice(1).join("\r\n\r\n")
    expect(body).toBe("b\r\ndata: one\n\n\r\ne\r\ndata: zwölf\n\n\r\nd\r\ndata: three\n\n\r\n0\r\nx-after: words\r\n\r\n")
  })

  it("sends the head alone when it is told to", async () => {
    await using port = await openPort({}, ({ response }) => {
      response.writeHead(200, sseHeaders)
      response.flushHeaders()
    })
    using peer = new Peer(port.port)
    peer.send(asking())
    await peer.until("\r\n\r\n")
    expect(port.closed).toEqual([])
  })

  it("sends no header that would begin another, and can still be refused", async () => {
    await using port = await openPort({}, (call) => {
      const { response } = call
      for (const headers of [{ "x-a": "b\r\nx-evil: 1" }, { "x-a\r\nx-evil": "b" }, { "x-a": "\u4e2d" }, { "x a": "b" }]) {
        expect(() => response.writeHead(200, headers as Record<string, string>)).toThrow(/header/i)
        expect(response.headersSent).toBe(false)
      }
      sayText(call, "nothing evil")
    })
    using peer = new Peer(port.port)
    peer.send(asking())
    await peer.until("nothing evil")
    expect(peer.text).not.toContain("x-evil")
  })

  it("holds back for a reader that does not read, and goes on when it does", async () => {
    const piece = Buffer.alloc(64 * 1024, "x")
    const total = 400
    let written = 0
    await using port = await openPort({}, ({ response }) => {
      response.writeHead(200, { "content-type": "text/plain" })
      const pump = (): void => {
        while (written < total) {
          written += 1
          if (!response.write(piece)) return void response.once("drain", pump)
        }
        response.end()
      }
      pump()
    })
    using peer = new Peer(port.port)
    peer.socket.pause()
    peer.send(asking())
    await expect.poll(() => written).toBeGreaterThan(1)
    await settled(() => written)
    expect(written).toBeLessThan(total)
    let bytes = 0
    peer.socket.removeAllListeners("data")
    peer.socket.on("data", (chunk: Buffer) => (bytes += chunk.length))
    peer.socket.resume()
    await expect.poll(() => port.closed, { timeout: 30_000 }).toEqual([{ isFinished: true }])
    await expect.poll(() => bytes, { timeout: 30_000 }).toBeGreaterThan(total * piece.length)
  })

  it.each([
    ["before its first byte", (): void => undefined],
    [
      "in the middle of a stream",
      ({ response }: HotCall): void => {
        response.writeHead(200, sseHeaders)
        response.write("data: 1\n\n")
      },
    ],
  ])("tells at once that its client left %s", async (_, answer) => {
    for (const leave of ["destroy", "resetAndDestroy"] as const) {
      await using port = await openPort({}, answer)
      using peer = new Peer(port.port)
      peer.send(asking())
      await expect.poll(() => port.seen.length).toBe(1)
      await delay(20)
      expect([port.server.inFlight, port.closed]).toEqual([1, []])
      peer.socket[leave]()
      await expect.poll(() => port.closed).toEqual([{ isFinished: false }])
      const response = port.seen[0]?.call.response
      expect([port.server.inFlight, response?.destroyed, port.finished]).toEqual([0, true, [{ route: hotPath, status: 499 }]])
      expect(response?.write("more")).toBe(false)
      response?.end("more")
    }
  })

  it("may name the whole address, as clients do that take the server for a proxy", async () => {
    await using port = await openPort()
    using peer = new Peer(port.port)
    peer.send(asking({ path: `http://127.0.0.1:${port.port}${hotPath}?x=1` }))
    await expect.poll(() => peer.text).toContain("ok hello")
    expect(port.seen[0]?.url).toBe(`${hotPath}?x=1`)
  })

  it("tells that its client left in the middle of its body", async () => {
    await using port = await openPort()
    using peer = new Peer(port.port)
    peer.send(asking({ body: "half of it", headers: { "Content-Length": "20" } }))
    await expect.poll(() => port.server.inFlight).toBe(1)
    peer.socket.destroy()
    await expect.poll(() => port.closed).toEqual([{ isFinished: false }])
    expect(port.seen).toEqual([])
  })

  it("takes the end of what a client sends for its leaving", async () => {
    await using port = await openPort({}, () => undefined)
    using peer = new Peer(port.port)
    peer.send(asking())
    await expect.poll(() => port.seen.length).toBe(1)
    peer.socket.end()
    await expect.poll(() => port.closed).toEqual([{ isFinished: false }])
    await peer.closed
  })

  it("is cut by its handler", async () => {
    await using port = await openPort({}, ({ response }) => {
      response.writeHead(200, sseHeaders)
      response.write("data: 1\n\n")
      setTimeout(() => response.destroy(), 30)
    })
    using peer = new Peer(port.port)
    peer.send(asking())
    await peer.closed
    expect(peer.text).toContain("data: 1")
    expect(peer.text).not.toMatch(/0\r\n\r\n$/)
    await expect.poll(() => port.closed).toEqual([{ isFinished: false }])
  })

  it("ends an idle connection after its time, and not before", async () => {
    await using port = await openPort({ connectionKeptMs: 1_000 })
    using peer = new Peer(port.port)
    peer.send(asking())
    await peer.until("ok hello")
    expect(peer.text).toContain("Keep-Alive: timeout=1\r\n")
    const since = performance.now()
    await peer.closed
    expect(performance.now() - since).toBeGreaterThan(900)
  })

  it("lets what is under way end while the server closes, and closes what is idle", async () => {
    const underWay: HotCall[] = []
    const port = await openPort({ drainMs: 60_000 }, (call, body) => (body === "long" ? void underWay.push(call) : later(call, body)))
    using idle = new Peer(port.port)
    using busy = new Peer(port.port)
    idle.send(asking())
    await idle.until("ok hello")
    busy.send(asking({ body: "long" }))
    await expect.poll(() => underWay.length).toBe(1)
    const closed = port.server.close()
    await idle.closed
    sayText(underWay[0] as HotCall, "in time")
    await closed
    await busy.closed
    expect(busy.text).toContain("in time")
  })

  it("is cut when the server has waited long enough", async () => {
    const port = await openPort({ drainMs: 50 }, () => undefined)
    using peer = new Peer(port.port)
    peer.send(asking())
    await expect.poll(() => port.seen.length).toBe(1)
    await port.server.close()
    await peer.closed
    await expect.poll(() => port.closed).toEqual([{ isFinished: false }])
  })
})

describe("both ways", () => {
  it("answer with the same bytes", async () => {
    await using port = await openPort()
    const texts = await Promise.all(
      ways.map(async ({ more }) => {
        using peer = new Peer(port.port)
        peer.send(requestText({ headers: { ...more, Connection: "close" } }))
        await peer.closed
        return undated(peer.text)
      }),
    )
    expect(texts[0]).toBe(texts[1])
    expect(new Set(port.seen.map(({ isLean }) => isLean)).size).toBe(2)
  })
})

function sayText({ response }: HotCall, text: string): void {
  response.writeHead(200, { "content-type": "text/plain", "content-length": Buffer.byteLength(text) }).end(text)
}

function later(call: HotCall, body: string): void {
  setImmediate(() => sayText(call, `ok ${body}`))
}

async function settled(value: () => number): Promise<void> {
  for (let before = -1; before !== value();) {
    before = value()
    await delay(200)
  }
}
