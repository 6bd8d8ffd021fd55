// One attempt at a model call on one deployment: native ones in this process, others over HTTP; timed, limited, and reported to its plan.
import { AppError, type Clock, type Limits, type NewId } from "../core/index.ts"
import { configuredCall } from "./parameters/index.ts"
import { organisationOf } from "./pool/organisation.ts"
import type { Plan } from "./pool/types.ts"
import { refusePassed } from "./passed-items.ts"
import { callProvider } from "./providers/call.ts"
import { tierAsked, withTierAsked } from "./providers/service-tier.ts"
import type { CallableModel } from "./providers/embedded/types.ts"
import type { Deployment, ModelCall, ModelEvent, ModelUsage } from "./types.ts"
import { timedOut, UpstreamError } from "./upstream-error.ts"
import { callTimeouts, type TimeoutLimits, type Upstreams } from "./upstreams.ts"

/** The models that are called in this process, by deployment id. */
export type Natives = ReadonlyMap<string, CallableModel>

/** It is a function of this process, not an address. */
export function isNative({ dialect }: Pick<Deployment, "dialect">): boolean {
  return dialect === "native" || dialect === "ai-sdk"
}

export interface EventsOptions {
  upstreams: Upstreams
  natives: Natives
  limits: Pick<Limits, "connectTimeoutMs" | "firstTokenTimeoutMs" | "idleTimeoutMs">
  newId: NewId
}

export interface AttemptOptions extends EventsOptions {
  limits: TimeoutLimits
  clock: Clock
}

/** The events of one deployment; native ones must be registered under their id. */
export function eventsOf(options: EventsOptions, deployment: Deployment, call: ModelCall, signal: AbortSignal): AsyncIterable<ModelEvent> {
  refusePassed(call, deployment)
  const configured = configuredCall(call, deployment)
  if (!isNative(deployment)) return callProvider(options, deployment, configured, signal)
  const chat = options.natives.get(deployment.id)?.chat
  if (!chat) throw new AppError("feature_unavailable", `the deployment "${deployment.id}" does not run in this process`)
  return chat(configured, signal)
}

export interface OpenAttempt {
  deployment: Deployment
  events: AsyncGenerator<ModelEvent>
  /** Ends it from outside; its upstream connection is closed. */
  stop(reason: Error): void
  /** What it has used so far, for one that is given up; undefined when it failed by itself, which nobody bills. */
  used(): ModelUsage | undefined
}

/** The attempt is under way as soon as its events are asked for. */
export function openAttempt(
  options: AttemptOptions,
  plan: Plan,
  deployment: Deployment,
  call: ModelCall,
  signal: AbortSignal,
): OpenAttempt {
  const stopped = new AbortController()
  const tally = { outputChars: 0, failed: false }
  const events = reported(options, plan, { deployment, call, signal: AbortSignal.any([signal, stopped.signal]), stopped, tally })
  return {
    deployment,
    events,
    stop: (reason) => stopped.abort(reason),
    used: () => (tally.failed ? undefined : servedAsAsked(estimatedUsage(call, tally.outputChars), call, deployment)),
  }
}

interface Running {
  deployment: Deployment
  call: ModelCall
  signal: AbortSignal
  stopped: AbortController
  tally: { outputChars: number; failed: boolean }
}

async function* reported(options: AttemptOptions, plan: Plan, running: Running): AsyncGenerator<ModelEvent> {
  const { deployment, call, signal, tally } = running
  const startedAt = options.clock.monotonic()
  const passedMs = (): number => options.clock.monotonic() - startedAt
  const timers = deployment.dialect === "native" ? undefined : new AttemptTimers(options, running)
  let usage: ModelUsage | undefined
  let error: unknown
  plan.started(deployment)
  try {
    for await (const event of eventsOf(options, deployment, call, signal)) {
      if (timers?.begin() !== false) plan.firstToken(deployment, passedMs())
      tally.outputChars += charactersOf(event)
      if (event.type === "finished") {
        usage = servedAsAsked(event.usage, call, deployment)
        yield usage === event.usage ? event : { ...event, usage }
      } else yield event.type === "reasoning-ended" ? sealedWith(event, deployment) : event
    }
  } catch (thrown) {
    error = thrown
    tally.failed = error instanceof UpstreamError
    throw thrown
  } finally {
    timers?.end()
    const outputTokens = usage?.outputTokens ?? Math.ceil(tally.outputChars / charactersPerToken)
    const inputTokens = usage?.inputTokens ?? 0
    const told = error instanceof UpstreamError ? { error } : usage === undefined ? { cancelled: true } : {}
    plan.finished(deployment, { ...told, ms: passedMs(), inputTokens, outputTokens })
  }
}

/** Where its provider has not told how it was served. */
export function servedAsAsked(usage: ModelUsage, { hints }: ModelCall, deployment: Deployment): ModelUsage {
  return withTierAsked(usage, tierAsked(hints?.serviceTier ?? undefined), deployment)
}

/** The first token and the whole in time; silence in between is the connection's own limit. */
class AttemptTimers {
  readonly #first: NodeJS.Timeout
  readonly #total: NodeJS.Timeout
  #begun = false

  constructor({ limits }: AttemptOptions, { deployment, stopped }: Running) {
    const { firstTokenMs, totalMs } = callTimeouts(deployment.timeouts, limits)
    this.#first = setTimeout(() => stopped.abort(timedOut(deployment, "token", firstTokenMs)), firstTokenMs)
    this.#total = setTimeout(() => stopped.abort(timedOut(deployment, "total", totalMs)), totalMs)
  }

  /** Whether it had not begun before. */
  begin(): boolean {
    if (this.#begun) return false
    this.#begun = true
    clearTimeout(this.#first)
    return true
  }

  end(): void {
    clearTimeout(this.#first)
    clearTimeout(this.#total)
  }
}

/** Sealed reasoning says whose it is, so that the next turn finds back. */
function sealedWith(event: Extract<ModelEvent, { type: "reasoning-ended" }>, deployment: Deployment): ModelEvent {
  if (event.reasoning.data === undefined) return event
  return { ...event, reasoning: { ...event.reasoning, organisation: organisationOf(deployment) } }
}

const charactersPerToken = 4

export function charactersOf(event: ModelEvent): number {
  if (event.type === "text-delta" || event.type === "reasoning-delta" || event.type === "refusal-delta") return event.text.length
  return event.type === "tool-call-delta" ? event.arguments.length : 0
}

/** Of an attempt that ended before its provider reported any. */
export function estimatedUsage(call: ModelCall, outputChars: number): ModelUsage {
  const inputTokens = Math.ceil(JSON.stringify(call.messages).length / charactersPerToken)
  return {
    inputTokens,
    outputTokens: Math.ceil(outputChars / charactersPerToken),
    cachedTokens: 0,
    reasoningTokens: 0,
    estimated: true,
  }
}
