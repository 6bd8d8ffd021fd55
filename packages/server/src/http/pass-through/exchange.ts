// One request that is passed through: admitted, sent to the provider as it streams in, answered as it streams back, recorded at its end.
//
//   checked ─ admitted ─ sent ─ head of the answer ─ passed ─ settled
//      └─────────┴────────┴─ refused: an error as the whole answer      └ broken: the connection is cut
//
// Nothing is held but what is between the two connections: each side waits for the other.
import type { IncomingMessage, ServerResponse } from "node:http"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { Dispatcher } from "undici"
import { LimitError, type LightRunRecord, type LimitState, type Reservation, type UpstreamHold } from "../../accounting/index.ts"
import { AppError } from "../../core/index.ts"
import { errorOfStatus, errorOfTransport, noUsage, UpstreamError, type UpstreamTarget } from "../../inference/index.ts"
import { matcherOf, type Principal } from "../../security/index.ts"
import { tooLarge } from "../api.ts"
import { told } from "../light/refuse.ts"
import { openAiShape } from "../openai/errors.ts"
import { sendError } from "../shell.ts"
import { requestHeaders, responseHeaders } from "./headers.ts"
import type { PassThroughDependencies, PassThroughRoute } from "./types.ts"
import { pathBelow, type PathBelow } from "./upstream-path.ts"

interface PassedRequest {
  route: PassThroughRoute
  request: IncomingMessage
  response: ServerResponse
  principal: Principal
  requestId: string
  traceparent: string | undefined
}

const refusalBytesMax = 64 * 1024
const pathShownMax = 200

export class PassedExchange {
  readonly #dependencies: PassThroughDependencies
  readonly #asked: PassedRequest
  readonly #startedAt: number
  readonly #startedAtEpochMs: number
  readonly #left = new AbortController()
  readonly #runId: string
  #reservation: Reservation | undefined
  #refusedBy: LimitState | undefined
  #hold: UpstreamHold | undefined
  #sentAt: number | undefined
  #firstByteAt: number | undefined
  #requestBytes = 0
  #responseBytes = 0
  /** The provider broke off in the middle of its answer. */
  #broken: UpstreamError | undefined
  /** What the provider answered, whatever became of it. */
  #upstreamStatus: number | undefined

  constructor(dependencies: PassThroughDependencies, asked: PassedRequest) {
    this.#dependencies = dependencies
    this.#asked = asked
    this.#startedAt = dependencies.clock.monotonic()
    this.#startedAtEpochMs = dependencies.clock.now()
    this.#runId = `run_${asked.requestId.slice(asked.requestId.indexOf("_") + 1)}`
    const { response } = asked
    response.on("close", () => {
      if (!response.writableFinished) this.#left.abort()
    })
  }

