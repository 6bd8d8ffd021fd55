// What is known of one deployment: its breaker, its cool-down, its limits, what is in flight, how fast it was of late.
import type { UpstreamHold } from "../../accounting/index.ts"
import type { Limits } from "../../core/index.ts"
import type { Deployment } from "../types.ts"
import type { UpstreamError } from "../upstream-error.ts"
import { MovingAverage } from "./averages.ts"
import { Breaker, type BreakerLimits } from "./breaker.ts"
import { CoolDown, type CoolDownLimits } from "./cool-down.ts"
import { LastCalls } from "./last-calls.ts"
import { LearnedConcurrency } from "./learned-concurrency.ts"
import { RateBuckets } from "./rate-bucket.ts"
import { Refusals, type RefusalLimits } from "./refusals.ts"
import type { AttemptOutcome, DeploymentHealth, PlanRequest, PoolCaller, ProbeResult } from "./types.ts"

export type StateLimits = BreakerLimits &
  RefusalLimits &
  CoolDownLimits &
  Pick<Limits, "coolDownMs" | "quotaCoolDownMs" | "learnedConcurrencyMs">

/** How well a deployment could take a call now, best first. */
export type Readiness =
  | "ready"
  /** At the concurrency that was learned, just told to go slower, or the conversation seems too long for it. */
  | "strained"
  /** Left alone by its breaker, or passed over because it refused the calls of this caller. */
  | "open"
  /** Cooling down, or at a limit that was declared. */
  | "full"

/** One attempt that has not ended. */
export interface Attempt {
  deployment: Deployment
  state: DeploymentState
  startedAt: number
  firstTokenMs: number | undefined
  isTrial: boolean
  /** Made while its provider had asked to wait. */
  isCoolDownProbe: boolean
  tokensTaken: number
  caller: PoolCaller | undefined
  /** What it holds of the limits of its deployment. */
  hold?: UpstreamHold
}

/** What of a request matters here. */
type Asking = Pick<PlanRequest, "contextTokensEstimated" | "caller">

const tokensWithoutEstimate = 1
/** Shorter bursts say nothing of the speed. */
const measuredTokensMin = 8
/** No model writes so fast: what came faster was held back until it was whole, so all of its time counts. */
const tokensPerSecondMax = 5_000

export class DeploymentState {
  readonly breaker: Breaker
  readonly firstTokenMs: MovingAverage = new MovingAverage()
  readonly tokensPerSecond: MovingAverage = new MovingAverage()
  inFlight = 0
  attempts = 0
  failures = 0
  usedAt: number
  /** What the provider said, which holds while another one can answer. */
  readonly coolDown: CoolDown
  /** What we guess after a 429 that said nothing: it is passed over until then while there is another. */
  #restUntil = 0
  lastError: { error: UpstreamError; at: number } | undefined
  probe: { result: ProbeResult; at: number } | undefined
  readonly #lastCalls = new LastCalls()
  readonly #limits: StateLimits
  readonly #learned: LearnedConcurrency
  readonly #refusals: Refusals
  readonly #requests = new RateBuckets()
  readonly #tokens = new RateBuckets()

  constructor(limits: StateLimits, rng: () => number, now: number) {
    this.#limits = limits
    this.breaker = new Breaker(limits, rng)
    this.coolDown = new CoolDown(limits, rng)
    this.#learned = new LearnedConcurrency(limits.learnedConcurrencyMs)
    this.#refusals = new Refusals(limits, rng)
    this.usedAt = now
  }

