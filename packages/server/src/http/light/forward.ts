// Sends one light run to its deployments, as its plan says, until one answers; every way in which that can end is handled here.
//
//   try ─ answers ─→ its relay takes the answer to the client ─→ settled "completed"
//     ├ refusal, transport error, time limit, relay threw ─→ failed
//     └ client left (before, during, after the head) ───→ every try stopped, settled "cancelled"
//   failed ─ another try under way (hedged) ─→ that one goes on alone
//     ├ nothing of it reached the client, the plan has a next ─→ (wait) next try
//     └ otherwise ─→ error answer (no head yet) or error frame (stream), settled "failed"
//   slow ─ the model declares hedging, the plan can spare another ─→ two tries; the first that begins stops the other
import { AppError } from "../../core/index.ts"
import { noUsage, UpstreamError, type Deployment, type NextAttempt, type Plan } from "../../inference/index.ts"
import type { LightCall } from "./light-call.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"
import { refuse, shownIn, told } from "./refuse.ts"
import type { Swept } from "./sweep.ts"
import { Try } from "./try.ts"

/** One try on one deployment. It reports through its `AttemptEnd`, and nothing more after `stop`. */
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
  /** It is about to send the first of its answer to the client: every other try is given up. */
  begins(): void
  /** It cannot go on. */
  failed(error: unknown): void
  /** Another model can be asked now for what a provider's filter refuses. */
  readonly hasContentFallback: boolean
}

/** May throw: that fails the try before it began. */
export type OpenAttempt = (deployment: Deployment, end: AttemptEnd) => Attempt

export interface ForwardOptions {
  dependencies: Pick<LightRunDependencies, "logger" | "clock" | "sweep" | "limits">
  call: LightCall
  plan: Plan
  openAttempt: OpenAttempt
  /** Another way to ask the same deployment, where its refusal shows that it does not know something in the request; `before` is how often that was done. */
  amend?: (error: UpstreamError, deployment: Deployment, before: number) => OpenAttempt | undefined
  /** How to go on elsewhere with an answer that broke off in the middle; undefined where that cannot be. */
  continuation?: () => OpenAttempt | undefined
  /** Ends an answer that has begun; `onEnded` is called then, at once where that needs no waiting. */
  failBegun: (error: unknown, onEnded: () => void) => void
}

/** Three refusals may name one thing each, after the fourth whatever is of their kind is left out. */
const amendmentsMax = 4

export class Forward implements Swept {
  readonly #options: ForwardOptions
  place: number | undefined
  readonly #tries = new Set<Try>()
  #timer: NodeJS.Timeout | undefined
  #gone = false
  #amendments = 0

  constructor(options: ForwardOptions) {
    this.#options = options
    const { call, dependencies } = options
    const { response } = call.hot
    response.on("close", () => {
      dependencies.sweep.remove(this)
      if (!response.writableFinished) this.#clientLeft()
    })
    dependencies.sweep.add(this)
  }

  start(): void {
    const { plan } = this.#options
    try {
      this.#begin(plan.first())
    } catch (error) {
      return this.#answer(error)
    }
    const { hedgeAfterMs } = plan
    if (hedgeAfterMs !== undefined) this.#timer = setTimeout(() => this.#hedge(), hedgeAfterMs)
  }