  /** Never rejects. */
  async run(): Promise<void> {
    const { limits } = this.#dependencies
    const late = AbortSignal.timeout(limits.totalTimeoutMs)
    try {
      const below = this.#checked()
      await this.#admit()
      const answer = await this.#send(below, AbortSignal.any([this.#left.signal, late]))
      await this.#pass(answer)
      this.#settle("completed", answer.statusCode, null)
    } catch (error) {
      const isLate = late.aborted && (this.#broken !== undefined || !this.#left.signal.aborted)
      this.#failed(isLate ? endless(this.#asked.route, limits.totalTimeoutMs) : (this.#broken ?? error))
    } finally {
      this.#asked.request.resume()
    }
  }

  #checked(): PathBelow {
    const { route, request } = this.#asked
    const below = pathBelow(request.url ?? "", route.path)
    const method = request.method ?? ""
    if (!route.methods.includes(method))
      throw new AppError("method_not_allowed", `what is below ${route.path} does not take ${method}`, {
        hint: `It takes ${route.methods.join(", ")}.`,
      })
    if (route.paths !== null && !matcherOf(route.paths)(below.path))
      throw new AppError("not_found", `"${below.path.slice(0, pathShownMax)}" is not passed on below ${route.path}`, {
        hint: "The paths that are passed on are passThrough[].paths of the configuration.",
      })
    if (Number(request.headers["content-length"] ?? 0) > this.#dependencies.limits.fileBytesMax) throw this.#tooLarge()
    return below
  }

  async #admit(): Promise<void> {
    const { admission } = this.#dependencies
    const { principal, route } = this.#asked
    this.#reservation = await admission.reserve({
      projectId: principal.projectId,
      principalId: principal.id,
      keyLimits: principal.limits,
      user: principal.user,
      model: route.deployment.id,
      tags: principal.tags,
      inputTokensEstimated: 0,
      outputTokensMax: 0,
      price: undefined,
    })
    if (this.#left.signal.aborted) throw clientLeft()
    const refusal = admission.upstream.refusal(route.deployment, this.#reservation.request)
    if (refusal)
      throw new AppError(
        refusal.retryAfterMs === undefined ? "insufficient_quota" : "rate_limit_exceeded",
        "a limit of this provider is used up",
        {
          ...(refusal.retryAfterMs === undefined ? {} : { retryAfterMs: refusal.retryAfterMs }),
          hint: `The limit is "${refusal.limit}" of the configuration.`,
        },
      )
    this.#hold = admission.upstream.begin(route.deployment, this.#reservation.request)
  }

  async #send({ path: below, query }: PathBelow, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { upstreams, clock, limits } = this.#dependencies
    const { route, request } = this.#asked
    const target = upstreams.target(route.deployment)
    const path = upstreamPath(target, route, below) + query
    const method = request.method as Dispatcher.HttpMethod // one of the route's
    const own = {
      ...target.headers,
      ...(await target.sign?.({ method: "POST", origin: target.origin, path, headers: {}, body: "" }, signal)),
    }
    signal.throwIfAborted()
    this.#sentAt = clock.monotonic()
    try {
      const answer = await target.pool.request({
        path,
        method,
        headers: requestHeaders(request.headers, own),
        body: hasBody(request) ? Readable.from(this.#counted(), { objectMode: false }) : null,
        signal,
      })
      this.#upstreamStatus = answer.statusCode
      // Ours are not the caller's: their refusal must not look like a refusal of the caller's key.
      if (answer.statusCode !== 401) return answer
      target.sign?.forget?.()
      await answer.body.dump({ limit: refusalBytesMax })
      throw errorOfStatus(route.deployment, 401, "", {})
    } catch (error) {
      throw signal.aborted || error instanceof AppError ? error : errorOfTransport(route.deployment, error, limits)
    }
  }

  /** The body as it comes; what is read is sent before more is. */
  async *#counted(): AsyncGenerator<Buffer> {
    const { fileBytesMax } = this.#dependencies.limits
    for await (const chunk of this.#asked.request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      this.#requestBytes += chunk.length
      if (this.#requestBytes > fileBytesMax) throw this.#tooLarge()
      yield chunk
    }
  }

  async #pass({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<void> {
    const { response } = this.#asked
    response.writeHead(statusCode, { ...responseHeaders(headers), ...this.#headers() })
    response.flushHeaders()
    const { clock, limits } = this.#dependencies
    const counted = async function* (this: PassedExchange, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      try {
        for await (const chunk of source) {
          this.#firstByteAt ??= clock.monotonic()
          this.#responseBytes += chunk.length
          yield chunk
        }
      } catch (error) {
        // Before the client is cut, which then looks as if it had left.
        if (!this.#left.signal.aborted) this.#broken = errorOfTransport(this.#asked.route.deployment, error, limits)
        throw error
      }
    }
    await pipeline(body, counted.bind(this), response)
  }

  #failed(error: unknown): void {
    const { response, requestId, request } = this.#asked
    if (this.#left.signal.aborted && !this.#broken) return this.#settle("cancelled", 499, told(clientLeft()))
    if (!(error instanceof AppError)) this.#dependencies.logger.error({ requestId, route: request.url, error }, "request failed")
    if (error instanceof LimitError) this.#refusedBy = error.state
    const shown = error instanceof UpstreamError ? error.tellingOf(this.#runId) : error
    const answer = openAiShape.errorAnswer(shown, requestId)
    // What has begun cannot be told an error; cutting it is the only honest end.
    const hasBegun = response.headersSent
    if (hasBegun) response.destroy()
    else sendError(response, answer, this.#headers())
    this.#settle("failed", hasBegun ? response.statusCode : answer.status, told(error))
  }

  #headers(): Record<string, string> {
    const { requestId, traceparent } = this.#asked
    const headers: Record<string, string> = { [openAiShape.requestIdHeader]: requestId, "x-perdure-run-id": this.#runId }
    if (traceparent !== undefined) headers["traceparent"] = traceparent
    const state = this.#refusedBy ?? this.#reservation?.state
    if (state) openAiShape.setLimitHeaders(headers, state, this.#dependencies.clock.now())
    return headers
  }

  #tooLarge(): AppError {
    return tooLarge(this.#dependencies.limits.fileBytesMax, "fileBytesMax")
  }

  /** What was asked of a provider has a cost that nobody tells: it is recorded as unknown. */
  #settle(outcome: LightRunRecord["outcome"], status: number, error: LightRunRecord["error"]): void {
    const { clock, records } = this.#dependencies
    const { principal, route, request, traceparent } = this.#asked
    const costKnown = this.#sentAt === undefined
    this.#hold?.end()
    if (costKnown) this.#reservation?.release()
    else {
      const used = { costMicroUsd: 0, costKnown }
      const by = [{ deployment: route.deployment, usage: noUsage, ...used }]
      this.#reservation?.settle({ inputTokens: 0, outputTokens: 0, ...used, by })
    }
    const endedAt = clock.monotonic()
    const path = (request.url ?? "").split("?", 1)[0] ?? ""
    records.add({
      id: this.#runId,
      projectId: principal.projectId,
      principal: principal.id,
      user: principal.user,
      tags: principal.tags,
      kind: "pass_through",
      name: `pass_through ${route.path}`,
      model: null,
      deployment: route.deployment.id,
      outcome,
      status,
      error,
      startedAt: this.#startedAtEpochMs,
      durationMs: endedAt - this.#startedAt,
      upstreamMs: this.#sentAt === undefined ? null : endedAt - this.#sentAt,
      firstTokenMs: this.#firstByteAt === undefined ? null : this.#firstByteAt - this.#startedAt,
      streamed: false,
      inputTokens: 0,
      outputTokens: 0,
      cachedTokens: 0,
      reasoningTokens: 0,
      costMicroUsd: 0,
      costKnown,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
      label: null,
      data: {
        endpoint: `${request.method ?? ""} ${path.slice(0, pathShownMax)}`,
        ...(this.#upstreamStatus === undefined ? {} : { upstreamStatus: this.#upstreamStatus }),
        ...(traceparent === undefined ? {} : { traceId: traceparent.slice(3, 35) }),
      },
    })
  }
}

/** Below the provider's base address. What a URL would make of it must be itself, whatever was let through before. */
function upstreamPath({ origin }: UpstreamTarget, { deployment }: PassThroughRoute, below: string): string {
  const path = new URL(deployment.baseUrl ?? origin).pathname.replace(/\/+$/, "") + below || "/"
  const url = new URL(origin + path)
  if (url.origin !== origin || url.pathname !== path) throw new AppError("invalid_request", "the path of this request is not passed on")
  return path
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0
}

function clientLeft(): AppError {
  return new AppError("client_closed_request", "the client closed the connection")
}

function endless({ deployment }: PassThroughRoute, limitMs: number): UpstreamError {
  return new UpstreamError("upstream_timeout", `the provider of "${deployment.id}" had not ended its answer after ${limitMs} ms`, {
    retryable: false,
    hint: 'The limit is "totalTimeoutMs" of the configuration.',
  })
}
