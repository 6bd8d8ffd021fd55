// The plan of one call: which deployment first, which after a failure and how long to wait before it, when to give up.
import type { Limits } from "../../core/index.ts"
import type { Deployment, Model } from "../types.ts"
import type { UpstreamError, UpstreamFailure } from "../upstream-error.ts"
import type { Filter } from "./eligible.ts"
import { isListed, mayGoElsewhere, retriesMax, type FailurePolicy } from "./failure-policy.ts"
import type { RetryBudget } from "./retry-budget.ts"
import { Search } from "./search.ts"
import type { Stage } from "./stages.ts"
import type { Attempt } from "./state.ts"
import type { DeploymentStates } from "./states.ts"
import type { AttemptOutcome, Following, NextAttempt, Plan, PoolObserver, UpstreamLimits } from "./types.ts"

export type PlanLimits = Pick<
  Limits,
  "attemptsMax" | "sameDeploymentRetriesMax" | "retryBackoffMs" | "retryBackoffMsMax" | "retryWaitMsMax"
>

/** What the plans of one pool share. */
export interface PlanShared {
  limits: PlanLimits
  states: DeploymentStates
  rng: () => number
  now: () => number
  modelNamed: (name: string) => Model | undefined
  budgetOf: (model: Model) => RetryBudget
  observer: PoolObserver
  upstream: UpstreamLimits | undefined
}

/** Failures of the deployment alone: another one at the same provider is not burdened by them. */
const ofDeployment: ReadonlySet<UpstreamFailure> = new Set([
  "rate_limit",
  "quota",
  "credentials",
  "forbidden",
  "missing",
  "context",
  "content",
])

/** Once an answer has begun, what its request says of failover decides alone. */
const unsaid: FailurePolicy = {}

interface Saying {
  policy: FailurePolicy
  begun: Following | undefined
}

interface Failed {
  deployment: Deployment
  failure: UpstreamFailure
  /** Times that it was tried again. */
  retries: number
}

export class RequestPlan implements Plan {
  attempts = 0
  readonly #shared: PlanShared
  readonly #filter: Filter
  readonly #search: Search
  #underWay: Attempt[] = []
  #failed: Failed[] = []

  constructor(shared: PlanShared, model: Model, filter: Filter, stages: readonly Stage[]) {
    this.#shared = shared
    this.#filter = filter
    this.#search = new Search(shared, model, filter, stages)
    shared.budgetOf(model).called()
  }

  get hedgeAfterMs(): number | undefined {
    return this.#filter.request.fallbacks === false ? undefined : this.#search.model.hedgeAfterMs
  }

  get failover(): "continue" | "off" | undefined {
    return this.#filter.request.failover
  }

