// Writes an event stream off the hot path: one frame per write, no faster than its reader, alive while idle, over when the client leaves.
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response"
import type { Context } from "hono"
import { once } from "node:events"
import type { ServerResponse } from "node:http"
import { AppError, sseHeaders, ssePing } from "../core/index.ts"
import type { HttpEnv } from "./env.ts"

export interface SseOptions {
  /** Idle time after which a comment is sent; 0 sends none. */
  keepAliveMs: number
  headers?: Readonly<Record<string, string>>
  /** Asked before each frame; false ends the stream for its reader. */
  isStillAllowed?: () => boolean
}

/**
 * Sends the head at once. The handler writes with `await sse.write(sseEvent(…))`, ends with `sse.end()` and returns `sse.response`:
 * either after the last write, or at once while it goes on writing.
 */
export function openSse(context: Context<HttpEnv>, options: SseOptions): SseWriter {
  const outgoing: ServerResponse | undefined = context.env.outgoing
  if (!outgoing) throw new Error("event streams need the node:http server")
  const fromShell = Object.fromEntries(context.res.headers) // request id, trace
  outgoing.writeHead(200, { ...fromShell, ...sseHeaders, ...options.headers })
  outgoing.flushHeaders()
  return new SseWriter(outgoing, options.keepAliveMs, options.isStillAllowed)
}

export class SseWriter {
  /** What the Hono handler returns: the answer is already on its way. */
  readonly response: Response = RESPONSE_ALREADY_SENT
  /** Aborts when the client leaves before the end. */
  readonly signal: AbortSignal
  readonly #outgoing: ServerResponse
  readonly #left = new AbortController()
  readonly #isStillAllowed: () => boolean
  readonly #keepAlive: NodeJS.Timeout | undefined
  #ended = false

  constructor(outgoing: ServerResponse, keepAliveMs: number, isStillAllowed: () => boolean = () => true) {
    this.#outgoing = outgoing
    this.#isStillAllowed = isStillAllowed
    this.signal = this.#left.signal
    outgoing.on("close", () => {
      clearInterval(this.#keepAlive)
      if (!outgoing.writableFinished) this.#left.abort(new AppError("client_closed_request", "the client closed the connection"))
    })
    if (outgoing.destroyed) this.#left.abort(new AppError("client_closed_request", "the client closed the connection"))
    if (keepAliveMs > 0) this.#keepAlive = setInterval(() => this.#ping(), keepAliveMs).unref()
  }

  /** Writes whole frames, one call each; resolves when the reader has taken them in. False when the client has left, or may not read on: stop then. */
  async write(frame: string): Promise<boolean> {
    if (this.#ended || this.signal.aborted || !this.#isStillAllowed()) return false
    this.#keepAlive?.refresh()
    if (!this.#outgoing.write(frame)) await once(this.#outgoing, "drain", { signal: this.signal }).catch(() => undefined)
    return !this.signal.aborted
  }

  /** `trailers` must have been announced in the head. */
  end(trailers: Readonly<Record<string, string>> = {}): void {
    if (this.#ended) return
    this.#ended = true
    clearInterval(this.#keepAlive)
    this.#outgoing.addTrailers(trailers)
    this.#outgoing.end()
  }

  /** Nothing was written for a while; a reader that does not read gets no comments piled up. */
  #ping(): void {
    if (!this.#ended && !this.#outgoing.writableNeedDrain) this.#outgoing.write(ssePing)
  }
}
