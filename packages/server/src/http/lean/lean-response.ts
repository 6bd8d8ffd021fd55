// The answer to one request, written to the connection that the request came by.
import { lastChunks, chunkOf } from "../light/chunks.ts"
import type { AnswerHeaders, HotResponse } from "../hot-exchange.ts"
import { answerHead, trailerLines, type HeadOptions } from "./answer-head.ts"

/** The connection, as far as an answer uses it. */
export interface AnswerCarrier {
  /** Everything that is written until the next pass of the event loop goes out in one system call. */
  cork(): void
  write(data: Buffer | string, encoding: "utf8" | "latin1"): boolean
  /** The last of an answer; `finished` is called on the answer when the system has taken it. */
  writeLast(data: Buffer | string, encoding: "utf8" | "latin1"): void
  cut(): void
}

export class LeanResponse implements HotResponse {
  readonly #carrier: AnswerCarrier
  readonly #headOptions: HeadOptions
  /** Waits to go out with the first of the body. */
  #head = ""
  #isBare = false
  #ended = false
  #closed = false
  #trailers = ""
  readonly #onClose: (() => void)[] = []
  #onDrain: (() => void)[] | undefined
  statusCode = 200
  headersSent = false
  writableFinished = false
  destroyed = false
  chunkedEncoding = false
  /** The connection ends after it. */
  closes: boolean

  constructor(carrier: AnswerCarrier, options: HeadOptions) {
    this.#carrier = carrier
    this.#headOptions = options
    this.closes = options.closes
  }

  writeHead(status: number, headers: AnswerHeaders): this {
    if (this.headersSent) throw new Error("the head of this answer was sent before")
    const { text, chunked, closes, isBare } = answerHead(status, headers, this.#headOptions)
    this.statusCode = status
    this.headersSent = true
    this.#head = text
    this.#isBare = isBare
    this.chunkedEncoding = chunked
    this.closes = closes
    return this
  }

  joinWrites(): void {
    if (!this.destroyed) this.#carrier.cork()
  }

  flushHeaders(): void {
    if (!this.headersSent) this.writeHead(200, {})
    if (this.destroyed || this.#head === "") return
    this.#writeHead()
  }

  write(data: Buffer | string): boolean {
    if (this.destroyed || this.#ended) return false
    if (!this.headersSent) this.writeHead(200, {})
    if (this.#head !== "") {
      this.#carrier.cork()
      this.#writeHead()
    }
    if (this.#isBare || data.length === 0) return true
    if (!this.chunkedEncoding) return this.#carrier.write(data, "utf8")
    const pieces = chunkOf(data)
    if (pieces.length > 1) this.#carrier.cork()
    let mayGoOn = true
    for (const piece of pieces) mayGoOn = this.#carrier.write(piece, "utf8")
    return mayGoOn
  }

  addTrailers(trailers: Readonly<Record<string, string>>): void {
    this.#trailers += trailerLines(trailers)
  }

  end(data: Buffer | string = "", encoding: "utf8" | "latin1" = "utf8"): this {
    if (this.#ended || this.destroyed) return this
    if (!this.headersSent) this.writeHead(200, { "content-length": Buffer.byteLength(data, encoding) })
    this.#ended = true
    if (this.chunkedEncoding) this.#endChunks(data)
    else this.#endPlain(this.#isBare ? "" : data, encoding)
    return this
  }

  destroy(): this {
    if (this.destroyed) return this
    this.destroyed = true
    this.#carrier.cut()
    return this
  }

  on(_: "close", listener: () => void): this {
    this.#onClose.push(listener)
    return this
  }

  once(_: "drain", listener: () => void): this {
    if (this.#onDrain) this.#onDrain.push(listener)
    else this.#onDrain = [listener]
    return this
  }

  listenerCount(): number {
    return this.#onDrain?.length ?? 0
  }

  /** The reader has taken in what was written. */
  drained(): void {
    const listeners = this.#onDrain
    if (this.#ended || listeners === undefined) return
    this.#onDrain = undefined
    for (const listener of listeners) listener()
  }

  /** Nothing more becomes of it: all of it was taken, or its client is gone. */
  close(isFinished: boolean): void {
    if (this.#closed) return
    this.#closed = true
    this.writableFinished = isFinished
    this.destroyed = true
    for (const listener of this.#onClose) listener()
  }

  #writeHead(): void {
    this.#carrier.write(this.#head, "latin1")
    this.#head = ""
  }

  #endPlain(data: Buffer | string, encoding: "utf8" | "latin1"): void {
    const head = this.#head
    this.#head = ""
    if (typeof data === "string" && (encoding === "latin1" || data === "")) return this.#carrier.writeLast(head + data, "latin1")
    this.#carrier.cork()
    if (head !== "") this.#carrier.write(head, "latin1")
    this.#carrier.writeLast(data, encoding)
  }

  #endChunks(data: Buffer | string): void {
    this.#carrier.cork()
    if (this.#head !== "") this.#writeHead()
    for (const piece of chunkOf(data)) this.#carrier.write(piece, "utf8")
    const end = this.#trailers === "" ? lastChunks("") : `0\r\n${this.#trailers}\r\n`
    this.#carrier.writeLast(end, "latin1")
  }
}
