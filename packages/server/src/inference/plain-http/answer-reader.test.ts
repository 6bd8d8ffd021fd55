// Answers of HTTP/1.1 in any pieces: whole bodies come out, and what two readers could read differently is an error.
import { describe, expect, it } from "vitest"
import { AnswerReader, type AnswerParts } from "./answer-reader.ts"
import type { AnswerHead } from "./answer-head.ts"

interface Told extends AnswerParts {
  heads: AnswerHead[]
  bodies: string[]
  ends: number
}

function open(): { reader: AnswerReader; told: Told } {
  const told: Told = {
    heads: [],
    bodies: [],
    ends: 0,
    head: (head) => void told.heads.push(head),
    body: (bytes) => void told.bodies.push(bytes.toString("latin1")),
    end: () => void (told.ends += 1),
  }
  const reader = new AnswerReader(told)
  reader.expect()
  return { reader, told }
}

/** In one piece, or cut at each of the places; each piece is overwritten after it was read, as a shared buffer is. */
function read(text: string, ...cuts: number[]): Told {
  const { reader, told } = open()
  const places = [0, ...cuts, text.length]
  for (let at = 1; at < places.length; at += 1) {
    const piece = Buffer.from(text.slice(places[at - 1], places[at]), "latin1")
    reader.read(piece)
    piece.fill(0)
  }
  return told
}

const head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Two: a\r\nx-two:\tb \r\n"
const chunked = "transfer-encoding: Chunked\r\n\r\n5;note=x\r\nhello\r\n7 \r\n, world\r\n0\r\nX-Trailer: t\r\n\r\n"

describe("answers that come in pieces", () => {
  it.each([
    ["with a length", `${head}Content-Length: 12\r\n\r\nhello, world`],
    ["in chunks", `${head}${chunked}`],
    ["after informational heads", `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 100\r\n\r\n${head}${chunked}`],
  ])("are the same wherever they are cut: %s", (_, text) => {
    const whole = read(text)
    expect(whole.bodies.join("")).toBe("hello, world")
    expect(whole.heads[0]?.headers).toMatchObject({ "content-type": "text/plain", "x-two": ["a", "b"] })
    for (let cut = 1; cut < text.length; cut += 1) {
      const told = read(text, cut)
      expect([told.bodies.join(""), told.heads, told.ends]).toEqual(["hello, world", whole.heads, 1])
    }
    const bytes = read(text, ...Array.from({ length: text.length - 1 }, (_each, at) => at + 1))
    expect([bytes.bodies.join(""), bytes.ends]).toEqual(["hello, world", 1])
  })

  it("pass on what one piece has of several chunks as one", () => {
    expect(read(`${head}${chunked}`).bodies).toEqual(["hello, world"])
  })

  it("end with the connection where nobody told a length, and lack something where it was told", () => {
    const { reader, told } = open()
    reader.read(Buffer.from(`${head}\r\nhello`))
    expect([told.ends, reader.ended(), told.ends]).toEqual([0, true, 1])
    const cut = open()
    cut.reader.read(Buffer.from(`${head}Content-Length: 12\r\n\r\nhello`))
    expect([cut.reader.ended(), cut.told.ends]).toEqual([false, 0])
  })

  it("end at once where there is no body", () => {
    expect(read(`${head}Content-Length: 0\r\n\r\n`).ends).toBe(1)
    expect(read("HTTP/1.1 204 No Content\r\n\r\n").ends).toBe(1)
  })

  it("tell how long the connection is kept", () => {
    const kept = (headers: string, version = "1.1"): number | undefined =>
      read(`HTTP/${version} 200 OK\r\ncontent-length: 0\r\n${headers}\r\n`).heads[0]?.keptMs
    expect([kept(""), kept("connection: close\r\n"), kept("keep-alive: timeout=5\r\n"), kept("keep-alive: timeout=1\r\n")]).toEqual([
      undefined,
      0,
      3_000,
      0,
    ])
    expect([kept("", "1.0"), kept("connection: Keep-Alive\r\n", "1.0")]).toEqual([0, undefined])
  })
})

describe("what is not HTTP/1.1", () => {
  it.each([
    ["another protocol", "SSH-2.0-x\r\n\r\n"],
    ["a line end of another kind", "HTTP/1.1 200 OK\r\ncontent-length: 1\n\r\n\r\na"],
    ["a folded line", "HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n"],
    ["a space before a colon", "HTTP/1.1 200 OK\r\ncontent-length : 5\r\n\r\nhello"],
    ["a NUL", "HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello"],
    ["a length and chunks", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a signed length", "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nhello"],
    ["a coding that is not asked for", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
    ["a chunk without a size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nhello\r\n"],
    ["a chunk of a size beyond all", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffff\r\n"],
    ["a chunk longer than its size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhello\r\n"],
    ["a size line that ends in LF", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\nhe\r\n"],
    ["a switch of protocols", "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n"],
    ["bytes after the answer", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nheHTTP/1.1 200 OK\r\n\r\n"],
    ["a head without an end", `HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(4_000)}`],
    ["a trailer without an end", `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ${"y".repeat(20_000)}`],
  ])("is refused: %s", (_, text) => {
    expect(() => read(text)).toThrow(/not HTTP\/1\.1|belong to no answer|Headers Overflow/)
  })
})
