// One connection of a client: its requests in turn, as long as each is one that we read ourselves; at the first other it is node:http's for good.
import type { Socket } from "node:net"
import type { HotRequest, HotResponse } from "../hot-exchange.ts"
import type { HeadOptions } from "./answer-head.ts"
import { LeanRequest } from "./lean-request.ts"
import { LeanResponse, type AnswerCarrier } from "./lean-response.ts"
import { readRequestHead, type RequestHead } from "./request-head.ts"

/** Whoever has the connections. */
export interface ConnectionOwner {
  readonly keptMs: number
  readonly pipelinedBytesMax: number
  /** No request is served any more. */
  readonly isDraining: boolean
  /** By its path, be it served here. */
  isServed(path: string): boolean
  serve(request: HotRequest, response: HotResponse, path: string): void
  /** It is node:http's from now on, or gone. */
  forget(connection: LeanConnection): void
  giveToNode(socket: Socket): void
}

const nothing = Buffer.alloc(0)
/** As node:http answers a client that says nothing. */
const requestTimeout = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"

export class LeanConnection implements AnswerCarrier {
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #headOptions: HeadOptions
  #request: LeanRequest | undefined
  /** Until all of it was taken. */
  #response: LeanResponse | undefined
  /** Of the body of the request. */
  #missingBytes = 0
  /** What came behind a request that is not answered. */
  #ahead: Buffer | undefined
  #isCorked = false
  /** No request follows. */
  #isOver = false
  /** Of its owner, since something last happened on it. */
  sweeps = 0
  hasServed = false
  /** Among those of its owner. */
  place: number
  readonly #onData = (bytes: Buffer): void => this.#read(bytes)
  readonly #onEnd = (): void => this.#end()
  readonly #onClose = (): void => this.#closed()
  readonly #onDrain = (): void => this.#response?.drained()
  readonly #onFlushed = (error?: Error | null): void => {
    if (!error) this.#finished()
  }

  constructor(socket: Socket, owner: ConnectionOwner, place: number) {
    this.#socket = socket
    this.#owner = owner
    this.place = place
    this.#headOptions = { closes: false, keptSeconds: Math.floor(owner.keptMs / 1_000) }
    socket.on("error", ignore) // "close" follows
    socket.on("end", this.#onEnd)
    socket.on("close", this.#onClose)
    socket.on("drain", this.#onDrain)
    socket.on("data", this.#onData)
  }

  /** Nothing is asked that was not answered. */
  get isIdle(): boolean {
    return this.#response === undefined && this.#missingBytes === 0
  }

  cork(): void {
    if (this.#isCorked) return
    this.#isCorked = true
    this.#socket.cork()
    process.nextTick(uncork, this)
  }

  uncork(): void {
    if (!this.#isCorked) return
    this.#isCorked = false
    this.#socket.uncork()
  }

  write(data: Buffer | string, encoding: "utf8" | "latin1"): boolean {
    if (this.#socket.writableEnded) {
      this.cut()
      return false
    }
    return this.#socket.write(data, encoding)
  }

  writeLast(data: Buffer | string, encoding: "utf8" | "latin1"): void {
    if (this.#socket.writableEnded) return this.cut()
    this.#socket.write(data, encoding, this.#onFlushed)
    this.uncork()
  }

  cut(): void {
    this.#socket.destroy()
  }

  /** Nothing came of it for so long that it may go. */
  timeOut(): void {
    if (this.hasServed) return this.cut()
    this.#socket.write(requestTimeout)
    this.cut()
  }

  #read(bytes: Buffer): void {
    this.sweeps = 0
    const rest = this.#missingBytes > 0 ? this.#readBody(bytes) : bytes
    if (rest.length === 0 || this.#isOver) return
    if (!this.isIdle || this.#ahead) this.#keep(rest)
    else this.#begin(rest)
  }

  #begin(bytes: Buffer): void {
    const head = readRequestHead(bytes)
    if (!head || !this.#owner.isServed(head.path)) return this.#handOver(bytes)
    this.#missingBytes = head.bodyBytes
    this.hasServed = true
    this.#serve(head)
    const rest = bytes.length > head.sizeBytes ? this.#readBody(bytes.subarray(head.sizeBytes)) : nothing
    if (rest.length > 0 && !this.#isOver) this.#keep(rest)
  }

  #serve(head: RequestHead): void {
    const request = new LeanRequest(head)
    const response = new LeanResponse(this, head.closes ? { ...this.#headOptions, closes: true } : this.#headOptions)
    this.#request = request
    this.#response = response
    this.#owner.serve(request, response, head.path)
  }

  /** Gives back what is not of the body. */
  #readBody(bytes: Buffer): Buffer {
    const request = this.#request
    const ownBytes = Math.min(this.#missingBytes, bytes.length)
    this.#missingBytes -= ownBytes
    request?.data(ownBytes === bytes.length ? bytes : bytes.subarray(0, ownBytes))
    if (this.#missingBytes > 0) return nothing
    this.#request = undefined
    request?.end()
    // A refusal may have been taken before the body was all here.
    if (this.#response === undefined) this.#next()
    return bytes.subarray(ownBytes)
  }

  #keep(bytes: Buffer): void {
    this.#ahead = this.#ahead ? Buffer.concat([this.#ahead, bytes]) : bytes
    if (this.#ahead.length > this.#owner.pipelinedBytesMax) this.#socket.pause()
  }

  #finished(): void {
    const response = this.#response
    if (!response) return
    this.#response = undefined
    this.sweeps = 0
    const isLast = response.closes || this.#owner.isDraining
    if (isLast) this.#isOver = true
    response.close(true)
    if (isLast) this.#socket.destroySoon()
    else if (this.#missingBytes === 0) this.#next()
  }

  /** What came ahead has its turn. */
  #next(): void {
    const bytes = this.#ahead
    if (!bytes || this.#isOver || this.#socket.destroyed || this.#socket.writableEnded) return
    this.#ahead = undefined
    if (this.#socket.isPaused()) this.#socket.resume()
    this.#begin(bytes)
  }

  /** The socket is as if it had just been opened, with these bytes to come. */
  #handOver(bytes: Buffer): void {
    const socket = this.#socket
    this.#isOver = true
    socket.off("error", ignore).off("end", this.#onEnd).off("close", this.#onClose).off("drain", this.#onDrain).off("data", this.#onData)
    this.uncork()
    this.#owner.forget(this)
    socket.pause()
    socket.unshift(bytes)
    this.#owner.giveToNode(socket)
    socket.resume()
  }

  /** The client writes no more. Node:http takes that for leaving, and so do we. */
  #end(): void {
    this.#isOver = true
    this.uncork()
    this.#socket.end()
  }

  #closed(): void {
    this.#isOver = true
    this.#owner.forget(this)
    const response = this.#response
    this.#response = undefined
    this.#request = undefined
    response?.close(false)
  }
}

function ignore(): void {
  // told by "close"
}

function uncork(connection: LeanConnection): void {
  connection.uncork()
}
