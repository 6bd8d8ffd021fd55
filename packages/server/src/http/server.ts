// The one HTTP server: raw handlers for the inference routes, the Hono application for the rest, and a close that drains.
import { getRequestListener } from "@hono/node-server"
import type { Hono } from "hono"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import { AppError, sleep, type Clock, type Limits, type NewId } from "../core/index.ts"
import type { Identity } from "../security/index.ts"
import { takeAzureRequest } from "./azure/index.ts"
import type { HttpEnv } from "./env.ts"
import type { HotRequest, HotResponse } from "./hot-exchange.ts"
import { LeanConnections } from "./lean/lean-connections.ts"
import { pathOf, wholeAddress } from "./lean/request-head.ts"
import { createOriginGuard } from "./origin-guard.ts"
import { errorAnswer } from "./openai/errors.ts"
import type { PassThrough } from "./pass-through/index.ts"
import { enterHotPath, refuseWhileDraining, sendError, type HotRoute } from "./shell.ts"
import type { ShellLogger } from "./api.ts"
import { asksForWebSocket, Upgrades, type UpgradeRoute } from "./sockets/index.ts"

export interface HttpServerOptions {
  identity: Identity
  /** By path; they serve POST only. */
  hotRoutes: Readonly<Record<string, HotRoute>>
  /** By path: what a request for a WebSocket opens. */
  upgradeRoutes?: Readonly<Record<string, UpgradeRoute>>
  /** Paths that go to providers as they are. */
  passThrough?: Pick<PassThrough, "find">
  app: Hono<HttpEnv>
  limits: Pick<
    Limits,
    "drainMs" | "connectionKeptMs" | "requestHeadMs" | "pipelinedBytesMax" | "socketsMax" | "socketPingMs" | "socketBufferedBytesMax"
  >
  clock: Clock
  newId: NewId
  logger: ShellLogger
  metrics?: HttpMetrics
  allowedHosts?: readonly string[]
  allowedOrigins?: readonly string[]
}

export interface HttpMetrics {
  /** Called when an answer has ended or its client has left; must not throw. `route` is a hot path, or `other`. */
  requestFinished(route: string, status: number, durationMs: number): void
}

export interface HttpServer extends AsyncDisposable {
  /** Resolves with the address once the port is open. */
  listen(port: number, host: string): Promise<string>
  readonly url: string
  readonly inFlight: number
  /** WebSockets that are open. */
  readonly sockets: number
  /** Stops intake, waits for what is in flight up to `drainMs`, then closes every connection. */
  close(): Promise<void>
}

const backlogConnectionsMax = 4096

export function createHttpServer(options: HttpServerOptions): HttpServer {
  return new NodeHttpServer(options)
}

class NodeHttpServer implements HttpServer {
  readonly #options: HttpServerOptions
  readonly #server: Server
  readonly #hot: ReadonlyMap<string, HotRoute>
  readonly #toHono: ReturnType<typeof getRequestListener>
  readonly #lean: LeanConnections
  readonly #upgrades: Upgrades
  #guard = createOriginGuard({ boundHost: "127.0.0.1" })
  #inFlight = 0
  #draining = false
  #closed: Promise<void> | undefined
  url = ""

