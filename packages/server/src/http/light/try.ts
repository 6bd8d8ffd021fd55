// One try of a plan on one deployment: passes on what its attempt tells, and tells the plan once how it fared.
import type { Clock } from "../../core/index.ts"
import type { AttemptOutcome, Deployment, Plan } from "../../inference/index.ts"
import type { Attempt, AttemptEnd } from "./forward.ts"

export class Try implements AttemptEnd {
  readonly deployment: Deployment
  readonly startedAt: number
  readonly #plan: Plan
  readonly #clock: Clock
  readonly #end: Pick<AttemptEnd, "begins" | "failed">
  #attempt: Attempt | undefined
  #firstTokenSeen = false
  #reported = false

  constructor(plan: Plan, deployment: Deployment, clock: Clock, end: Pick<AttemptEnd, "begins" | "failed">) {
    this.#plan = plan
    this.deployment = deployment
    this.#clock = clock
    this.#end = end
    this.startedAt = clock.monotonic()
    plan.started(deployment)
  }

  get begun(): boolean {
    return this.#attempt?.begun === true
  }

  get hasContentFallback(): boolean {
    return this.#plan.hasContentFallback
  }

  start(attempt: Attempt): void {
    this.#attempt = attempt
    attempt.start()
  }

  stop(reason: unknown): void {
    this.#attempt?.stop(reason)
  }

  begins(): void {
    this.#end.begins()
  }

  failed(error: unknown): void {
    this.#end.failed(error)
  }

  firstToken(): void {
    if (this.#firstTokenSeen) return
    this.#firstTokenSeen = true
    this.#plan.firstToken(this.deployment, this.#clock.monotonic() - this.startedAt)
  }

  report(outcome: Partial<AttemptOutcome>): void {
    if (this.#reported) return
    this.#reported = true
    this.#plan.finished(this.deployment, { outputTokens: 0, ...outcome, ms: this.#clock.monotonic() - this.startedAt })
  }
}
