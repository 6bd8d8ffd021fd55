// One connection of a pool: carries one call after the other, is read into a buffer that all share, and is cut when anything is odd.
import { connect, type Socket } from "node:net"
import { errors } from "undici"
import type { AnswerHead } from "./answer-head.ts"
import { AnswerReader, type AnswerParts } from "./answer-reader.ts"
import type { Carrier, PlainCall } from "./plain-call.ts"

/** What its pool hears of it. */
export interface ConnectionOwner {
  /** It is open, or has carried a call to its end: it may carry another. */
  free(connection: PlainConnection): void
  /** It is gone; the call that it carried knows. */
  gone(connection: PlainConnection, error: Error): void
}

export interface PlainAddress {
  host: string
  port: number
}

/** As long as undici keeps one that is told nothing else, and at most. */
const keptMsDefault = 4_000
const keptMsMax = 600_000
const firstProbeAfterMs = 60_000

/** What was read is passed on before anything else is: one is enough for all, and none is allocated for a read. */
const piece = Buffer.allocUnsafeSlow(64 * 1024)

export class PlainConnection implements Carrier, AnswerParts {
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #reader = new AnswerReader(this)
  #call: PlainCall | undefined
  #error: Error | undefined
  #isOpen = false
  #isCut = false
  #keptMs = keptMsDefault
  /** Of its pool, since something last happened on it. */
  sweeps = 0
  hasCarried = false

  constructor({ host, port }: PlainAddress, owner: ConnectionOwner) {
    this.#owner = owner
    const onread = { buffer: piece, callback: (sizeBytes: number): boolean => this.#read(sizeBytes) }
    this.#socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: firstProbeAfterMs, onread })
    this.#socket.on("connect", () => this.#opened())
    this.#socket.on("error", (error) => (this.#error ??= error))
    this.#socket.on("end", () => this.#ended())
    this.#socket.on("close", () => this.#closed())
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#isCut
  }

  get call(): PlainCall | undefined {
    return this.#call
  }

  /** How long it may wait for its next call. */
  get keptMs(): number {
    return this.#keptMs
  }

  /** False when the call was given up in this moment; then it may carry another. */
  carry(call: PlainCall): boolean {
    if (!call.starts(this)) return false
    this.#call = call
    this.sweeps = 0
    this.hasCarried = true
    this.#socket.ref()
    this.#reader.expect()
    const [first] = call.bytes
    if (first && call.bytes.length === 1) this.#socket.write(first)
    else this.#writeAll(call.bytes)
    return true
  }

  head(head: AnswerHead): void {
    const { framing, keptMs } = head
    this.#keptMs = framing.kind === "close" ? 0 : Math.min(keptMs ?? keptMsDefault, keptMsMax)
    this.#call?.head(head)
  }

  body(bytes: Buffer): void {
    this.#call?.body(bytes)
  }

  /** An answer that came before all of its request was sent leaves the connection in a state that nobody knows. */
  end(): void {
    const call = this.#call
    this.#call = undefined
    this.sweeps = 0
    const mayGoOn = this.#keptMs > 0 && this.#socket.writableLength === 0 && !this.#isCut
    call?.completed()
    if (!mayGoOn) return this.cut()
    if (call?.paused === true) this.#socket.resume()
    this.#waits()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.sweeps = 0
    this.#socket.resume()
  }

  cut(): void {
    if (this.#isCut) return
    this.#isCut = true
    this.#reader.stop()
    this.#socket.destroy()
  }

  /** Ends its call with an error, and itself. */
  fail(error: Error): void {
    this.#error ??= error
    const call = this.#call
    this.#call = undefined
    this.cut()
    call?.failed(error)
  }

  #writeAll(parts: readonly Buffer[]): void {
    this.#socket.cork()
    for (const part of parts) this.#socket.write(part)
    this.#socket.uncork()
  }

  #opened(): void {
    this.#isOpen = true
    this.sweeps = 0
    this.#waits()
  }

  /** Open connections without a call do not keep the process. */
  #waits(): void {
    this.#socket.unref()
    if (this.isOpen) this.#owner.free(this)
  }

  /** Nothing may escape from here: it would end the process. */
  #read(sizeBytes: number): boolean {
    this.sweeps = 0
    try {
      this.#reader.read(sizeBytes === piece.length ? piece : piece.subarray(0, sizeBytes))
    } catch (error) {
      this.fail(error instanceof Error ? error : new errors.SocketError(String(error)))
    }
    return !this.#isCut
  }

  #ended(): void {
    if (this.#call && this.#reader.ended()) return
    this.fail(new errors.SocketError("other side closed"))
  }

  #closed(): void {
    const error = this.#error ?? new errors.SocketError("closed")
    this.fail(error)
    this.#owner.gone(this, error)
  }
}
