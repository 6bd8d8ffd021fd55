// Failures as Anthropic-shaped answers and events; the type says what happened, the request's id is in the body too.
import { setAnthropicLimitHeaders } from "../../accounting/index.ts"
import { AppError } from "../../core/index.ts"
import { UpstreamError } from "../../inference/index.ts"
import type { WireShape } from "../light/wire-shape.ts"
import { errorAnswer } from "../openai/errors.ts"

/** https://docs.anthropic.com/en/api/errors */
const typeOfStatus: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
}
const types = new Set([...Object.values(typeOfStatus), "invalid_request_error", "api_error"])

export const anthropicShape: WireShape = {
  requestIdHeader: "request-id",
  setLimitHeaders: setAnthropicLimitHeaders,
  errorAnswer: (error, requestId) => {
    const { status: plain, headers, body } = errorAnswer(error, requestId)
    const { "x-request-id": _, ...rest } = headers
    const status = statusOf(error, plain)
    return { status, headers: { ...rest, "request-id": requestId }, body: errorBody(error, status, messageIn(body), requestId) }
  },
  errorFrame: (error, requestId) => {
    const { status: plain, body } = errorAnswer(error, requestId)
    const data = errorBody(error, statusOf(error, plain), messageIn(body), requestId)
    return `event: error\ndata: ${JSON.stringify(data)}\n\n`
  },
}

/** A spent budget is a matter of billing there, and a full server has a status of its own. */
function statusOf(error: unknown, status: number): number {
  if (!(error instanceof AppError)) return status
  if (error.code === "insufficient_quota") return 402
  return error.code === "overloaded" ? 529 : status
}

function errorBody(error: unknown, status: number, message: string, requestId: string): object {
  const own = error instanceof UpstreamError && types.has(error.answer.type) && error.answer.type !== "invalid_request_error"
  const type = own ? error.answer.type : (typeOfStatus[status] ?? (status < 500 ? "invalid_request_error" : "api_error"))
  return { type: "error", error: { type, message }, request_id: requestId }
}

function messageIn(body: object): string {
  return (body as { error: { message: string } }).error.message // made by errorAnswer
}
