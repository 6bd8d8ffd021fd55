// Sends one light run to its deployments, best first, until one answers; every way in which that can end is handled here.
//
//   attempt ─ answers ─→ its relay takes the answer to the client ─→ settled "completed"
//      ├ refusal, transport error, time limit, relay threw ─→ failed
//      └ client left (before, during, after the head) ───────→ attempt stopped, settled "cancelled"
//   failed ─ nothing of it reached the client, retryable, another deployment ─→ next attempt
//      └ otherwise ─→ error answer (no head yet) or error frame (stream), settled "failed"
import { AppError } from "../../core/index.ts"
import { UpstreamError, type Deployment } from "../../inference/index.ts"
import type { LightCall, LightRunDependencies } from "./light-call.ts"
import { refuse, told } from "./refuse.ts"

/** One try on one deployment. It reports to the `Forward` that opened it, and to nobody after `stop`. */
export interface Attempt {
  start(): void
  /** Takes nothing more from upstream and lets go of it. */
  stop(reason: unknown): void
  /** Failed, stopped or ended. */
  readonly over: boolean
  /** Something of it has reached the client, so no other may follow. */
  readonly begun: boolean
}

/** What an attempt tells. */
export interface AttemptEnd {
  /** The attempt cannot go on. */
  failed(attempt: Attempt, error: unknown): void
}

export interface ForwardOptions {
  dependencies: Pick<LightRunDependencies, "logger">
  call: LightCall
  deployments: readonly Deployment[]
  /** May throw: that fails the attempt before it began. */
  openAttempt: (deployment: Deployment, end: AttemptEnd) => Attempt
  /** Another try on the same deployment, where its refusal shows that it does not know something in the request; asked once. */
  amend?: (error: UpstreamError, deployment: Deployment, end: AttemptEnd) => Attempt | undefined
  /** Ends an answer that has begun. */
  failBegun: (error: unknown) => void
}

export class Forward implements AttemptEnd {
  readonly #options: ForwardOptions
  #position = 0
  #attempt: Attempt | undefined
  #gone = false
  #amended = false

  constructor(options: ForwardOptions) {
    this.#options = options
    const { response } = options.call.hot
    response.on("close", () => {
      if (!response.writableFinished) this.#clientLeft()
    })
  }

  start(): void {
    const { call, deployments, openAttempt } = this.#options
    const deployment = deployments[this.#position]
    if (!deployment)
      return this.#answer(new AppError("model_not_found", `the model "${call.request.model}" has no deployment`, { param: "model" }))
    call.deployment = deployment
    try {
      this.#begin(openAttempt(deployment, this))
    } catch (error) {
      this.#next(error, false)
    }
  }

  failed(attempt: Attempt, error: unknown): void {
    if (attempt.over || this.#gone) return
    attempt.stop(error)
    const other = this.#amend(attempt, error)
    if (other) this.#begin(other)
    else this.#next(error, attempt.begun)
  }

  /** Fails the attempt under way from outside: a time limit. */
  failCurrent(error: UpstreamError): void {
    if (this.#attempt) this.failed(this.#attempt, error)
  }

  #begin(attempt: Attempt): void {
    this.#attempt = attempt
    this.#options.call.wasSent()
    try {
      attempt.start()
    } catch (error) {
      this.failed(attempt, error)
    }
  }

  #next(error: unknown, begun: boolean): void {
    const another = error instanceof UpstreamError && error.retryable && !begun && this.#position + 1 < this.#options.deployments.length
    if (!another) return this.#answer(error)
    this.#position += 1
    this.start()
  }

  #amend(attempt: Attempt, error: unknown): Attempt | undefined {
    const { amend, deployments } = this.#options
    const deployment = deployments[this.#position]
    if (this.#amended || attempt.begun || !deployment || !amend || !(error instanceof UpstreamError)) return undefined
    const other = amend(error, deployment, this)
    this.#amended = other !== undefined
    return other
  }

  #answer(error: unknown): void {
    const { call, dependencies, failBegun } = this.#options
    const { response, requestId, request } = call.hot
    if (!response.headersSent) return refuse(dependencies, call.hot, call, error)
    if (!(error instanceof AppError)) dependencies.logger.error({ requestId, route: request.url, error }, "request failed")
    failBegun(error)
    call.settle("failed", response.statusCode, told(error))
  }

  #clientLeft(): void {
    this.#gone = true
    const left = new AppError("client_closed_request", "the client closed the connection")
    this.#attempt?.stop(left)
    this.#options.call.settle("cancelled", 499, told(left))
  }
}
