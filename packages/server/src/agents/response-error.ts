// How a failure is kept in the log, shown as an error event, as `response.error`, and given back as an error before the stream began.
import { errorCodes, type ErrorCode } from "@perdure/contract"
import { LimitError } from "../accounting/index.ts"
import { AppError, isJsonObject, messageOf, type JsonObject } from "../core/index.ts"
import { UpstreamError } from "../inference/index.ts"
import { isStoreError, tellableMessage } from "../store/index.ts"
import { beginning } from "./response-object.ts"
import type { ResponseEnd } from "./types.ts"

/** The error behind whatever a step threw: the kernel wraps it, and after a restart only code and message are left. */
export function callError(thrown: unknown): AppError {
  // What the database said is for the log, not for whoever reads the response.
  const cause = thrown instanceof Error && isStoreError(thrown.cause) ? thrown.cause : thrown
  if (isStoreError(cause)) return new AppError(cause.code, tellableMessage(cause), { cause })
  if (thrown instanceof AppError) return thrown
  if (thrown instanceof Error && thrown.cause instanceof AppError) return thrown.cause
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined
  if (isErrorCode(code) && code !== "server_error") return new AppError(code, messageOf(thrown), { cause: thrown })
  return new AppError("server_error", "The server failed while it made this response", {
    cause: thrown,
    hint: "Its log has the cause under the run's id.",
  })
}

/** What the log keeps: more than the event shows, so that a client that has seen nothing yet gets the exact status and headers. */
export function errorData(error: AppError): JsonObject {
  const message =
    error.hint === undefined ? error.message : `${/[.!?]$/.test(error.message) ? error.message : `${error.message}.`} ${error.hint}`
  return {
    code: error instanceof UpstreamError ? (error.answer.code ?? error.code) : error.code,
    message,
    param: error.param ?? null,
    kept: {
      code: error.code,
      answer: error instanceof UpstreamError ? { ...error.answer } : null,
      retryAfterMs: error.retryAfterMs ?? null,
      ...(error instanceof LimitError ? { limits: { ...error.state } as unknown as JsonObject } : {}), // plain JSON
    },
    // For operators alone: whoever shows events leaves it out for others.
    ...(error instanceof UpstreamError && error.reachFault ? { reachFault: error.reachFault } : {}),
  }
}

/** OpenAI's flat event and Open Responses' nested one in one object: both sorts of clients find theirs. */
export function errorEvent(data: JsonObject): JsonObject {
  const { code, message, param = null } = data
  const status = errorOfData(data).status
  const type = status === 429 ? "too_many_requests" : status === 404 ? "not_found" : status < 500 ? "invalid_request" : "server_error"
  return { code, message, param, error: { type, code, message, param } }
}

/** The error as it was thrown. */
export function errorOfData(data: JsonObject): AppError {
  const kept = isJsonObject(data["kept"]) ? data["kept"] : {}
  const code = isErrorCode(kept["code"]) ? kept["code"] : "server_error"
  const details = {
    ...(typeof data["param"] === "string" ? { param: data["param"] } : {}),
    ...(typeof kept["retryAfterMs"] === "number" ? { retryAfterMs: kept["retryAfterMs"] } : {}),
  }
  const message = data["message"] as string // written by errorData
  if (!isJsonObject(kept["answer"])) return new AppError(code, message, details)
  const answer = kept["answer"] as unknown as UpstreamError["answer"] // written by errorData
  return new UpstreamError(code, message, { ...details, answer, retryable: false })
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && code in errorCodes
}

/** Codes of `response.error` that OpenAI's schema names or that its clients match on; anything else is the server's trouble. */
const shownErrorCodes: ReadonlySet<string> = new Set([
  "server_error",
  "rate_limit_exceeded",
  "context_length_exceeded",
  "insufficient_quota",
  "invalid_request",
  "policy_denied",
  "model_not_found",
  "previous_response_not_found",
])

export function failedEnd(error: { code: string; message: string }, usage: ResponseEnd["usage"]): ResponseEnd {
  const code = shownErrorCodes.has(error.code) ? error.code : "server_error"
  return { ...beginning("in_progress"), status: "failed", error: { code, message: error.message }, usage }
}
