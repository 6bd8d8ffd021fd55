// What hot routes use of a request and of its answer; node:http's objects have it, and so have the lean ones and those without a connection.
import type { IncomingHttpHeaders } from "node:http"

export interface HotRequest {
  /** Undefined, in node:http's words, where it is no request. */
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
  /** Where the path names the model: it goes before one in the body. */
  modelOfPath?: string
  on(event: "data", listener: (chunk: Buffer) => void): unknown
  on(event: "end", listener: () => void): unknown
  /** The rest of the body is of no interest. */
  resume(): unknown
}

export interface HotResponse {
  readonly statusCode: number
  readonly headersSent: boolean
  /** It was ended, and the system has taken all of it. */
  readonly writableFinished: boolean
  /** Closed, or about to be: nothing more reaches the client. */
  readonly destroyed: boolean
  /** What is written goes out as chunks. Whoever makes the chunks himself turns it off after the head. */
  chunkedEncoding?: boolean
  writeHead(status: number, headers: AnswerHeaders): Pick<HotResponse, "end">
  flushHeaders(): void
  /** What is written until the next pass of the event loop goes out in one system call. Missing where that is so without a word. */
  joinWrites?(): void
  /** False when the reader should take in first what was written. */
  write(data: Buffer | string): boolean
  /** Announced in the head as `trailer`. */
  addTrailers(trailers: Readonly<Record<string, string>>): void
  end(): unknown
  end(data: Buffer | string): unknown
  end(data: string, encoding: "latin1"): unknown
  /** Cuts it, and its connection. */
  destroy(): unknown
  /** Ended and taken in, or left by its client: `writableFinished` tells which. */
  on(event: "close", listener: () => void): unknown
  once(event: "drain", listener: () => void): unknown
  listenerCount(event: "drain"): number
}

export type AnswerHeaders = Readonly<Record<string, string | number>>
