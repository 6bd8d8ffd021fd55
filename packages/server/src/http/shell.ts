// What every request passes before its handler: one origin guard, one refusal while draining, one count of what is in flight.
import { AppError, type Clock, type NewId } from "../core/index.ts"
import type { Identity, Principal } from "../security/index.ts"
import { callerOf } from "./callers.ts"
import type { HotRequest, HotResponse } from "./hot-exchange.ts"
import type { ErrorAnswer, WireShape } from "./light/wire-shape.ts"
import { errorAnswer } from "./openai/errors.ts"
import { answeredTraceparent } from "./trace-context.ts"

/** A request of the hot path: authenticated, with its id, before its body was read. */
export interface HotCall {
  request: HotRequest
  response: HotResponse
  principal: Principal
  requestId: string
  /** Monotonic, and wall clock in epoch milliseconds. */
  startedAt: number
  startedAtEpochMs: number
  traceparent: string | undefined
  /** The client's kind of errors. */
  shape: WireShape
}

export interface HotRoute {
  shape: WireShape
  handle: (call: HotCall) => void
}

export interface HotEntryOptions {
  identity: Identity
  clock: Clock
  newId: NewId
}

/** Authenticates a request and hands it to the route's handler; a few microseconds, no await. */
export function enterHotPath(
  { identity, clock, newId }: HotEntryOptions,
  request: HotRequest,
  response: HotResponse,
  { shape, handle }: HotRoute,
): void {
  const requestId = newId("req")
  let principal: Principal
  try {
    principal = callerOf(identity, request.headers, "POST", request.url ?? "")
  } catch (error) {
    request.resume()
    return sendError(response, shape.errorAnswer(error, requestId))
  }
  const sent = request.headers["traceparent"]
  const traceparent = typeof sent === "string" ? answeredTraceparent(sent, requestId) : undefined
  handle({ request, response, principal, requestId, startedAt: clock.monotonic(), startedAtEpochMs: clock.now(), traceparent, shape })
}

/** A JSON error as the whole answer; nothing of the response was sent yet. */
export function sendError(
  response: HotResponse,
  { status, headers, body }: ErrorAnswer,
  more: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body)
  response
    .writeHead(status, { ...more, ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(text) })
    .end(text)
}

/** Refuses what arrives on kept-open connections while the server drains. */
export function refuseWhileDraining(response: HotResponse, requestId: string): void {
  const error = new AppError("shutting_down", "this server is shutting down", { hint: "Send the request again.", retryAfterMs: 1000 })
  sendError(response, errorAnswer(error, requestId), { connection: "close" })
}
