// The other end of a WebSocket, a client or a provider: writes no faster than it reads, notices when it is gone, says goodbye once.
import type { RawData, WebSocket } from "ws"
import { AppError } from "../../core/index.ts"

export interface PeerSocketLimits {
  /** Unsent bytes at which writers wait. */
  socketBufferedBytesMax: number
}

export class PeerSocket {
  /** Aborts when the connection is over, whoever ended it. */
  readonly signal: AbortSignal
  readonly #socket: WebSocket
  readonly #bufferedBytesMax: number
  readonly #over = new AbortController()
  #waiting: (() => void)[] = []
  #answered = true
  #sentBytes = 0
  #takenAtPing = 0

  constructor(socket: WebSocket, limits: PeerSocketLimits) {
    this.#socket = socket
    this.#bufferedBytesMax = limits.socketBufferedBytesMax
    this.signal = this.#over.signal
    socket.binaryType = "nodebuffer"
    socket.on("pong", () => (this.#answered = true))
    socket.on("error", () => socket.terminate()) // a frame that breaks the protocol or its limit: ws has sent the close code
    socket.on("close", () => {
      this.#over.abort(new AppError("client_closed_request", "the connection was closed"))
      this.#release()
    })
  }

  onMessage(listener: (data: Buffer, isBinary: boolean) => void): void {
    this.#socket.on("message", (data: RawData, isBinary) => {
      this.#answered = true
      listener(data as Buffer, isBinary) // by the binary type set above
    })
  }

  /** The code and reason with which the peer, or this side, ended the connection. */
  onClose(listener: (code: number, reason: string) => void): void {
    this.#socket.on("close", (code, reason) => listener(code, reason.toString()))
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  /** Writers wait. */
  get isFull(): boolean {
    return this.#socket.bufferedAmount >= this.#bufferedBytesMax
  }

  /** Resolves when the reader has kept up; false when it is gone. */
  async send(data: string | Buffer, isBinary = typeof data !== "string"): Promise<boolean> {
    if (this.#isOver()) return false
    this.#sentBytes += Buffer.byteLength(data)
    this.#socket.send(data, { binary: isBinary }, () => {
      if (!this.isFull) this.#release()
    })
    if (this.isFull) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return !this.#isOver()
  }

  /** Stops reading from it; whoever leaves is not noticed meanwhile. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(code: number, reason: string): void {
    this.#socket.resume() // its goodbye has to be read
    this.#socket.close(code, closeReason(reason))
  }

  terminate(): void {
    this.#socket.terminate()
  }

  /** Asks for a sign of life; ends a connection that gave none since the last time: neither an answer nor bytes taken in. */
  ping(): void {
    if (this.#isOver()) return
    const taken = this.#sentBytes - this.#socket.bufferedAmount
    if (!this.#answered && taken <= this.#takenAtPing) return this.#socket.terminate()
    this.#answered = false
    this.#takenAtPing = taken
    this.#socket.ping()
  }

  #isOver(): boolean {
    return this.#socket.readyState !== this.#socket.OPEN
  }

  #release(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
  }
}

const closeReasonBytesMax = 123

/** The protocol gives a reason 123 bytes. */
function closeReason(reason: string): string {
  const bytes = Buffer.from(reason)
  if (bytes.length <= closeReasonBytesMax) return reason
  return bytes.subarray(0, closeReasonBytesMax).toString("utf8").replace(/�+$/u, "")
}