  get hasContentFallback(): boolean {
    if (this.#search.model.contentFallbacks === undefined || this.#filter.request.fallbacks === false) return false
    return this.attempts < this.#shared.limits.attemptsMax && this.#search.tolerant() !== undefined
  }

  first(): Deployment {
    return this.#search.first()
  }

  afterFailure(deployment: Deployment, error: UpstreamError, { begun }: { begun?: Following | undefined } = {}): NextAttempt | undefined {
    const failed = this.#note(deployment, error.failure)
    if (this.attempts >= this.#shared.limits.attemptsMax) return undefined
    if (begun !== undefined && this.failover !== "continue") return undefined
    if (begun !== undefined) this.#search.requireContinuation(begun === "continued")
    const policy = begun === undefined ? deployment : unsaid
    if (error.failure === "context" || error.failure === "content") {
      const meant = this.#meantFor(error.failure, deployment)
      if (meant) return this.#elsewhere(meant, error.failure)
      if (!isListed(policy, error)) return undefined
    }
    const again = policy.retry?.first === true ? this.#again(failed, error, policy) : undefined
    return again ?? this.#anyAfter(failed, error, { policy, begun })
  }

  hedge(): Deployment | undefined {
    if (this.attempts >= this.#shared.limits.attemptsMax || this.hedgeAfterMs === undefined) return undefined
    const other = this.#search.spare()
    if (!other || !this.#affords()) return undefined
    this.#shared.observer.retried?.({ model: this.#search.model.name, failure: "timeout", to: "hedge" })
    return other
  }

  started(deployment: Deployment): void {
    const now = this.#shared.now()
    this.attempts += 1
    this.#search.tried.push(deployment.id)
    const { request } = this.#filter
    const attempt = this.#shared.states.of(deployment, now).begin(deployment, now, request)
    const hold = this.#shared.upstream?.begin(deployment, request.expected)
    if (hold) attempt.hold = hold
    this.#underWay.push(attempt)
  }

  firstToken(deployment: Deployment, ms: number): void {
    const attempt = this.#underWay.find((each) => each.deployment === deployment)
    if (attempt) this.#watched(attempt, () => attempt.state.sawFirstToken(attempt, ms, this.#shared.now()))
  }

  finished(deployment: Deployment, outcome: AttemptOutcome): void {
    const index = this.#underWay.findIndex((each) => each.deployment === deployment)
    const [attempt] = index < 0 ? [] : this.#underWay.splice(index, 1)
    if (!attempt) return
    attempt.hold?.end()
    this.#watched(attempt, () => attempt.state.end(attempt, outcome, this.#shared.now()))
    const failure = outcome.error?.failure ?? (outcome.cancelled === true ? "cancelled" : null)
    this.#shared.observer.attemptEnded?.({ deployment, failure, reachFault: outcome.error?.reachFault })
  }

  /** Of the models for long conversations, or for what a filter refuses. */
  #meantFor(failure: "context" | "content", deployment: Deployment): Deployment | undefined {
    if (this.#filter.request.fallbacks === false) return undefined
    return failure === "context" ? this.#search.larger(deployment) : this.#search.tolerant()
  }

  #anyAfter(failed: Failed, error: UpstreamError, { policy, begun }: Saying): NextAttempt | undefined {
    const mayLeave = this.#filter.request.fallbacks !== false && mayGoElsewhere(policy, error)
    const other = mayLeave ? this.#other(begun) : undefined
    if (other) return this.#paid(other, error.failure)
    const again = this.#again(failed, error, policy)
    const rested = again || !mayLeave ? undefined : this.#search.lastResort()
    return again ?? (rested && this.#paid(rested, error.failure))
  }

  #other(begun: Following | undefined): Deployment | undefined {
    if (begun !== "either") return this.#search.other()
    this.#search.requireContinuation(true)
    const continuing = this.#search.other()
    this.#search.requireContinuation(false)
    return continuing ?? this.#search.other()
  }

  #note(deployment: Deployment, failure: UpstreamFailure): Failed {
    const known = this.#failed.find((each) => each.deployment.id === deployment.id)
    if (known) {
      known.failure = failure
      known.retries += 1
      return known
    }
    const failed = { deployment, failure, retries: 0 }
    this.#failed.push(failed)
    return failed
  }

  /** A deployment at a place that has not failed this call is no more burdened than if it had been the first. */
  #isFree(next: Deployment, failure: UpstreamFailure): boolean {
    return ofDeployment.has(failure) || !this.#failed.some(({ deployment }) => deployment.baseUrl === next.baseUrl)
  }

  #paid(other: Deployment, failure: UpstreamFailure): NextAttempt | undefined {
    return this.#isFree(other, failure) || this.#affords() ? this.#elsewhere(other, failure) : undefined
  }

  #affords(): boolean {
    if (this.#shared.budgetOf(this.#search.model).take()) return true
    this.#shared.observer.budgetExhausted?.({ model: this.#search.model.name })
    return false
  }

  #elsewhere(deployment: Deployment, failure: UpstreamFailure): NextAttempt {
    const to = this.#search.model.deployments.includes(deployment) ? "deployment" : "model"
    this.#shared.observer.retried?.({ model: this.#search.model.name, failure, to })
    return { deployment, delayMs: 0 }
  }

  /** The same deployment once more, after a wait: when there is no other. */
  #again({ deployment, retries }: Failed, error: UpstreamError, policy: FailurePolicy): NextAttempt | undefined {
    const { sameDeploymentRetriesMax, retryWaitMsMax } = this.#shared.limits
    if (retries >= retriesMax(policy, error, sameDeploymentRetriesMax)) return undefined
    const now = this.#shared.now()
    const state = this.#shared.states.of(deployment, now)
    if (!state.breaker.allows(now) || !this.#search.mayBeAsked(deployment)) return undefined
    const delayMs = Math.max(this.#backoffMs(retries), error.retryAfterMs ?? 0, state.waitMs(deployment, now, undefined))
    if (delayMs > retryWaitMsMax || !this.#affords()) return undefined
    this.#shared.observer.retried?.({ model: this.#search.model.name, failure: error.failure, to: "same" })
    return { deployment, delayMs }
  }

  #backoffMs(retries: number): number {
    const { retryBackoffMs, retryBackoffMsMax } = this.#shared.limits
    return Math.min(retryBackoffMsMax, retryBackoffMs * 2 ** retries) * (0.5 + 0.5 * this.#shared.rng())
  }

  /** Tells when what happens opens or closes the breaker. */
  #watched({ deployment, state: { breaker } }: Attempt, happens: () => void): void {
    const wasClosed = breaker.openUntil === undefined
    happens()
    if (wasClosed === (breaker.openUntil === undefined)) return
    this.#shared.observer.breakerChanged?.({ deployment, state: wasClosed ? "open" : "closed", failure: breaker.openedBy })
  }
}
