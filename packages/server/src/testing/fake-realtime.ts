// A provider of realtime sessions on a real WebSocket: keeps what it got, says what a test tells it to, ends as it is told.
import { createServer, type IncomingMessage, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import { WebSocketServer, type WebSocket } from "ws"

export interface FakeSession {
  readonly url: string
  readonly headers: IncomingMessage["headers"]
  readonly socket: WebSocket
  /** Text frames as texts, others as bytes. */
  readonly received: (string | Buffer)[]
  /** The close code and reason, once it is over. */
  closed: { code: number; reason: string } | undefined
  say(event: object): void
}

export interface FakeRefusal {
  readonly status: number
  readonly body: string
}

export class FakeRealtime implements AsyncDisposable {
  readonly sessions: FakeSession[] = []
  /** Answers of handshakes that are refused, in order; then all are accepted. */
  readonly refusals: FakeRefusal[] = []
  /** Handshakes that are never answered. */
  hangs = false
  refusedCount = 0
  readonly #server: Server
  readonly #sockets: WebSocketServer
  readonly #raw = new Set<Duplex>()

  constructor(server: Server) {
    this.#server = server
    this.#sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
    server.on("upgrade", (request: IncomingMessage, socket, head) => {
      this.#raw.add(socket)
      if (this.hangs) return
      const refusal = this.refusals.shift()
      if (!refusal) return this.#sockets.handleUpgrade(request, socket, head, (opened) => this.#begin(opened, request))
      this.refusedCount += 1
      const length = Buffer.byteLength(refusal.body)
      socket.end(
        `HTTP/1.1 ${refusal.status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${refusal.body}`,
      )
    })
  }

  /** Base URL for deployments, with `/v1`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1` // listening on TCP gives an AddressInfo
  }

  get last(): FakeSession {
    const session = this.sessions.at(-1)
    if (!session) throw new Error("no session was opened")
    return session
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#raw) socket.destroy()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  #begin(socket: WebSocket, request: IncomingMessage): void {
    const session: FakeSession = {
      url: request.url ?? "",
      headers: request.headers,
      socket,
      received: [],
      closed: undefined,
      say: (event) => socket.send(JSON.stringify(event)),
    }
    socket.on("error", () => undefined)
    socket.on("message", (data: Buffer, isBinary) => session.received.push(isBinary ? data : data.toString()))
    socket.on("close", (code, reason) => (session.closed = { code, reason: reason.toString() }))
    this.sessions.push(session)
    session.say({ type: "session.created", event_id: "event_1", session: { id: "sess_1", object: "realtime.session" } })
  }
}

export async function startFakeRealtime(): Promise<FakeRealtime> {
  const server = createServer((_request, response) => response.writeHead(404).end())
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return new FakeRealtime(server)
}

/** `response.done` as OpenAI sends it. */
export function responseDone(usage: object | null, over: object = {}): object {
  const response = { object: "realtime.response", id: "resp_1", status: "completed", status_details: null, output: [], usage, ...over }
  return { type: "response.done", event_id: "event_9", response }
}

export const someUsage = {
  total_tokens: 253,
  input_tokens: 132,
  output_tokens: 121,
  input_token_details: {
    text_tokens: 119,
    audio_tokens: 13,
    cached_tokens: 64,
    cached_tokens_details: { text_tokens: 60, audio_tokens: 4 },
  },
  output_token_details: { text_tokens: 30, audio_tokens: 91 },
}