  /** Gives up what takes longer than any call may. */
  sweep(now: number): void {
    const { call, dependencies } = this.#options
    const { totalTimeoutMs } = dependencies.limits
    if (now - call.hot.startedAt < totalTimeoutMs) return
    for (const each of this.#tries) if (!each.over) this.#failed(each, endless(call, totalTimeoutMs))
  }

  /** Fails the tries under way from outside: a time limit, a guard. */
  failCurrent(error: unknown): void {
    const underWay = [...this.#tries] // without what follows their failure
    for (const each of underWay) this.#failed(each, error)
  }

  #begin(deployment: Deployment, open: OpenAttempt = this.#options.openAttempt): void {
    const { call, plan, dependencies } = this.#options
    const each = new Try(plan, deployment, dependencies.clock, {
      begins: () => this.#begins(each),
      failed: (error) => this.#failed(each, error),
    })
    call.tries(each)
    call.wasSent()
    this.#tries.add(each)
    try {
      each.start(open(deployment, each))
    } catch (error) {
      this.#failed(each, error)
    }
  }

  #begins(winner: Try): void {
    if (this.#tries.size < 2) return
    const { call } = this.#options
    for (const other of this.#tries) {
      if (other === winner) continue
      this.#drop(other, new AppError("cancelled", "another deployment answered first"))
      call.abandon(other.deployment)
    }
    call.isServedBy(winner)
  }

  #failed(each: Try, thrown: unknown): void {
    if (!this.#tries.has(each) || this.#gone) return
    const error = asUpstream(thrown)
    const { begun } = each
    if (error instanceof UpstreamError) this.#noteOf(error, begun)
    this.#tries.delete(each)
    each.stop(error)
    const amended = this.#amend(each, error)
    each.report(error instanceof UpstreamError && !amended && error === thrown ? { error } : { cancelled: true })
    if (amended) return this.#begin(each.deployment, amended)
    const [other] = this.#tries
    if (other) return this.#options.call.isServedBy(other)
    const next =
      error instanceof UpstreamError
        ? this.#options.plan.afterFailure(each.deployment, error, begun ? { begun: "continued" } : {})
        : undefined
    const open = next && (begun ? this.#options.continuation?.() : this.#options.openAttempt)
    if (next && open) this.#after(next, open)
    else this.#answer(error)
  }

  #noteOf(error: UpstreamError, begun: boolean): void {
    const { call } = this.#options
    call.reachFault = error.reachFault ?? call.reachFault
    if (!begun && error.usedNothing) call.usage = noUsage
  }

  #after({ deployment, delayMs }: NextAttempt, open: OpenAttempt): void {
    clearTimeout(this.#timer)
    if (delayMs === 0) return this.#begin(deployment, open)
    this.#timer = setTimeout(() => {
      if (!this.#gone) this.#begin(deployment, open)
    }, delayMs)
  }

  #hedge(): void {
    if (this.#gone || this.#options.call.firstTokenSeen || this.#tries.size !== 1) return
    const deployment = this.#options.plan.hedge()
    if (deployment) this.#begin(deployment)
  }

  #drop(each: Try, reason: AppError): void {
    this.#tries.delete(each)
    each.stop(reason)
    each.report({ cancelled: true })
  }

  #amend(each: Try, error: unknown): OpenAttempt | undefined {
    if (this.#amendments >= amendmentsMax || each.begun || !(error instanceof UpstreamError)) return undefined
    const other = this.#options.amend?.(error, each.deployment, this.#amendments)
    if (other) this.#amendments += 1
    return other
  }

  #answer(error: unknown): void {
    clearTimeout(this.#timer)
    const { call, dependencies, failBegun } = this.#options
    const { response, requestId, request } = call.hot
    if (!response.headersSent) return refuse(dependencies, call.hot, call, error)
    if (!(error instanceof AppError)) dependencies.logger.error({ requestId, route: request.url, error }, "request failed")
    failBegun(shownIn(call, error), () => call.settle("failed", response.statusCode, told(error)))
  }

  #clientLeft(): void {
    this.#gone = true
    clearTimeout(this.#timer)
    const left = new AppError("client_closed_request", "the client closed the connection")
    for (const each of this.#tries) this.#drop(each, left)
    this.#options.call.settle("cancelled", 499, told(left))
  }
}

function endless({ deployment, request }: LightCall, limitMs: number): UpstreamError {
  return new UpstreamError(
    "upstream_timeout",
    `the provider of "${deployment?.id ?? request.model}" had not ended its answer after ${limitMs} ms`,
    { retryable: false, hint: 'The limit is "totalTimeoutMs" of the configuration.' },
  )
}

/** What one dialect cannot express another may; anything else that is no failure of a provider ends the call. */
function asUpstream(error: unknown): unknown {
  if (error instanceof UpstreamError || !(error instanceof AppError)) return error
  if (error.code !== "unsupported_value" && error.code !== "feature_unavailable") return error
  const answer = { status: error.status, type: "invalid_request_error", code: error.code, param: error.param ?? null }
  const hint = error.hint === undefined ? {} : { hint: error.hint }
  return new UpstreamError(error.code, error.message, { answer, retryable: true, failure: "missing", cause: error, ...hint })
}
