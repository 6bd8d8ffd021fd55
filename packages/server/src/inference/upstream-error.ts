// Failures of providers: their status, code and text survive; their addresses and our credentials do not; it says whether another try may help.
import { AppError, type AppErrorDetails } from "../core/index.ts"
import type { ErrorCode } from "@perdure/contract"
import { codeOfError, reachFaultOf, wasNeverConnected, type ReachFault } from "./reach-fault.ts"
import { redact } from "./redact.ts"
import { toldIn, toldInAnswer, type ToldError } from "./told-error.ts"
import { statusTold } from "./told-status.ts"
import type { Deployment } from "./types.ts"
import { sayUntold } from "./untold-error.ts"

/** What the client is told on the wire; the provider's own words where they are the client's business. */
export interface UpstreamAnswer {
  status: number
  type: string
  code: string | null
  param: string | null
}

/**
 * What kind of failure it was: no connection or a broken one; silence; too much asked of it; a quota that is used up; its own
 * fault; our credentials; a model that it does not have; a conversation too long for it; what its filter does not let pass; nonsense in place of an answer, or half
 * of one; a fault of the request.
 */
export type UpstreamFailure =
  | "connection"
  | "timeout"
  | "rate_limit"
  | "quota"
  | "server"
  | "credentials"
  | "forbidden"
  | "missing"
  | "context"
  | "content"
  | "stream"
  | "request"

export interface UpstreamErrorDetails extends AppErrorDetails {
  answer?: UpstreamAnswer
  retryable: boolean
  /** Read from code and status when absent. */
  failure?: UpstreamFailure
  upstreamStatus?: number
  reachFault?: ReachFault
}

export class UpstreamError extends AppError {
  readonly answer: UpstreamAnswer
  /** Another deployment, or the same one later, may succeed. */
  readonly retryable: boolean
  readonly failure: UpstreamFailure
  /** The status of the provider itself, or the one that its words inside a 200 stand for; undefined where it answered nothing. */
  readonly upstreamStatus: number | undefined
  /** Why there was no connection, with the address: for whoever runs the server, never for clients. */
  readonly reachFault: ReachFault | undefined

  constructor(
    code: ErrorCode,
    message: string,
    { answer, retryable, failure, upstreamStatus, reachFault, ...details }: UpstreamErrorDetails,
  ) {
    super(code, message, details)
    this.answer = answer ?? { status: this.status, type: "server_error", code, param: null }
    this.retryable = retryable
    this.failure = failure ?? failureOf(code, this.answer.status)
    this.upstreamStatus = upstreamStatus
    this.reachFault = reachFault
  }

  /** Nobody bills for it: it was refused, or never arrived. Of an error before anything of the answer. */
  get usedNothing(): boolean {
    return refusals.has(this.failure) || (this.reachFault !== undefined && wasNeverConnected(this.cause))
  }

  /** For the client: with the run in which its operator finds more than it may be told. */
  tellingOf(runId: string): UpstreamError {
    const { code, message, answer, retryable, failure, reachFault, retryAfterMs, cause } = this
    if (!reachFault) return this
    const hint = `Whoever runs this server sees the address and the cause in ${runId}.`
    const more = retryAfterMs === undefined ? {} : { retryAfterMs }
    return new UpstreamError(code, message, { answer, retryable, failure, reachFault, hint, cause, ...more })
  }
}

const refusals: ReadonlySet<UpstreamFailure> = new Set([
  "credentials",
  "forbidden",
  "rate_limit",
  "quota",
  "missing",
  "context",
  "content",
  "request",
])

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

/** 402: the account of the provider is empty, which is no fault of the request. 424: Bedrock's model failed. */
const retryableStatuses = new Set([401, 402, 403, 404, 408, 409, 424, 425, 429])

/** An answer with an error status. `body` is what was read of it. */
export function errorOfStatus(deployment: Deployment, status: number, body: string, headers: Headers): UpstreamError {
  const told = toldInAnswer(body, headers)
  if (status === 401 || told.refusesCredentials) return refusedCredentials(deployment, status, told)
  if (status === 403) return forbidden(deployment, told)
  const { message, hint } = sayUntold(deployment, status, body, told.message)
  const retryAfterMs = retryAfterOf(headers) ?? told.retryAfterMs
  // The provider's own word about a retry is better than its status (T14).
  return toldError(deployment, status, { ...told, message, retryAfterMs, hint }, headers["x-should-retry"])
}

