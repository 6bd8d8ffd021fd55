// Connections to one `http:` origin for the calls of the hot path: HTTP/1.1 with nothing that they do not need, in undici's words.
import { errors, type Dispatcher } from "undici"
import { PlainCall, type CallWaits } from "./plain-call.ts"
import { PlainConnection, type ConnectionOwner, type PlainAddress } from "./plain-connection.ts"
import { requestBytes } from "./request-bytes.ts"

export interface PlainPoolOptions extends CallWaits {
  /** `http:`; what is behind TLS may speak HTTP/2, which is undici's business. */
  origin: URL
  connectionsMax: number
  /** Calls that wait for one of them to be free. */
  waitingMax: number
  connectMs: number
}

/** All connections have calls, and as many wait as may. */
export class TooManyWaiting extends Error {
  readonly code = "PERDURE_TOO_MANY_WAITING"
}

/** Time limits of calls and of idle connections are looked at so often: that is their imprecision. */
const sweepEveryMs = 250

export class PlainPool implements Pick<Dispatcher, "dispatch">, ConnectionOwner {
  readonly #options: PlainPoolOptions
  readonly #address: PlainAddress
  readonly #connections = new Set<PlainConnection>()
  readonly #opening = new Set<PlainConnection>()
  /** The one that was used last is used first, so that those that are not needed can go. */
  readonly #idle: PlainConnection[] = []
  /** No `Set`: what V8 outgrows of one points to what comes after, so that calls which are over stay until the next collection of the whole heap. */
  readonly #waiting: PlainCall[] = []
  #willFlush = false
  #sweeper: NodeJS.Timeout | undefined
  #closed: Error | undefined
  readonly #flush = (): void => this.#carryWaiting()

  constructor(options: PlainPoolOptions) {
    this.#options = options
    const { hostname, port } = options.origin
    this.#address = { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? 80 : Number(port) }
  }

  /** Whatever becomes of it is told to the handler. Takes text, bytes or pieces of bytes. */
  dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { headersMs, bodyMs, origin } = this.#options
    const waits = { headersMs: request.headersTimeout ?? headersMs, bodyMs: request.bodyTimeout ?? bodyMs }
    try {
      if (this.#closed) throw this.#closed
      if (this.#isFull()) throw new TooManyWaiting(`${this.#options.waitingMax} calls wait for a connection`)
      new PlainCall(requestBytes(request, origin.host), waits, handler).enqueue(this.#waiting)
      this.#flushSoon()
      return true
    } catch (error) {
      handler.onResponseError?.(new PlainCall([], waits, handler), error instanceof Error ? error : new Error(String(error)))
      return false
    }
  }

  /** Calls under way go on; no other begins. */
  close(): void {
    this.#end(new errors.ClientClosedError())
    for (const connection of this.#idle.splice(0)) connection.cut()
  }

  destroy(): void {
    const error = new errors.ClientDestroyedError()
    this.#end(error)
    for (const connection of this.#connections) connection.fail(error)
  }

  free(connection: PlainConnection): void {
    this.#opening.delete(connection)
    if (this.#closed) return connection.cut()
    this.#idle.push(connection)
    if (this.#waiting.length > 0) this.#flushSoon()
  }

  gone(connection: PlainConnection, error: Error): void {
    this.#connections.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#opening.delete(connection)
    // One that was opened in vain fails a call, or calls would open others for ever.
    if (!connection.hasCarried) this.#waiting.shift()?.failed(error)
    if (this.#waiting.length > 0) this.#flushSoon()
    if (this.#connections.size > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }

  #end(error: Error): void {
    this.#closed ??= error
    for (const call of this.#waiting.splice(0)) call.failed(error)
  }

  /** Those that will have a connection after this pass of the event loop, or as soon as it is open, do not count. */
  #isFull(): boolean {
    const { connectionsMax, waitingMax } = this.#options
    return this.#connections.size >= connectionsMax && this.#waiting.length >= waitingMax + this.#idle.length + this.#opening.size
  }

  /**
   * After everything that has come by now was read: a connection that its server has just closed is not taken any more, and bytes that
   * belong to no answer are found before the next request could seem to have asked for them.
   */
  #flushSoon(): void {
    if (this.#willFlush) return
    this.#willFlush = true
    setImmediate(this.#flush)
  }

  #carryWaiting(): void {
    this.#willFlush = false
    while (this.#waiting.length > 0) {
      const connection = this.#takeIdle()
      if (!connection) break
      const call = this.#waiting.shift()
      if (!call || !connection.carry(call)) this.#idle.push(connection)
    }
    while (this.#opening.size < this.#waiting.length && this.#connections.size < this.#options.connectionsMax) this.#open()
  }

  #takeIdle(): PlainConnection | undefined {
    for (let taken = this.#idle.pop(); taken; taken = this.#idle.pop()) if (taken.isOpen) return taken
    return undefined
  }

  #open(): void {
    const connection = new PlainConnection(this.#address, this)
    this.#connections.add(connection)
    this.#opening.add(connection)
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepEveryMs).unref()
  }

  #sweep(): void {
    for (const connection of this.#connections) {
      const quietMs = connection.sweeps * sweepEveryMs // at least: the first sweep may come at once
      connection.sweeps += 1
      const error = this.#lateness(connection, quietMs)
      if (error) connection.fail(error)
    }
  }

  /** An idle connection goes without a word to anybody. */
  #lateness(connection: PlainConnection, quietMs: number): Error | undefined {
    const { call } = connection
    if (this.#opening.has(connection)) return isOver(quietMs, this.#options.connectMs) ? new errors.ConnectTimeoutError() : undefined
    if (!call) return quietMs >= connection.keptMs ? new errors.InformationalError("idle for too long") : undefined
    if (call.paused) return undefined
    if (!call.headSeen) return isOver(quietMs, call.waits.headersMs) ? new errors.HeadersTimeoutError() : undefined
    return isOver(quietMs, call.waits.bodyMs) ? new errors.BodyTimeoutError() : undefined
  }
}

function isOver(quietMs: number, limitMs: number): boolean {
  return limitMs > 0 && quietMs >= limitMs
}