  constructor(options: HttpServerOptions) {
    this.#options = options
    this.#hot = new Map(Object.entries(options.hotRoutes))
    this.#toHono = getRequestListener((request, env) => options.app.fetch(request, env), { overrideGlobalObjects: false })
    this.#upgrades = new Upgrades({ ...options, routes: options.upgradeRoutes ?? {} })
    const { connectionKeptMs, requestHeadMs, pipelinedBytesMax } = options.limits
    // No limit on how long a request or a stream may take; a head that never ends is cut by headersTimeout, which is none where requestTimeout is none.
    const limits = {
      requestTimeout: 0,
      headersTimeout: requestHeadMs,
      connectionsCheckingInterval: Math.min(requestHeadMs, 30_000),
      keepAliveTimeout: connectionKeptMs,
      noDelay: true,
    }
    // Whatever is not upgraded is answered by the request listener: an upgrade without an answer costs its client seconds.
    const shouldUpgradeCallback = (request: IncomingMessage): boolean => this.#mayUpgrade(request)
    this.#server = createServer({ ...limits, shouldUpgradeCallback }, (request, response) => this.#handle(request, response))
    this.#server.on("upgrade", (request: IncomingMessage, socket, head) => this.#upgrade(request, socket, head))
    this.#lean = new LeanConnections({
      server: this.#server,
      keptMs: connectionKeptMs,
      firstRequestMs: requestHeadMs,
      pipelinedBytesMax,
      isServed: (path) => this.#hot.has(path),
      serve: (request, response, path) => this.#serveLean(request, response, path),
    })
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get sockets(): number {
    return this.#upgrades.size
  }

  async listen(port: number, host: string): Promise<string> {
    const { allowedHosts = [], allowedOrigins = [] } = this.#options
    this.#guard = createOriginGuard({ boundHost: host, allowedHosts, allowedOrigins })
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject)
      this.#server.listen({ port, host, backlog: backlogConnectionsMax }, () => {
        this.#server.off("error", reject)
        resolve()
      })
    })
    const address = this.#server.address() as AddressInfo // a TCP port was asked for
    this.url = `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`
    return this.url
  }

  close(): Promise<void> {
    this.#closed ??= this.#drain()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #drain(): Promise<void> {
    this.#draining = true
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeIdleConnections()
    this.#lean.drain()
    const drained = this.#upgrades.drain(this.#options.limits.drainMs)
    const enough = new AbortController()
    const late = sleep(this.#options.limits.drainMs, enough.signal).then(
      () => this.#closeAll(),
      () => undefined,
    )
    await Promise.all([closed, drained])
    enough.abort()
    await late
  }

  #closeAll(): void {
    this.#server.closeAllConnections()
    this.#lean.closeAll()
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    if (this.#draining) return refuseWhileDraining(response, this.#options.newId("req"))
    const path = this.#ownPath(request)
    const hot = request.method === "POST" ? this.#hot.get(path) : undefined
    this.#begins(hot ? path : "other", response)
    // The connection of an answer that ended while draining would be kept open by its client.
    response.on("close", () => this.#draining && request.socket.end())
    try {
      this.#guard(request.headers)
      if (asksForWebSocket(request)) this.#upgrades.check(request)
      if (hot) return enterHotPath(this.#options, request, response, hot)
      const pass = this.#options.passThrough?.find(path)
      if (pass) pass(request, response)
      else void this.#toHono(request, response)
    } catch (error) {
      // Node drops what came in one packet behind an upgrade that was turned down, so nothing may follow on this connection.
      this.#refuse(request, response, error, asksForWebSocket(request) ? { connection: "close" } : {})
    }
  }

  /** What is passed through goes before what is served for clients of Azure. */
  #ownPath(request: IncomingMessage): string {
    const whole = wholeAddress(request.url ?? "")
    if (whole) [request.url, request.headers.host] = [whole.url, whole.host]
    const path = pathOf(request.url ?? "")
    return this.#options.passThrough?.find(path) || !takeAzureRequest(request) ? path : pathOf(request.url ?? "")
  }

  #serveLean(request: HotRequest, response: HotResponse, path: string): void {
    const hot = this.#hot.get(path)
    if (this.#draining || !hot) return refuseWhileDraining(response, this.#options.newId("req"))
    this.#begins(path, response)
    try {
      this.#guard(request.headers)
      enterHotPath(this.#options, request, response, hot)
    } catch (error) {
      this.#refuse(request, response, error)
    }
  }

  /** Counts it, until it is closed. */
  #begins(route: string, response: HotResponse): void {
    const { clock, metrics } = this.#options
    const startedAt = clock.monotonic()
    this.#inFlight += 1
    response.on("close", () => {
      this.#inFlight -= 1
      metrics?.requestFinished(route, response.writableFinished ? response.statusCode : 499, clock.monotonic() - startedAt)
    })
  }

  #mayUpgrade(request: IncomingMessage): boolean {
    if (this.#draining || !asksForWebSocket(request)) return false
    try {
      this.#guard(request.headers)
      takeAzureRequest(request)
      this.#upgrades.check(request)
      return true
    } catch {
      return false // told by the request listener
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#options.metrics?.requestFinished("other", 101, 0)
    this.#upgrades.upgrade(request, socket, head)
  }

  #refuse(request: HotRequest, response: HotResponse, error: unknown, headers: Readonly<Record<string, string>> = {}): void {
    const requestId = this.#options.newId("req")
    if (!(error instanceof AppError)) this.#options.logger.error({ requestId, route: request.url, error }, "request failed")
    request.resume()
    if (response.headersSent) response.destroy()
    else sendError(response, errorAnswer(error, requestId), headers)
  }
}
