// Calls a model by its logical name: the way through its deployments is the pool's, each attempt reports to it how it fared.
import { AppError, sleep } from "../core/index.ts"
import { openAttempt, type AttemptOptions } from "./call-attempt.ts"
import { hedged } from "./hedged.ts"
import type { Models } from "./models.ts"
import { organisationOf } from "./pool/organisation.ts"
import type { Plan, PlanRequest, Pool } from "./pool/types.ts"
import { estimateTokens } from "./tokens/index.ts"
import type { CallModel, CallRouting, Deployment, Model, ModelCall, ModelEvent } from "./types.ts"
import { UpstreamError } from "./upstream-error.ts"

export { eventsOf, isNative, type Natives } from "./call-attempt.ts"

export interface CallModelOptions extends AttemptOptions {
  models: Pick<Models, "require">
  pool: Pick<Pool, "plan">
}

export function createCallModel(options: CallModelOptions): CallModel {
  return (call, signal, routing = {}) => {
    const model = options.models.require(call.model, "chat")
    const plan = options.pool.plan(model, planRequest(call, model, routing))
    const current = { deployment: plan.first() }
    const events = attempts(options, plan, { call, signal, current })
    return {
      get deployment(): Deployment {
        return current.deployment
      },
      events,
    }
  }
}

interface CallUnderWay {
  call: ModelCall
  signal: AbortSignal
  current: { deployment: Deployment }
}

/** Until one has begun: what came of an answer is never said twice. */
async function* attempts(options: CallModelOptions, plan: Plan, { call, signal, current }: CallUnderWay): AsyncGenerator<ModelEvent> {
  for (;;) {
    let begun = false
    try {
      const open = (deployment: Deployment) => openAttempt(options, plan, deployment, readableBy(call, deployment), signal)
      for await (const event of hedged(plan, current, open)) {
        begun = true
        yield event
      }
      return
    } catch (error) {
      const next = begun || signal.aborted ? undefined : plan.afterFailure(current.deployment, failureOf(error))
      if (!next) throw error
      if (next.delayMs > 0) await sleep(next.delayMs, signal)
      current.deployment = next.deployment
    }
  }
}

/** A call that one dialect cannot express, another may; anything else that is thrown is a fault of ours and ends the call. */
function failureOf(error: unknown): UpstreamError {
  if (error instanceof UpstreamError) return error
  const isRefusal = error instanceof AppError && (error.code === "unsupported_value" || error.code === "feature_unavailable")
  const message = error instanceof Error ? error.message : "unexpected"
  return new UpstreamError(isRefusal ? error.code : "server_error", message, { retryable: isRefusal, failure: "missing", cause: error })
}

function planRequest(call: ModelCall, model: Model, routing: CallRouting): PlanRequest {
  const request: PlanRequest = { needs: "chat", ...routing }
  const affinity = routing.affinity ?? call.user
  if (affinity !== null && affinity !== undefined) request.affinity = affinity
  const organisation = sealedBy(call)
  if (organisation !== undefined) request.organisation = organisation
  const bounded = model.deployments.find(({ contextTokensMax }) => contextTokensMax !== null)
  if (bounded) request.contextTokensEstimated = estimateTokens(call, bounded)
  return request
}

/** R26: whose deployments can read the reasoning that the conversation carries. */
function sealedBy({ messages }: ModelCall): string | undefined {
  for (const message of messages.toReversed()) {
    if (message.role !== "assistant") continue
    const sealed = message.reasoning?.findLast(({ data, organisation }) => data !== undefined && organisation !== undefined)
    if (sealed) return sealed.organisation
  }
  return undefined
}

/** Without the reasoning that another organisation sealed: it would refuse the whole call. */
function readableBy(call: ModelCall, deployment: Deployment): ModelCall {
  const isSealed = (message: ModelCall["messages"][number]): boolean =>
    message.role === "assistant" &&
    message.reasoning?.some(({ data, organisation }) => data !== undefined && organisation !== undefined) === true
  if (!call.messages.some(isSealed)) return call
  const own = organisationOf(deployment)
  const messages = call.messages.map((message) => {
    if (message.role !== "assistant" || !message.reasoning) return message
    const reasoning = message.reasoning.filter(({ data, organisation }) => data === undefined || (organisation ?? own) === own)
    return { ...message, reasoning }
  })
  return { ...call, messages }
}
