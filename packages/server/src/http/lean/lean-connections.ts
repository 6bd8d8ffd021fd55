// All connections that we read ourselves: taken from the node:http server as they are accepted, given to it when they are not for us.
import type { Server } from "node:http"
import type { Socket } from "node:net"
import type { HotRequest, HotResponse } from "../hot-exchange.ts"
import { LeanConnection, type ConnectionOwner } from "./lean-connection.ts"

export interface LeanConnectionsOptions {
  server: Server
  /** Longest time without a request, for connections that had one, and for those that had none. */
  keptMs: number
  firstRequestMs: number
  /** What of further requests is read before the first is answered. */
  pipelinedBytesMax: number
  isServed: (path: string) => boolean
  serve: (request: HotRequest, response: HotResponse, path: string) => void
}

type Listener = (this: Server, socket: Socket) => void

/** Idle connections are looked at so often: that is the imprecision of their time. */
const sweepEveryMs = 1_000
/** Kept for so much longer than clients are told, so that their next request and our end do not cross. */
const graceMs = 1_000

export class LeanConnections implements ConnectionOwner {
  readonly #options: LeanConnectionsOptions
  readonly #nodes: readonly Listener[]
  /** No `Set`: what V8 outgrows of one points to what comes after, so that closed connections stay until the next collection of the whole heap. */
  readonly #open: LeanConnection[] = []
  #sweeper: NodeJS.Timeout | undefined
  isDraining = false

  /** From now on every connection of the server comes here first. */
  constructor(options: LeanConnectionsOptions) {
    this.#options = options
    const { server } = options
    this.#nodes = server.listeners("connection") as Listener[]
    server.removeAllListeners("connection")
    server.on("connection", (socket) => this.#accept(socket))
  }

  get keptMs(): number {
    return this.#options.keptMs
  }

  get pipelinedBytesMax(): number {
    return this.#options.pipelinedBytesMax
  }

  isServed(path: string): boolean {
    return this.#options.isServed(path)
  }

  serve(request: HotRequest, response: HotResponse, path: string): void {
    this.#options.serve(request, response, path)
  }

  giveToNode(socket: Socket): void {
    for (const listener of this.#nodes) listener.call(this.#options.server, socket)
  }

  forget(connection: LeanConnection): void {
    if (this.#open[connection.place] !== connection) return
    const last = this.#open.pop()
    if (last && last !== connection) {
      this.#open[connection.place] = last
      last.place = connection.place
    }
    if (this.#open.length > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }

  /** What is idle is closed now, what is under way when it is answered. */
  drain(): void {
    this.isDraining = true
    for (const connection of this.#open) if (connection.isIdle) connection.cut()
  }

  closeAll(): void {
    for (const connection of this.#open) connection.cut()
  }

  #accept(socket: Socket): void {
    this.#open.push(new LeanConnection(socket, this, this.#open.length))
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepEveryMs).unref()
  }

  #sweep(): void {
    const { keptMs, firstRequestMs } = this.#options
    for (const connection of this.#open) {
      const quietMs = connection.sweeps * sweepEveryMs // at least: the first sweep may come at once
      connection.sweeps += 1
      if (connection.isIdle && quietMs >= (connection.hasServed ? keptMs + graceMs : firstRequestMs)) connection.timeOut()
    }
  }
}
