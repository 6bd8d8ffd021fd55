// One try of a plan on one deployment: passes on what its attempt tells, within the time that the deployment may take, and tells the plan once how it fared.
import type { Clock } from "../../core/index.ts"
import { timedOut, type AttemptOutcome, type Deployment, type Plan } from "../../inference/index.ts"
import type { Attempt, AttemptEnd } from "./forward.ts"

export class Try implements AttemptEnd {
  readonly deployment: Deployment
  readonly startedAt: number
  readonly #plan: Plan
  readonly #clock: Clock
  readonly #end: Pick<AttemptEnd, "begins" | "failed">
  #attempt: Attempt | undefined
  #total: NodeJS.Timeout | undefined
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

  get over(): boolean {
    return this.#attempt?.over !== false
  }

  get hasContentFallback(): boolean {
    return this.#plan.hasContentFallback
  }

  start(attempt: Attempt): void {
    this.#attempt = attempt
    const totalMs = this.deployment.timeouts?.totalMs
    if (totalMs !== undefined) this.#total = setTimeout(() => this.#tooLong(attempt, totalMs), totalMs)
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
    clearTimeout(this.#total)
    this.#plan.finished(this.deployment, { outputTokens: 0, ...outcome, ms: this.#clock.monotonic() - this.startedAt })
  }

  #tooLong(attempt: Attempt, totalMs: number): void {
    if (!attempt.over) this.failed(timedOut(this.deployment, "total", totalMs))
  }
}