/** `{"error": …}` where an answer was expected: in a 200, or inside a stream. */
export function errorInBody(deployment: Deployment, error: unknown): UpstreamError {
  const told = toldIn(error)
  const status = statusTold(told) ?? 502
  // It says as much of the deployment as it would have said with that status.
  if (status === 401 || told.refusesCredentials) return refusedCredentials(deployment, status, told)
  if (status === 403) return forbidden(deployment, told)
  const message = told.message ?? `the provider of "${deployment.id}" reported an error without a text`
  return toldError(deployment, status, { ...told, message, code: told.code ?? (told.type === null ? "upstream_error" : null) })
}

/** Providers with words of their own (`RESOURCE_EXHAUSTED`, `ThrottlingException`) keep them as the type; the code is one that clients know. */
function toldError(
  deployment: Deployment,
  status: number,
  told: ToldError & { hint?: string | undefined },
  shouldRetry?: string | string[],
): UpstreamError {
  const code = codeOf(status, told, deployment)
  const known = isOfOpenAi(deployment) ? null : code
  const answer = {
    status: status < 400 || status === 424 ? 502 : status,
    type: told.type ?? (status >= 500 ? "server_error" : "invalid_request_error"),
    code: code === "context_length_exceeded" ? code : (told.code ?? known),
    param: told.param,
  }
  return new UpstreamError(code, redact(deployment, told.message ?? ""), {
    answer,
    upstreamStatus: status,
    retryable: shouldRetry === "true" || (shouldRetry !== "false" && (status >= 500 || retryableStatuses.has(status))),
    ...(status === 402 ? { failure: "quota" as const } : status < 500 && isFilters(told) ? { failure: "content" as const } : {}),
    ...(told.retryAfterMs === null ? {} : { retryAfterMs: told.retryAfterMs }),
    ...(told.hint === undefined ? {} : { hint: told.hint }),
  })
}

const filterWords = /^(?:content_filter|content_policy_violation|moderation_blocked|data_inspection_failed|responsibleaipolicyviolation)$/i

/** A filter refused what was asked: by OpenAI's and Azure's code, or by Anthropic's words. */
function isFilters({ code, type, message }: ToldError): boolean {
  return filterWords.test(code ?? "") || filterWords.test(type ?? "") || /blocked by content filtering policy/i.test(message ?? "")
}

/** An answer that a filter stopped, where another model may give one. */
export function filteredAnswer({ id }: Pick<Deployment, "id">): UpstreamError {
  return new UpstreamError("invalid_request", `the content filter of the provider of "${id}" stopped its answer`, {
    answer: { status: 400, type: "invalid_request_error", code: "content_filter", param: null },
    retryable: false,
    failure: "content",
  })
}

function isOfOpenAi({ dialect }: Deployment): boolean {
  return dialect === "openai-chat" || dialect === "openai-responses"
}

/** What undici reports when there is no answer, or no more of it. */
export function errorOfTransport(
  deployment: Deployment,
  error: unknown,
  limits: { connectTimeoutMs: number; firstTokenTimeoutMs: number; idleTimeoutMs: number },
): UpstreamError {
  const code = codeOfError(error)
  const { connectMs, firstTokenMs, idleMs } = deployment.timeouts ?? {}
  if (code === "UND_ERR_CONNECT_TIMEOUT") return timedOut(deployment, "connect", connectMs ?? limits.connectTimeoutMs, error)
  if (code === "UND_ERR_HEADERS_TIMEOUT") return timedOut(deployment, "answer", firstTokenMs ?? limits.firstTokenTimeoutMs, error)
  if (code === "UND_ERR_BODY_TIMEOUT") return timedOut(deployment, "idle", idleMs ?? limits.idleTimeoutMs, error)
  const name = `the provider of "${deployment.id}"`
  // Our own queue: it says that too much is asked, not that the provider fails.
  if (code === "PERDURE_TOO_MANY_WAITING")
    return new UpstreamError("overloaded", `too many calls wait for a connection to ${name}`, {
      retryable: true,
      failure: "rate_limit",
      hint: 'The limits are "upstreamConnectionsMax" and "upstreamWaitingMax" of the configuration.',
    })
  return new UpstreamError("upstream_error", `${name} cannot be reached or broke the connection (${code})`, {
    retryable: true,
    failure: "connection",
    cause: error,
    hint: "Whoever runs this server sees the address and the cause in its log.",
    reachFault: reachFaultOf(deployment, error),
  })
}

