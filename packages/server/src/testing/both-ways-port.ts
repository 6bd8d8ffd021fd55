// A server with hot routes that do what a request's query says, and a client that speaks to it over a bare socket.
import { Hono } from "hono"
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { AppError, defaultLimits, newId, systemClock, type Limits } from "../core/index.ts"
import { fixedIdentity, testKey } from "./gateway.ts"
import { createApi } from "../http/api.ts"
import type { HttpEnv } from "../http/env.ts"
import { readBodyBytes } from "../http/light/read-body.ts"
import { openAiShape } from "../http/openai/errors.ts"
import { sendError, type HotCall, type HotRoute } from "../http/shell.ts"
import type { UpgradeRoute } from "../http/sockets/index.ts"
import { createHttpServer, type HttpServer } from "../http/server.ts"
import { LeanResponse } from "../http/lean/lean-response.ts"

export interface Seen {
  url: string
  headers: Readonly<Record<string, unknown>>
  body: string
  isLean: boolean
  call: HotCall
}

export interface Port extends AsyncDisposable {
  port: number
  server: HttpServer
  /** Requests of hot routes whose bodies were all here. */
  seen: Seen[]
  /** What metrics were told. */
  finished: { route: string; status: number }[]
  /** Requests of hot routes whose heads were here. */
  opened(): number
  /** Of requests whose answers are closed. */
  closed: { isFinished: boolean }[]
}

export const hotPath = "/v1/hot"
/** Larger bodies are refused. */
export const bodyBytesMax = 10_000_000

/** `answer` gets every request when its body is here; the answer is `ok` and the body without it. */
export async function openPort(limits: Partial<Limits> = {}, answer: (call: HotCall, body: string) => void = echo): Promise<Port> {
  const seen: Seen[] = []
  const finished: Port["finished"] = []
  const closed: Port["closed"] = []
  let opened = 0
  const handle = (call: HotCall): void => {
    opened += 1
    call.response.on("close", () => closed.push({ isFinished: call.response.writableFinished }))
    readBodyBytes(call.request, bodyBytesMax, (bytes) => {
      if (bytes instanceof AppError) return sendError(call.response, openAiShape.errorAnswer(bytes, call.requestId))
      const body = bytes.whole().toString()
      seen.push({ url: call.request.url ?? "", headers: call.request.headers, body, isLean: call.response instanceof LeanResponse, call })
      answer(call, body)
    })
  }
  const hot: HotRoute = { shape: openAiShape, handle }
  const shared = {
    identity: fixedIdentity(),
    limits: { ...defaultLimits, ...limits },
    clock: systemClock,
    newId,
    logger: { error: () => undefined },
  }
  const plain = new Hono<HttpEnv>().get("/v1/plain", (context) => context.text("plain"))
  const upgrade: UpgradeRoute = {
    messageBytesMax: 1_000,
    open: ({ socket }) => {
      socket.onMessage((data, isBinary) => void socket.send(isBinary ? data : data.toString()))
      return { revoked: () => socket.close(1008, "revoked"), drain: () => socket.close(1001, "going away") }
    },
  }
  const server = createHttpServer({
    ...shared,
    app: createApi({ ...shared, routes: [plain] }),
    hotRoutes: { [hotPath]: hot },
    upgradeRoutes: { "/v1/socket": upgrade },
    metrics: { requestFinished: (route, status) => void finished.push({ route, status }) },
  })
  const port = Number(new URL(await server.listen(0, "127.0.0.1")).port)
  return { port, server, seen, finished, closed, opened: () => opened, [Symbol.asyncDispose]: () => server.close() }
}

function echo({ response }: HotCall, body: string): void {
  const text = `ok ${body}`
  response.writeHead(200, { "content-type": "text/plain", "content-length": Buffer.byteLength(text) }).end(text)
}

export interface Asked {
  path?: string
  body?: string
  headers?: Readonly<Record<string, string>>
}

/** A request as a client sends it. */
export function requestText({ path = hotPath, body = "hello", headers = {} }: Asked = {}): string {
  const all = { Host: "127.0.0.1", Authorization: `Bearer ${testKey}`, "Content-Length": Buffer.byteLength(body), ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`
}

/** What is right, and more than is read without node:http. */
export const forNode = { TE: "trailers" }

export class Peer implements Disposable {
  readonly socket: Socket
  readonly closed: Promise<void>
  text = ""
  #more: (() => void) | undefined
  #isClosed = false

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true })
    this.socket.on("error", () => undefined)
    this.socket.on("data", (bytes) => {
      this.text += bytes.toString("latin1")
      this.#more?.()
    })
    this.socket.on("end", () => this.socket.end())
    // Not by `once` of node:events, which rejects when an error comes first.
    this.closed = new Promise((resolve) => {
      this.socket.on("close", () => {
        this.#isClosed = true
        this.#more?.()
        resolve()
      })
    })
  }

  send(text: string): void {
    this.socket.write(text, "latin1")
  }

  /** Each in a packet of its own, as far as anybody can tell. */
  async sendApart(pieces: readonly string[]): Promise<void> {
    if (this.socket.connecting) await once(this.socket, "connect")
    for (const piece of pieces) {
      this.send(piece)
      await new Promise((resolve) => setTimeout(resolve, 3))
    }
  }

  /** Resolves with everything when it has come so often. */
  async until(what: string | RegExp, times = 1): Promise<string> {
    const wanted = new RegExp(typeof what === "string" ? escaped(what) : what.source, "g")
    while ((this.text.match(wanted) ?? []).length < times) {
      if (this.#isClosed) throw new Error(`the connection was closed before ${String(what)} came; there was: ${this.text.slice(0, 1_000)}`)
      await this.#waitForMore()
    }
    return this.text
  }

  /** When something has come, or the connection is closed. */
  async answered(): Promise<void> {
    while (this.text === "" && !this.#isClosed) await this.#waitForMore()
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  #waitForMore(): Promise<void> {
    return new Promise((resolve) => (this.#more = resolve))
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
}

/** Without what changes from second to second. */
export function undated(text: string): string {
  return text.replace(/Date: [^\r]*/g, "Date: …")
}