  readiness(deployment: Deployment, now: number, { contextTokensEstimated: tokens, caller }: Asking): Readiness {
    if (this.waitMs(deployment, now, tokens) > 0 || this.#isAtDeclaredConcurrency(deployment)) return "full"
    if (!this.breaker.allows(now) || this.#refusals.isHeldAgainst(caller, now)) return "open"
    if (now < this.#restUntil) return "strained"
    const learned = deployment.limits?.concurrent === undefined ? this.#learned.max(now) : undefined
    if (learned !== undefined && this.inFlight >= learned) return "strained"
    const { contextTokensMax } = deployment
    return tokens !== undefined && contextTokensMax !== null && tokens > contextTokensMax ? "strained" : "ready"
  }

  /** Whether a call may find out if the cool-down still holds, and nothing else speaks against it: for when nothing else is left. */
  mayProbeCoolDown(deployment: Deployment, now: number, { contextTokensEstimated: tokens, caller }: Asking): boolean {
    if (!this.coolDown.allowsProbe(now) || !this.breaker.allows(now) || this.#refusals.isHeldAgainst(caller, now)) return false
    return this.#declaredWaitMs(deployment, now, tokens) === 0 && !this.#isAtDeclaredConcurrency(deployment)
  }

  /** Until cool-down and declared rates let a call through; the breaker and what is in flight are not waited for. */
  waitMs(deployment: Deployment, now: number, tokens: number | undefined): number {
    return Math.max(this.coolDown.leftMs(now), this.#declaredWaitMs(deployment, now, tokens))
  }

  /** Until some call may be let through, be it to see whether the cool-down still holds. */
  nextChanceMs(deployment: Deployment, now: number): number {
    return Math.max(this.coolDown.nextProbeMs(now), this.#declaredWaitMs(deployment, now, undefined))
  }

  #declaredWaitMs({ limits }: Deployment, now: number, tokens: number | undefined): number {
    if (limits === undefined) return 0
    const requestsMs = this.#requests.waitMs(limits.requestsPerMinute, 1, now)
    return Math.max(requestsMs, this.#tokens.waitMs(limits.tokensPerMinute, tokens ?? tokensWithoutEstimate, now))
  }

  begin(deployment: Deployment, now: number, { contextTokensEstimated: tokens, caller }: Asking): Attempt {
    this.inFlight += 1
    this.attempts += 1
    this.usedAt = now
    const tokensTaken = tokens ?? tokensWithoutEstimate
    this.#requests.take(deployment.limits?.requestsPerMinute, 1, now)
    this.#tokens.take(deployment.limits?.tokensPerMinute, tokensTaken, now)
    const isTrial = this.breaker.begin(now)
    const isCoolDownProbe = this.coolDown.begin(now)
    return { deployment, state: this, startedAt: now, firstTokenMs: undefined, isTrial, isCoolDownProbe, tokensTaken, caller }
  }

  /** A trial that answers has told what it is made for, however long it streams on. */
  sawFirstToken(attempt: Attempt, ms: number, now: number): void {
    if (attempt.firstTokenMs !== undefined) return
    attempt.firstTokenMs = ms
    this.firstTokenMs.add(ms)
    if (attempt.isCoolDownProbe) this.coolDown.over()
    attempt.isCoolDownProbe = false
    if (!attempt.isTrial) return
    this.breaker.succeeded(true, now)
    attempt.isTrial = false
  }

  end(attempt: Attempt, outcome: AttemptOutcome, now: number): void {
    const { error, cancelled, inputTokens, outputTokens } = outcome
    this.inFlight -= 1
    this.usedAt = now
    if (attempt.isCoolDownProbe) this.coolDown.probeEnded()
    const used = (inputTokens ?? 0) + outputTokens
    if (used > 0) this.#tokens.take(undefined, used - attempt.tokensTaken, now)
    if (error) this.#failed(attempt, error, now)
    else if (cancelled === true) this.breaker.abandoned(attempt.isTrial)
    else this.#succeeded(attempt, outcome, now)
  }

  probed(result: ProbeResult, now: number): void {
    const failedBefore = this.probe?.result.ok === false
    this.probe = { result, at: now }
    if (result.ok) this.breaker.hopeful(now)
    // One lost probe is no news.
    else if (failedBefore) this.breaker.failed("probe", false, now)
  }

  health(
    deployment: { id: string; limits?: Deployment["limits"] },
    now: number,
    epochOf: (monotonicMs: number) => number,
  ): DeploymentHealth {
    const { breaker, lastError, probe } = this
    const restUntil = Math.max(this.coolDown.until, this.#restUntil)
    const learned = this.#learned.max(now)
    const declared = deployment.limits?.concurrent
    return {
      id: deployment.id,
      state: breaker.state(now),
      openedBy: breaker.openedBy,
      openUntil: breaker.openUntil === undefined ? null : epochOf(breaker.openUntil),
      coolDownUntil: restUntil > now ? epochOf(restUntil) : null,
      inFlight: this.inFlight,
      concurrencyMax: declared ?? learned ?? null,
      concurrencyLearned: declared === undefined && learned !== undefined,
      firstTokenMs: this.firstTokenMs.value ?? null,
      tokensPerSecond: this.tokensPerSecond.value ?? null,
      errorRate: breaker.errorRate(now),
      attempts: this.attempts,
      failures: this.failures,
      lastCalls: this.#lastCalls.summary(),
      lastError: lastError ? { ...shown(lastError.error), at: epochOf(lastError.at) } : null,
      probe: probe
        ? { ok: probe.result.ok, ms: probe.result.ms, why: probe.result.ok ? null : probe.result.why, at: epochOf(probe.at) }
        : null,
    }
  }

  #isAtDeclaredConcurrency({ limits }: Deployment): boolean {
    return limits?.concurrent !== undefined && this.inFlight >= limits.concurrent
  }

  #succeeded(attempt: Attempt, { ms, outputTokens }: AttemptOutcome, now: number): void {
    this.breaker.succeeded(attempt.isTrial, now)
    this.#lastCalls.add(false)
    if (attempt.isCoolDownProbe) this.coolDown.over()
    this.#refusals.answered(attempt.caller)
    this.#learned.succeeded(this.inFlight + 1)
    if (attempt.firstTokenMs === undefined) return
    if (outputTokens < measuredTokensMin || ms <= 0) return
    const speed = (outputTokens / (ms - attempt.firstTokenMs)) * 1_000
    this.tokensPerSecond.add(speed <= tokensPerSecondMax ? speed : (outputTokens / ms) * 1_000)
  }

  #failed(attempt: Attempt, error: UpstreamError, now: number): void {
    const { failure } = error
    // A fault of the request says that the deployment works.
    if (failure === "request" || failure === "context" || failure === "content") {
      this.#lastCalls.add(false)
      if (attempt.isCoolDownProbe) this.coolDown.over()
      return this.breaker.succeeded(attempt.isTrial, now)
    }
    this.failures += 1
    this.#lastCalls.add(true)
    this.lastError = { error, at: now }
    if (isOverload(error)) this.#learned.overloaded(this.inFlight + 1, attempt.startedAt, now)
    if (failure === "rate_limit" || failure === "quota") {
      this.breaker.abandoned(attempt.isTrial)
      const guessMs = failure === "quota" ? this.#limits.quotaCoolDownMs : this.#limits.coolDownMs
      if (error.retryAfterMs === undefined) this.#restUntil = Math.max(this.#restUntil, now + guessMs)
    } else if (failure === "forbidden") this.#refused(attempt, now)
    else this.breaker.failed(failure, attempt.isTrial, now)
    if (error.retryAfterMs !== undefined) this.coolDown.told(error.retryAfterMs, attempt.isCoolDownProbe, now)
  }

  /** What one caller was refused says that it works, unless it is left alone for just that. */
  #refused({ isTrial, caller }: Attempt, now: number): void {
    const { openedBy } = this.breaker
    const isEverybodys = this.#refusals.refused(caller, now)
    if (isEverybodys || (isTrial && (openedBy === "forbidden" || openedBy === "credentials")))
      this.breaker.failed("forbidden", isTrial, now)
    else if (isTrial) this.breaker.succeeded(true, now)
  }
}

function shown({ answer, code, failure, reachFault }: UpstreamError): Omit<NonNullable<DeploymentHealth["lastError"]>, "at"> {
  return { code: answer.code ?? code, failure, ...(reachFault ? { reachFault } : {}) }
}

function isOverload({ failure, code }: UpstreamError): boolean {
  return failure === "rate_limit" || code === "overloaded"
}
