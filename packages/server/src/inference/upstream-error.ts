// Failures of providers: their status, code and text survive; their addresses and our credentials do not; it says whether another try may help.
import { AppError, isJsonObject, type AppErrorDetails } from "../core/index.ts"
import type { ErrorCode } from "@perdure/contract"
import type { Deployment } from "./types.ts"

/** What the client is told on the wire; the provider's own words where they are the client's business. */
export interface UpstreamAnswer {
  status: number
  type: string
  code: string | null
  param: string | null
}

/**
 * What kind of failure it was: no connection or a broken one; silence; too much asked of it; a quota that is used up; its own
 * fault; our credentials; a model that it does not have; a conversation too long for it; nonsense in place of an answer, or half
 * of one; a fault of the request.
 */
export type UpstreamFailure =
  | "connection"
  | "timeout"
  | "rate_limit"
  | "quota"
  | "server"
  | "credentials"
  | "missing"
  | "context"
  | "stream"
  | "request"

export interface UpstreamErrorDetails extends AppErrorDetails {
  answer?: UpstreamAnswer
  retryable: boolean
  /** Read from code and status when absent. */
  failure?: UpstreamFailure
}

export class UpstreamError extends AppError {
  readonly answer: UpstreamAnswer
  /** Another deployment, or the same one later, may succeed. */
  readonly retryable: boolean
  readonly failure: UpstreamFailure

  constructor(code: ErrorCode, message: string, { answer, retryable, failure, ...details }: UpstreamErrorDetails) {
    super(code, message, details)
    this.answer = answer ?? { status: this.status, type: "server_error", code, param: null }
    this.retryable = retryable
    this.failure = failure ?? failureOf(code, this.answer.status)
  }
}

const failures: Partial<Record<ErrorCode, UpstreamFailure>> = {
  upstream_timeout: "timeout",
  rate_limit_exceeded: "rate_limit",
  insufficient_quota: "quota",
  model_not_found: "missing",
  context_length_exceeded: "context",
  upstream_stream_ended: "stream",
  overloaded: "server",
  upstream_error: "server",
}

