// Calls a model by its logical name: the way through its deployments is the pool's, each attempt reports to it how it fared.
import { AppError, sleep } from "../core/index.ts"
import { BegunAnswer, continuedCall } from "./begun-answer.ts"
import { estimatedUsage, openAttempt, servedAsAsked, type AttemptOptions } from "./call-attempt.ts"
import { hedged } from "./hedged.ts"
import type { Models } from "./models.ts"
import { organisationOf } from "./pool/organisation.ts"
import { needsResponses, speaksResponses } from "./passed-items.ts"
import type { NextAttempt, Plan, PlanRequest, Pool } from "./pool/types.ts"
import { estimateTokens } from "./tokens/index.ts"
import type { CallEvent, CallModel, CallRouting, Deployment, Failover, Model, ModelCall, ModelEvent, ModelUsage } from "./types.ts"
import { filteredAnswer, UpstreamError } from "./upstream-error.ts"

export { eventsOf, isNative, servedAsAsked, type Natives } from "./call-attempt.ts"

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
      get attempts(): number {
        return plan.attempts
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

/** Until one answers to its end. What came of an answer is never said twice, unless it was broken off and the caller can begin anew. */
async function* attempts(options: CallModelOptions, plan: Plan, { call, signal, current }: CallUnderWay): AsyncGenerator<CallEvent> {
  const answer = new BegunAnswer()
  const filtered: { deployment: Deployment; usage: ModelUsage }[] = []
  let asked = call
  for (;;) {
    try {
      const open = (at: Deployment) => openAttempt(options, plan, at, readableBy(asked, at), signal)
      for await (const event of hedged(plan, current, open)) {
        if (!answer.begun && isFiltered(event) && plan.hasContentFallback) {
          filtered.push({ deployment: current.deployment, usage: event.usage })
          throw filteredAnswer(current.deployment)
        }
        answer.take(event)
        yield filtered.length > 0 && event.type === "finished" ? { ...event, alsoUsed: [...(event.alsoUsed ?? []), ...filtered] } : event
      }
      return
    } catch (error) {
      const failure = failureOf(error)
      const next = signal.aborted ? undefined : nextAfter(plan, current.deployment, failure, answer)
      if (!next) throw error
      if (next.delayMs > 0) await sleep(next.delayMs, signal)
      if (answer.begun) {
        const failover = failoverTo(next.deployment, { from: current.deployment, failure, answer, asked })
        asked = failover.how === "continued" ? continuedCall(call, answer.text) : call
        answer.broken(failover.how)
        yield failover
      }
      current.deployment = next.deployment
    }
  }
}

/** A filter let nothing of the answer pass. */
function isFiltered(event: ModelEvent): event is Extract<ModelEvent, { type: "finished" }> {
  return event.type === "finished" && event.reason === "content_filter"
}

function nextAfter(plan: Plan, deployment: Deployment, failure: UpstreamError, answer: BegunAnswer): NextAttempt | undefined {
  const begun = answer.following
  return begun === "nothing" ? undefined : plan.afterFailure(deployment, failure, { begun })
}

interface Broken {
  from: Deployment
  failure: UpstreamError
  answer: BegunAnswer
  asked: ModelCall
}

function failoverTo(to: Deployment, { from, failure, answer, asked }: Broken): Failover {
  const how = answer.canGoOn(to) ? "continued" : "anew"
  const cut = answer.attemptCharacters === 0 ? undefined : estimatedUsage(asked, answer.attemptCharacters)
  const used = cut && servedAsAsked(cut, asked, from)
  const error = { code: failure.code, message: failure.message }
  return { type: "failover", from, to, how, afterCharacters: answer.text.length, error, used }
}

/** A call that one dialect cannot express, another may; anything else that is thrown is a fault of ours and ends the call. */
function failureOf(error: unknown): UpstreamError {
  if (error instanceof UpstreamError) return error
  const isRefusal = error instanceof AppError && (error.code === "unsupported_value" || error.code === "feature_unavailable")
  const message = error instanceof Error ? error.message : "unexpected"
  return new UpstreamError(isRefusal ? error.code : "server_error", message, { retryable: isRefusal, failure: "missing", cause: error })
}

function planRequest(call: ModelCall, model: Model, routing: CallRouting): PlanRequest {
  const request: PlanRequest = { needs: "chat", ...routing, ...(needsResponses(call) ? { usable: speaksResponses } : {}) }
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
