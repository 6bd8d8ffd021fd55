// Which paths take a WebSocket, who may open one, and the open ones: their keys, their signs of life, their end when the server stops.
import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { WebSocketServer } from "ws"
import { AppError, sleep, type Clock, type Limits, type NewId } from "../../core/index.ts"
import type { Identity, Principal, RequestHeaders } from "../../security/index.ts"
import type { ShellLogger } from "../api.ts"
import { callerOf, type CallerIdentity } from "../callers.ts"
import { PeerSocket } from "./peer-socket.ts"
import { chosenProtocol, credentialsOf } from "./subprotocols.ts"

/** A connection that has been upgraded, with who opened it. */
export interface UpgradeCall {
  readonly socket: PeerSocket
  readonly request: IncomingMessage
  readonly query: URLSearchParams
  /** Who opened it. */
  readonly principal: Principal
  /** The same as they stand now, for what begins later; throws once the key is no longer good. */
  readonly current: () => Principal
  /** What the key came with. */
  readonly credentials: RequestHeaders
  readonly requestId: string
}

/** What a route does with a connection of its own while it is open. */
export interface UpgradedConnection {
  /** Its key is no longer good: say so and close. */
  revoked(reason: AppError): void
  /** The server stops: finish what is under way, begin nothing, then close. */
  drain(): void
}

export interface UpgradeRoute {
  /** Largest message of a client. */
  readonly messageBytesMax: number
  open(call: UpgradeCall): UpgradedConnection
}

export interface UpgradesOptions {
  /** By path. */
  readonly routes: Readonly<Record<string, UpgradeRoute>>
  readonly identity: Identity
  readonly limits: Pick<Limits, "socketsMax" | "socketPingMs" | "socketBufferedBytesMax">
  readonly clock: Clock
  readonly newId: NewId
  readonly logger: ShellLogger
}

interface Served {
  readonly route: UpgradeRoute
  readonly server: WebSocketServer
}

interface Open {
  readonly call: UpgradeCall
  readonly connection: UpgradedConnection
  nextPingAt: number
}

/** Between two looks at all open connections; a revoked key holds no longer than this. */
const sweepMs = 500

/** A handshake is a GET, but what comes through the connection does as much as a POST of its path. */
const method = "POST"

export class Upgrades {
  readonly #options: UpgradesOptions
  readonly #served: ReadonlyMap<string, Served>
  readonly #open = new Set<Open>()
  readonly #requestIds = new WeakMap<IncomingMessage, string>()
  /** For connections that are open: a client secret may be older than its time by then. */
  readonly #begun: CallerIdentity
  #sweep: NodeJS.Timeout | undefined
  #draining = false
  #allClosed: (() => void) | undefined

  constructor(options: UpgradesOptions) {
    this.#options = options
    const { identity } = options
    this.#begun = {
      authenticate: (headers, method) => identity.authenticate(headers, method, true),
      clientSecretOf: (headers) => identity.clientSecretOf(headers),
      expiredAt: (headers) => identity.expiredAt(headers),
      isBlocked: (headers) => identity.isBlocked(headers),
    }
    this.#served = new Map(Object.entries(options.routes).map(([path, route]) => [path, { route, server: this.#serverOf(route) }]))
  }

  get size(): number {
    return this.#open.size
  }

  /** Throws what a request for a WebSocket is answered over HTTP, unless it is to be upgraded. */
  check(request: IncomingMessage): void {
    const { identity, limits } = this.#options
    const path = pathOf(request)
    const served = this.#served.get(path)
    if (!served) throw noUpgrade([...this.#served.keys()])
    callerOf(identity, credentialsOf(request.headers), method, path)
    if (this.#open.size < limits.socketsMax) return
    throw new AppError("overloaded", `this server has ${limits.socketsMax} WebSockets open, which is its limit`, {
      hint: 'Try again later, or raise the limit "socketsMax" in the configuration.',
      retryAfterMs: 1000,
    })
  }

  /** For requests that passed the check. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = pathOf(request)
    const served = this.#served.get(path)
    const credentials = credentialsOf(request.headers)
    const current = (): Principal => callerOf(this.#begun, credentials, method, path)
    if (!served || this.#draining) return void socket.destroy()
    const principal = callerOf(this.#options.identity, credentials, method, path)
    const requestId = this.#options.newId("req")
    this.#requestIds.set(request, requestId)
    served.server.handleUpgrade(request, socket, head, (opened) => {
      const client = new PeerSocket(opened, this.#options.limits)
      const query = new URLSearchParams(/\?(.*)$/.exec(request.url ?? "")?.[1])
      this.#begin(served.route, { socket: client, request, query, principal, current, credentials, requestId })
    })
  }

  /** Tells every connection, and resolves when all are closed or `ms` have passed; what is open then is cut. */
  async drain(ms: number): Promise<void> {
    this.#draining = true
    const closed = new Promise<void>((resolve) => (this.#allClosed = resolve))
    for (const { connection } of this.#open) connection.drain()
    if (this.#open.size > 0) {
      const enough = new AbortController()
      await Promise.race([closed, sleep(ms, enough.signal).catch(() => undefined)])
      enough.abort(new Error("drained"))
      for (const { call } of this.#open) call.socket.terminate()
      await closed
    }
    clearInterval(this.#sweep)
  }

  #begin(route: UpgradeRoute, call: UpgradeCall): void {
    const { clock, limits, logger } = this.#options
    try {
      const open: Open = { call, connection: route.open(call), nextPingAt: clock.monotonic() + limits.socketPingMs }
      this.#open.add(open)
      this.#sweep ??= setInterval(() => this.#look(), sweepMs).unref()
      call.socket.onClose(() => this.#closed(open))
      if (this.#draining) open.connection.drain()
    } catch (error) {
      logger.error({ requestId: call.requestId, route: call.request.url, error }, "a WebSocket could not be served")
      call.socket.close(1011, `the server failed on ${call.requestId}`)
    }
  }

  #closed(open: Open): void {
    this.#open.delete(open)
    if (this.#open.size > 0) return
    clearInterval(this.#sweep)
    this.#sweep = undefined
    this.#allClosed?.()
  }

  #look(): void {
    const { clock, limits } = this.#options
    const now = clock.monotonic()
    for (const open of this.#open) {
      const reason = refusalOf(open.call)
      if (reason) open.connection.revoked(reason)
      else if (now >= open.nextPingAt) {
        open.nextPingAt = now + limits.socketPingMs
        open.call.socket.ping()
      }
    }
  }

  #serverOf({ messageBytesMax }: UpgradeRoute): WebSocketServer {
    const options = { noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: messageBytesMax }
    const server = new WebSocketServer({ ...options, handleProtocols: chosenProtocol })
    server.on("headers", (headers, request) => headers.push(`x-request-id: ${this.#requestIds.get(request) ?? ""}`))
    return server
  }
}

function refusalOf({ current }: UpgradeCall): AppError | undefined {
  try {
    current()
    return undefined
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}

function pathOf({ url = "" }: IncomingMessage): string {
  const end = url.indexOf("?")
  return end < 0 ? url : url.slice(0, end)
}

/** W11: only a plain 426 makes Codex fall back to HTTP at once; a 404 or 405 costs its users seconds per session. */
function noUpgrade(paths: readonly string[]): AppError {
  return new AppError("upgrade_required", "this path takes no WebSocket", {
    hint: paths.length > 0 ? `Use it over HTTP; WebSockets are served at ${paths.join(" and ")}.` : "Use it over HTTP.",
  })
}

/** Other protocols to upgrade to (h2c, which some clients ask for with every request) are passed over, and the request is served as it is. */
export function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket"
}
