// Reads the answers that come over one connection, in whatever pieces they arrive; what one piece has of a body is passed on at once.
import { errors } from "undici"
import { countBuffer } from "../../core/index.ts"
import { malformed, readHead, type AnswerHead } from "./answer-head.ts"

/** What is told of one answer, in this order. */
export interface AnswerParts {
  /** The last head; those before it (1xx) are passed over. */
  head(head: AnswerHead): void
  /** Bytes of its own, not of the piece. */
  body(bytes: Buffer): void
  end(): void
}

type State = "nothing" | "stopped" | "head" | "length" | "close" | "size" | "chunk" | "chunk end" | "trailers"

const headBytesMax = 16 * 1024
const sizeLineBytesMax = 1_024
const blankLine = Buffer.from("\r\n\r\n")
const lineFeed = 10
const carriageReturn = 13

export class AnswerReader {
  readonly #parts: AnswerParts
  #state: State = "nothing"
  /** The beginning of a head or a line whose end has not come. */
  #begun: Buffer | undefined
  /** Of the body or the chunk; what trailers may still take. */
  #missingBytes = 0
  /** Where the piece that is being read has parts of a body: starts and ends in turn. */
  readonly #spans: number[] = []

  constructor(parts: AnswerParts) {
    this.#parts = parts
  }

  /** A request is sent: an answer may come. */
  expect(): void {
    this.#state = "head"
    this.#begun = undefined
  }

  /** Nothing more is told. */
  stop(): void {
    this.#state = "stopped"
  }

  /** Throws for what is not HTTP, and for bytes that nobody asked for; what came before them is passed on. */
  read(piece: Buffer): void {
    const bytes = this.#begun ? Buffer.concat([this.#begun, piece]) : piece
    this.#begun = undefined
    try {
      this.#readAll(bytes)
    } finally {
      this.#passOn(bytes)
    }
  }

  #readAll(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const next = this.#step(bytes, at)
      if (next < 0) return this.#keep(bytes, at)
      at = next
    }
  }

  /** The connection has ended: so has an answer whose length nobody told. False when it lacks something. */
  ended(): boolean {
    if (this.#state !== "close") return false
    this.#finish()
    return true
  }

  /** Reads on from `at`; the index after what was read, or -1 when more has to come. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case "head":
        return this.#readHead(bytes, at)
      case "length":
        return this.#readBody(bytes, at, "nothing")
      case "chunk":
        return this.#readBody(bytes, at, "chunk end")
      case "close":
        this.#spans.push(at, bytes.length)
        return bytes.length
      case "size":
        return this.#readSize(bytes, at)
      case "chunk end":
        return this.#readChunkEnd(bytes, at)
      case "trailers":
        return this.#readTrailer(bytes, at)
      case "stopped":
        return bytes.length
      case "nothing":
        break
    }
    throw new errors.SocketError("bytes came that belong to no answer")
  }

  #readHead(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(blankLine, at)
    if (end - at > headBytesMax) throw new errors.HeadersOverflowError()
    if (end < 0) return -1
    const head = readHead(bytes.toString("latin1", at, end + 2))
    if (head.status === 101) throw malformed("another protocol, which nobody asked for")
    if (head.status < 200) return end + 4
    this.#begin(head)
    return end + 4
  }

  #begin(head: AnswerHead): void {
    const { framing } = head
    this.#state = framing.kind === "chunked" ? "size" : framing.kind
    this.#missingBytes = framing.kind === "length" ? framing.bytes : 0
    this.#parts.head(head)
    if (framing.kind === "length" && framing.bytes === 0 && this.#state === "length") this.#finish()
  }

  #readBody(bytes: Buffer, at: number, after: "nothing" | "chunk end"): number {
    const end = Math.min(bytes.length, at + this.#missingBytes)
    this.#spans.push(at, end)
    this.#missingBytes -= end - at
    if (this.#missingBytes > 0) return end
    if (after === "chunk end") this.#state = after
    else {
      this.#passOn(bytes)
      this.#finish()
    }
    return end
  }

  #readSize(bytes: Buffer, at: number): number {
    const end = lineEnd(bytes, at)
    if (end < 0) return -1
    const size = sizeIn(bytes, at, end)
    this.#missingBytes = size === 0 ? headBytesMax : size
    this.#state = size === 0 ? "trailers" : "chunk"
    return end + 2
  }

  #readChunkEnd(bytes: Buffer, at: number): number {
    if (bytes.length - at < 2) return -1
    if (bytes[at] !== carriageReturn || bytes[at + 1] !== lineFeed) throw malformed("a chunk longer than its size")
    this.#state = "size"
    return at + 2
  }

  /** Trailers are passed over. */
  #readTrailer(bytes: Buffer, at: number): number {
    const end = lineEnd(bytes, at)
    if (end < 0) return -1
    this.#missingBytes -= end - at
    if (this.#missingBytes < 0) throw new errors.HeadersOverflowError()
    if (end > at) return end + 2
    this.#passOn(bytes)
    this.#finish()
    return end + 2
  }

  #keep(bytes: Buffer, at: number): void {
    const max = this.#state === "size" ? sizeLineBytesMax : headBytesMax
    if (bytes.length - at > max) throw new errors.HeadersOverflowError()
    this.#begun = Buffer.from(bytes.subarray(at)) // the piece is not ours
  }

  #passOn(bytes: Buffer): void {
    const spans = this.#spans
    if (spans.length === 0) return
    const body = spans.length === 2 ? copyOf(bytes, spans[0] ?? 0, spans[1] ?? 0) : gathered(bytes, spans)
    spans.length = 0
    if (this.#state !== "stopped") this.#parts.body(body)
  }

  #finish(): void {
    if (this.#state === "stopped") return
    this.#state = "nothing"
    this.#parts.end()
  }
}

/** Index of the line end, or -1 when it has not come. */
function lineEnd(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (byte === lineFeed) throw malformed("a line end of another kind")
    if (byte !== carriageReturn) continue
    if (at + 1 === bytes.length) return -1
    if (bytes[at + 1] !== lineFeed) throw malformed("a line end of another kind")
    return at
  }
  return -1
}

const sizeDigitsMax = 12
const semicolon = 59
const space = 32
const tab = 9

/** Of a chunk; what may follow its size (`;name=value`) means nothing here. */
function sizeIn(bytes: Buffer, from: number, end: number): number {
  let size = 0
  let at = from
  for (; at < end; at += 1) {
    const digit = hexDigit(bytes[at] ?? 0)
    if (digit < 0) break
    size = size * 16 + digit
  }
  const after = bytes[at]
  const mayFollow = at === end || after === semicolon || after === space || after === tab
  if (at === from || at - from > sizeDigitsMax || !mayFollow) throw malformed("a chunk without a size")
  return size
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const lower = byte | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  countBuffer(end - start)
  const copy = Buffer.allocUnsafe(end - start)
  bytes.copy(copy, 0, start, end)
  return copy
}

/** What came in several chunks of one piece goes on as one. */
function gathered(bytes: Buffer, spans: readonly number[]): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < spans.length; at += 2) parts.push(bytes.subarray(spans[at], spans[at + 1]))
  const all = Buffer.concat(parts)
  countBuffer(all.length)
  return all
}
