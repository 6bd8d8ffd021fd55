// A request and its answer without a connection: what raw handlers read and write, for calls that the server makes of itself.
import type { IncomingHttpHeaders } from "node:http"
import { Readable, Writable } from "node:stream"
import type { HotRequest, HotResponse } from "../hot-exchange.ts"

export class InnerRequest extends Readable implements HotRequest {
  readonly method = "POST"
  readonly url: string
  readonly headers: IncomingHttpHeaders

  constructor(url: string, headers: Readonly<Record<string, string>>, body: Buffer) {
    super({ read: () => undefined })
    this.url = url
    this.headers = { ...headers, "content-type": "application/json", "content-length": String(body.length) }
    this.push(body)
    this.push(null)
  }
}

/** Keeps the answer. Closed before its end: it broke off, or whoever waits for it gave up. */
export class InnerResponse extends Writable implements HotResponse {
  readonly #bytesMax: number
  readonly #pieces: Buffer[] = []
  #bytes = 0
  statusCode = 200
  headersSent = false
  isTooLarge = false

  constructor(bytesMax: number) {
    super()
    this.#bytesMax = bytesMax
  }

  get body(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  /** The headers are for clients: whoever calls from inside has the run id and the error itself. */
  writeHead(status: number): this {
    this.statusCode = status
    this.headersSent = true
    return this
  }

  flushHeaders(): void {
    this.headersSent = true
  }

  addTrailers(): void {
    // As `writeHead`.
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#bytes += chunk.length
    if (this.#bytes > this.#bytesMax) {
      this.isTooLarge = true
      this.destroy()
    } else this.#pieces.push(chunk)
    done()
  }
}
