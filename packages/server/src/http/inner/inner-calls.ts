// Calls of inference routes from inside the process: through the same handlers as over HTTP, as a principal that has no secret at hand.
import { LimitError } from "../../accounting/index.ts"
import type { CallLine, LineAnswer, LineRefusal, LineRequest } from "../../batches/index.ts"
import { AppError, type Clock, type Limits } from "../../core/index.ts"
import { UpstreamError } from "../../inference/index.ts"
import { requireEndpoint } from "../../security/index.ts"
import type { WireShape } from "../light/wire-shape.ts"
import { openAiShape } from "../openai/errors.ts"
import { createInnerResponses, type InnerResponsesOptions } from "../openai/responses/inner.ts"
import type { HotRoute } from "../shell.ts"
import { InnerRequest, InnerResponse } from "./exchange.ts"

export interface InnerCallsOptions extends InnerResponsesOptions {
  hotRoutes: Readonly<Record<string, HotRoute>>
  clock: Clock
  limits: Pick<Limits, "batchAnswerBytesMax"> & InnerResponsesOptions["limits"]
}

export function createInnerCalls(options: InnerCallsOptions): CallLine {
  const respond = createInnerResponses(options)
  return (request, signal) => {
    const route = options.hotRoutes[request.endpoint]
    try {
      requireEndpoint(request.principal, "POST", request.endpoint)
    } catch (error) {
      return Promise.resolve(refused(route?.shape ?? openAiShape, error, request.requestId))
    }
    if (route) return callRoute(options, route, request, signal)
    if (request.endpoint !== "/v1/responses") throw new Error(`no inner route "${request.endpoint}"`)
    return respond(request, signal).then(
      (body) => ({ status: 200, body: Buffer.from(JSON.stringify(body)), refusal: null }),
      (error: unknown) => {
        if (signal.aborted) throw signal.reason
        return refused(openAiShape, error, request.requestId)
      },
    )
  }
}

function callRoute(
  { clock, limits }: InnerCallsOptions,
  route: HotRoute,
  { endpoint, principal, headers, body, requestId, traceparent }: LineRequest,
  signal: AbortSignal,
): Promise<LineAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<LineAnswer>()
  const request = new InnerRequest(endpoint, headers, Buffer.from(JSON.stringify(body)))
  const response = new InnerResponse(limits.batchAnswerBytesMax)
  let thrown: unknown
  const shape: WireShape = {
    requestIdHeader: route.shape.requestIdHeader,
    setLimitHeaders: () => undefined,
    errorFrame: (error, id) => route.shape.errorFrame(error, id),
    errorAnswer: (error, id) => {
      thrown = error
      return route.shape.errorAnswer(error, id)
    },
  }
  const onAbort = (): void => void response.destroy()
  response.on("close", () => {
    signal.removeEventListener("abort", onAbort)
    if (response.writableFinished) resolve({ status: response.statusCode, body: response.body, refusal: refusalOf(thrown) })
    else if (signal.aborted) reject(signal.reason as Error)
    else resolve(refused(route.shape, brokenOff(response, limits.batchAnswerBytesMax), requestId))
  })
  if (signal.aborted) onAbort()
  else signal.addEventListener("abort", onAbort, { once: true })
  route.handle({
    request,
    response,
    principal,
    requestId,
    startedAt: clock.monotonic(),
    startedAtEpochMs: clock.now(),
    traceparent,
    shape,
  })
  return promise
}

function brokenOff({ isTooLarge }: InnerResponse, bytesMax: number): AppError {
  return isTooLarge
    ? new AppError("request_too_large", `the answer is larger than batchAnswerBytesMax, ${bytesMax} bytes`, {
        hint: "Ask for less, or raise limits.batchAnswerBytesMax.",
      })
    : new AppError("upstream_stream_ended", "the provider's answer broke off")
}

function refused(shape: WireShape, error: unknown, requestId: string): LineAnswer {
  const { status, body } = shape.errorAnswer(error, requestId)
  return { status, body: Buffer.from(JSON.stringify(body)), refusal: refusalOf(error) }
}

function refusalOf(error: unknown): LineRefusal | null {
  if (!(error instanceof AppError)) return null
  return {
    code: error instanceof UpstreamError ? (error.answer.code ?? error.code) : error.code,
    retryAfterMs: error.retryAfterMs ?? null,
    neverFits: error instanceof LimitError && error.neverFits,
  }
}
