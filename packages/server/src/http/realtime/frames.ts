// What a realtime session says for itself: errors as the dialect's event, and the codes with which connections close.
import { openAiLimitsOf, type LimitState } from "../../accounting/index.ts"
import { isJsonObject, type AppError, type NewId } from "../../core/index.ts"
import { errorAnswer } from "../openai/errors.ts"

/** An `error` event as OpenAI's sessions send it. `of`: the client's event that it is about, if that has an id. */
export function errorEvent(error: unknown, requestId: string, newId: NewId, of?: Buffer | string): string {
  const { type, code, message, param } = errorAnswer(error, requestId).body.error
  return JSON.stringify({
    type: "error",
    event_id: newId("evt"),
    error: { type, code, message, param, event_id: of === undefined ? null : eventIdIn(of) },
  })
}

function eventIdIn(frame: Buffer | string): string | null {
  try {
    const event: unknown = JSON.parse(frame.toString())
    return isJsonObject(event) && typeof event["event_id"] === "string" ? event["event_id"] : null
  } catch {
    return null // it was none
  }
}

/** What is left of our own limits, as OpenAI's sessions tell it; undefined where none of them counts requests or tokens. */
export function limitsEvent(state: LimitState, newId: NewId): string | undefined {
  const limits = Object.entries(openAiLimitsOf(state)).flatMap(([name, window]) => {
    if (window === null) return []
    const { limit, remaining, resetMs } = window
    const reset = Number.isFinite(resetMs) ? { reset_seconds: Math.ceil(resetMs) / 1_000 } : {}
    return [{ name, limit, remaining: Math.floor(remaining), ...reset }]
  })
  return limits.length === 0 ? undefined : JSON.stringify({ type: "rate_limits.updated", event_id: newId("evt"), rate_limits: limits })
}

export interface CloseHow {
  readonly code: number
  readonly reason: string
}

const requestFault = 4000
const serverFault = 1011

/** As OpenAI closes sessions that a request's fault ends: 4000, with type and code as the reason. */
export function closeOf(error: unknown, requestId: string): CloseHow {
  const { status, body } = errorAnswer(error, requestId)
  const { type, code } = body.error
  return { code: status < 500 ? requestFault : serverFault, reason: code === null ? type : `${type}.${code}` }
}

/** The code of one side for the other: some only say that there was none. */
export function carriedCode(code: number): number {
  if (code === 1005) return 1000
  const mayBeSent = (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1006) || (code >= 3000 && code <= 4999)
  return mayBeSent ? code : serverFault
}

/** Whether a connection ended without a goodbye. */
export function brokeOff(code: number): boolean {
  return code === 1006
}

export const leaving = {
  revoked: (reason: AppError): CloseHow => ({ code: 1008, reason: reason.code }),
  stopping: (reason: AppError): CloseHow => ({ code: 1001, reason: reason.code }),
} as const
