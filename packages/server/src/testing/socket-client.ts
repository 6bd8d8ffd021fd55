// A WebSocket client for tests: opens or says how it was refused, and gives the frames one by one.
import { once } from "node:events"
import type { IncomingMessage } from "node:http"
import { WebSocket, type ClientOptions } from "ws"

export interface SocketClient extends Disposable {
  readonly socket: WebSocket
  /** Resolves with the close code and reason. */
  readonly closed: Promise<{ code: number; reason: string }>
  /** The next frame as JSON; rejects when the connection closes before. */
  next(): Promise<Record<string, unknown>>
  send(message: unknown): void
}

export interface Refusal {
  readonly status: number
  readonly headers: IncomingMessage["headers"]
  readonly error: Record<string, unknown>
}

/** Not open yet; errors end as a close. */
export function newSocket(url: string, path: string, options: ClientOptions = {}, protocols: readonly string[] = []): WebSocket {
  const socket = new WebSocket(`${url.replace("http", "ws")}${path}`, [...protocols], options)
  socket.on("error", () => undefined)
  return socket
}

export async function openSocket(...given: Parameters<typeof newSocket>): Promise<SocketClient> {
  const socket = newSocket(...given)
  const frames: Record<string, unknown>[] = []
  const waiting: { resolve: (frame: Record<string, unknown>) => void; reject: (error: Error) => void }[] = []
  socket.on("message", (data: Buffer, isBinary) => {
    const frame = isBinary ? { binary: data } : parsed(data.toString())
    const reader = waiting.shift()
    if (reader) reader.resolve(frame)
    else frames.push(frame)
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on("close", (code, reason) => {
      resolve({ code, reason: reason.toString() })
      for (const { reject } of waiting.splice(0)) reject(new Error(`the connection closed with ${code} ${reason.toString()}`))
    })
  })
  await once(socket, "open")
  return {
    socket,
    closed,
    next: () => {
      const frame = frames.shift()
      if (frame) return Promise.resolve(frame)
      if (socket.readyState >= WebSocket.CLOSING) return Promise.reject(new Error("the connection is closed"))
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    send: (message) => socket.send(typeof message === "string" || Buffer.isBuffer(message) ? message : JSON.stringify(message)),
    [Symbol.dispose]: () => socket.terminate(),
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown> // the API sends objects
  } catch {
    return { text }
  }
}

/** The HTTP answer to an upgrade that was refused. */
export async function refusalOf(...given: Parameters<typeof newSocket>): Promise<Refusal> {
  const [, response] = (await once(newSocket(...given), "unexpected-response")) as [unknown, IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer) // no encoding was set
  const body = JSON.parse(Buffer.concat(chunks).toString()) as { error: Record<string, unknown> }
  return { status: response.statusCode ?? 0, headers: response.headers, error: body.error }
}