function failureOf(code: ErrorCode, status: number): UpstreamFailure {
  return failures[code] ?? (status >= 500 ? "server" : "request")
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** 402: the account of the provider is empty, which is no fault of the request. */
const retryableStatuses = new Set([401, 402, 403, 404, 408, 409, 425, 429])
const bodyShownCharsMax = 500

/** An answer with an error status. `body` is what was read of it. */
export function errorOfStatus(deployment: Deployment, status: number, body: string, headers: Headers): UpstreamError {
  const told = errorObject(body)
  // The provider's own word about a retry is better than its status (T14).
  const said = headers["x-should-retry"]
  const retryable = said === "true" || (said !== "false" && (status >= 500 || retryableStatuses.has(status)))
  if (status === 401 || status === 403) return refusedCredentials(deployment, status, told)
  const text = redact(deployment, told.message ?? body.slice(0, bodyShownCharsMax).trim())
  const message = text === "" ? `the provider of "${deployment.id}" answered ${status} without a text` : text
  const answer = {
    status: status >= 400 ? status : 502,
    type: told.type ?? (status >= 500 ? "server_error" : "invalid_request_error"),
    code: told.code,
    param: told.param,
  }
  const retryAfterMs = retryAfterOf(headers)
  return new UpstreamError(codeOf(status, told.code), message, {
    answer,
    retryable,
    ...(status === 402 ? { failure: "quota" as const } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** `{"error": …}` where an answer was expected: in a 200, or inside a stream. */
export function errorInBody(deployment: Deployment, error: unknown): UpstreamError {
  const told = errorFields(error)
  const message = redact(deployment, told.message ?? `the provider of "${deployment.id}" reported an error without a text`)
  const status = told.status !== null && told.status >= 400 && told.status < 600 ? told.status : 502
  const answer = { status, type: told.type ?? "server_error", code: told.code ?? "upstream_error", param: told.param }
  return new UpstreamError(codeOf(status, told.code), message, { answer, retryable: status >= 500 || status === 429 })
}

/** What undici reports when there is no answer, or no more of it. */
export function errorOfTransport(
  deployment: Deployment,
  error: unknown,
  limits: { connectTimeoutMs: number; firstTokenTimeoutMs: number; idleTimeoutMs: number },
): UpstreamError {
  const code = codeOfError(error)
  const name = `the provider of "${deployment.id}"`
  const timeout = (message: string, limit: string): UpstreamError =>
    new UpstreamError("upstream_timeout", message, { retryable: true, cause: error, hint: `The limit is "${limit}" of the configuration.` })
  if (code === "UND_ERR_CONNECT_TIMEOUT")
    return timeout(`${name} took no connection within ${limits.connectTimeoutMs} ms`, "connectTimeoutMs")
  if (code === "UND_ERR_HEADERS_TIMEOUT")
    return timeout(`${name} sent no answer within ${limits.firstTokenTimeoutMs} ms`, "firstTokenTimeoutMs")
  if (code === "UND_ERR_BODY_TIMEOUT")
    return timeout(`${name} went silent for ${limits.idleTimeoutMs} ms in the middle of its answer`, "idleTimeoutMs")
  return new UpstreamError("upstream_error", `${name} cannot be reached or broke the connection (${code})`, {
    retryable: true,
    failure: "connection",
    cause: error,
  })
}

/** The end of a stream without `[DONE]` or a finish reason: whatever came before is not the whole answer. */
export function streamEnded(deployment: Deployment): UpstreamError {
  return new UpstreamError("upstream_stream_ended", `the provider of "${deployment.id}" ended its stream in the middle of the answer`, {
    retryable: true,
  })
}

export function unreadable(deployment: Deployment, what: string): UpstreamError {
  return new UpstreamError("upstream_error", `the provider of "${deployment.id}" sent ${what}`, { retryable: true, failure: "stream" })
}

/** Our credentials are not the client's: their refusal must not look like a refusal of the client's key. */
function refusedCredentials(deployment: Deployment, status: number, told: ToldError): UpstreamError {
  const said = told.message === null ? "" : `: ${redact(deployment, told.message)}`
  return new UpstreamError("upstream_error", `the provider refuses the credentials of "${deployment.id}" (${status}${said})`, {
    retryable: true,
    failure: "credentials",
    hint: `Check the API key of that provider (${deployment.origin}).`,
  })
}

function codeOf(status: number, code: string | null): ErrorCode {
  if (code === "context_length_exceeded") return "context_length_exceeded"
  if (status === 429) return code === "insufficient_quota" ? "insufficient_quota" : "rate_limit_exceeded"
  if (status === 404 || code === "model_not_found") return "model_not_found"
  if (status === 408 || status === 504) return "upstream_timeout"
  if (status === 503 || status === 529) return "overloaded"
  return status >= 500 ? "upstream_error" : "invalid_request"
}

interface ToldError {
  message: string | null
  type: string | null
  code: string | null
  param: string | null
  status: number | null
}

function errorObject(body: string): ToldError {
  try {
    const parsed: unknown = JSON.parse(body)
    return errorFields(isJsonObject(parsed) ? (parsed["error"] ?? parsed) : parsed)
  } catch {
    return { message: null, type: null, code: null, param: null, status: null }
  }
}

/** OpenAI's object, or what others put there: a bare text, FastAPI's `detail`, a numeric code. */
function errorFields(error: unknown): ToldError {
  if (!isJsonObject(error)) return { message: typeof error === "string" ? error : null, type: null, code: null, param: null, status: null }
  const { message, detail, type, code, param } = error
  return {
    message: textOf(message) ?? textOf(detail),
    type: textOf(type),
    code: textOf(code) ?? (typeof code === "number" ? String(code) : null),
    param: textOf(param),
    status: typeof code === "number" ? code : null,
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null
}

/** Takes the key, anything like a key, the provider's address and any other out of a text. */
export function redact(deployment: Deployment, text: string): string {
  let clean = text
  if (deployment.apiKey) clean = clean.replaceAll(deployment.apiKey, "[key]")
  if (deployment.baseUrl !== null) clean = clean.replaceAll(new URL(deployment.baseUrl).host, "[provider]")
  return clean
    .replaceAll(/\bhttps?:\/\/[^\s"')]+/g, "[address]")
    .replaceAll(/\b(?:sk|pk|gsk|xai|hf|rk)[-_][\w*.-]{6,}/g, "[key]")
    .replaceAll(/\bBearer\s+\S+/gi, "Bearer [key]")
}

/** `retry-after-ms`, then `retry-after` in seconds or as a date (T15), which is compared with the provider's own clock where it tells it. */
function retryAfterOf(headers: Headers): number | undefined {
  const ms = Number(headers["retry-after-ms"] ?? Number.NaN)
  if (Number.isFinite(ms) && ms >= 0) return ms
  const after = headers["retry-after"]
  const seconds = Number(after ?? Number.NaN)
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined
  const until = Date.parse(String(after)) - Date.parse(String(headers["date"]))
  return Number.isFinite(until) ? Math.max(0, until) : undefined
}

function codeOfError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOfError(error.errors[0])
  if (typeof error === "object" && error !== null && "code" in error && typeof error.code === "string") return error.code
  return error instanceof Error ? error.name : "unknown"
}
