// The end of a light run that failed before anything of an answer was sent, in the client's kind of errors.
import { LimitError } from "../../accounting/index.ts"
import { AppError, messageOf } from "../../core/index.ts"
import { UpstreamError } from "../../inference/index.ts"
import { sendError, type HotCall } from "../shell.ts"
import type { LightCall } from "./light-call.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"

export function refuse({ logger }: Pick<LightRunDependencies, "logger">, hot: HotCall, call: LightCall | undefined, error: unknown): void {
  if (error instanceof LimitError && call) call.refusedBy = error.state
  const answer = hot.shape.errorAnswer(call ? shownIn(call, error) : error, hot.requestId)
  if (!(error instanceof AppError)) logger.error({ requestId: hot.requestId, route: hot.request.url, error }, "request failed")
  const traced = hot.traceparent === undefined ? {} : { traceparent: hot.traceparent }
  sendError(hot.response, answer, call?.headers() ?? traced)
  call?.settle("failed", answer.status, told(error))
}

/** What the client is told of it: of a provider that was not reached, the run in which its operator finds the address. */
export function shownIn({ runId }: LightCall, error: unknown): unknown {
  return error instanceof UpstreamError ? error.tellingOf(runId) : error
}

/** What the record says of a failure: the provider's own code where it is one of a provider. */
export function told(error: unknown): { code: string; message: string } {
  if (error instanceof UpstreamError) return { code: error.answer.code ?? error.code, message: error.message }
  if (error instanceof AppError) return { code: error.code, message: messageOf(error) }
  return { code: "server_error", message: "unexpected" }
}
