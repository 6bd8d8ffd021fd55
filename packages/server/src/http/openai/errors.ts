// Failures as OpenAI-shaped answers: status, headers and a body with all four keys; what is unexpected shows no internals.
import { errorType } from "@perdure/contract"
import { setOpenAiLimitHeaders } from "../../accounting/index.ts"
import { AppError } from "../../core/index.ts"
import { UpstreamError } from "../../inference/index.ts"
import type { ErrorAnswer, WireShape } from "../light/wire-shape.ts"

export interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string | null }
}

/** The answer for whatever was thrown. Anything but an AppError is a fault of ours: it is named by its request id only. */
export function errorAnswer(error: unknown, requestId: string): ErrorAnswer & { body: ErrorBody } {
  if (!(error instanceof AppError)) return errorAnswer(unexpected(requestId), requestId)
  const headers: Record<string, string> = { "x-request-id": requestId }
  const status = error instanceof UpstreamError ? error.answer.status : error.status
  // A budget that is used up does not come back by trying again.
  if (error.code === "insufficient_quota") headers["x-should-retry"] = "false"
  else if (error.retryAfterMs !== undefined) retryHeaders(headers, error.retryAfterMs)
  else if (status === 429) retryHeaders(headers, 1000)
  return { status, headers, body: errorBody(error) }
}

/** What a provider said keeps the provider's type, code and parameter. */
export function errorBody(error: AppError): ErrorBody {
  const message = error.hint === undefined ? error.message : `${withStop(error.message)} ${error.hint}`
  if (error instanceof UpstreamError)
    return { error: { message, type: error.answer.type, param: error.answer.param, code: error.answer.code } }
  return { error: { message, type: errorType(error.code), param: error.param ?? null, code: error.code } }
}

/** The errors of OpenAI's clients. */
export const openAiShape: WireShape = {
  requestIdHeader: "x-request-id",
  setLimitHeaders: setOpenAiLimitHeaders,
  errorAnswer,
  errorFrame: (error, requestId) => `data: ${JSON.stringify(errorBody(error instanceof AppError ? error : unexpected(requestId)))}\n\n`,
}

function unexpected(requestId: string): AppError {
  return new AppError("server_error", `the server failed on request ${requestId}`, {
    hint: `Its log has the cause under this id; if it happens again, report it with the id.`,
  })
}

function retryHeaders(headers: Record<string, string>, ms: number): void {
  headers["retry-after-ms"] = String(Math.max(1, Math.ceil(ms)))
  headers["retry-after"] = String(Math.max(1, Math.ceil(ms / 1000)))
}

function withStop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