const timeouts = {
  connect: ["took no connection within", "connectTimeoutMs", "connectMs"],
  answer: ["sent no answer within", "firstTokenTimeoutMs", "firstTokenMs"],
  token: ["sent no token within", "firstTokenTimeoutMs", "firstTokenMs"],
  idle: ["went silent in the middle of its answer for", "idleTimeoutMs", "idleMs"],
  total: ["had not finished its answer after", "totalTimeoutMs", "totalMs"],
} as const

/** A limit of time that ran out, named as the configuration names it. */
export function timedOut(deployment: Deployment, what: keyof typeof timeouts, ms: number, cause?: unknown): UpstreamError {
  const [words, limit, own] = timeouts[what]
  const isOwn = deployment.timeouts?.[own] !== undefined
  const hint = `The limit is "${isOwn ? `timeouts.${own}" of the deployment` : `${limit}" of the configuration`}.`
  // No connection is the sooner known and the cheaper tried again than silence.
  const failure = what === "connect" ? "connection" : "timeout"
  return new UpstreamError("upstream_timeout", `the provider of "${deployment.id}" ${words} ${ms} ms`, {
    // What a whole call may take is over for every deployment; one deployment's own limit says nothing of another.
    retryable: what !== "total" || isOwn,
    failure,
    cause,
    hint,
    ...(what === "connect" ? { reachFault: reachFaultOf(deployment, cause) } : {}),
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
    upstreamStatus: status,
    hint: `Check the API key of that provider (${deployment.origin}).`,
  })
}

/** The key is right and may not do this, or the request's content is not wanted: which of them, no status tells. */
function forbidden(deployment: Deployment, told: ToldError): UpstreamError {
  const said = told.message === null ? "" : `: ${redact(deployment, told.message)}`
  return new UpstreamError("upstream_error", `the provider forbids "${deployment.id}" to answer this (403${said})`, {
    retryable: true,
    failure: "forbidden",
    upstreamStatus: 403,
    hint: `Check what the API key of that provider may do (${deployment.origin}), or what the request asks for.`,
  })
}

function codeOf(status: number, { code, type, message }: ToldError, deployment: Deployment): ErrorCode {
  if (code === "context_length_exceeded") return code
  const isOwn = deployment.provider === "openai" || deployment.provider === "azure"
  if ((status === 400 || status === 422) && !isOwn && saysTooLong(message ?? "")) return "context_length_exceeded"
  if (status === 429) return code === "insufficient_quota" || type === "insufficient_quota" ? "insufficient_quota" : "rate_limit_exceeded"
  if (status === 404 || code === "model_not_found") return "model_not_found"
  if (status === 408 || status === 504) return "upstream_timeout"
  if (status === 503 || status === 529) return "overloaded"
  return status >= 500 || status === 424 ? "upstream_error" : "invalid_request"
}

/** Clients match on the code (E2), which only OpenAI itself can be relied on to send. */
function saysTooLong(message: string): boolean {
  const words =
    /(?:prompt|input) is too long|input token count.{0,80}exceeds|too many (?:input )?tokens|exceeds? the (?:model's )?(?:maximum |available )?(?:context|input)|maximum context length is|context (?:length|window) (?:is )?exceeded|longer than the model's context|context the overflows/i
  return words.test(message)
}

/** `retry-after-ms`, then `retry-after` in seconds or as a date (T15), which is compared with the provider's own clock where it tells it. */
function retryAfterOf(headers: Headers): number | null {
  const ms = Number(headers["retry-after-ms"] ?? Number.NaN)
  if (Number.isFinite(ms) && ms >= 0) return ms
  const after = headers["retry-after"]
  const seconds = Number(after ?? Number.NaN)
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : null
  const until = Date.parse(String(after)) - Date.parse(String(headers["date"]))
  return Number.isFinite(until) ? Math.max(0, until) : null
}
