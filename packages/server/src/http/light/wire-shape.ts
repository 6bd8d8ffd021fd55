// How one family of clients wants its errors: as an answer before the first byte, as the last frame of a stream after it.
import type { LimitState } from "../../accounting/index.ts"

export interface ErrorAnswer {
  status: number
  headers: Record<string, string>
  body: object
}

export interface WireShape {
  /** What its limits leave to the caller; empty where nothing limits it. */
  setLimitHeaders(headers: Record<string, string>, state: LimitState, nowEpochMs: number): void
  /** The header that carries the request's id on every answer. */
  readonly requestIdHeader: "x-request-id" | "request-id"
  /** The answer for whatever was thrown; what is unexpected shows no internals. */
  errorAnswer(error: unknown, requestId: string): ErrorAnswer
  /** Ends a stream that has begun. */
  errorFrame(error: unknown, requestId: string): string
}
