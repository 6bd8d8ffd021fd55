// The words of the pool: what a request says about routing, the plan of one call, what is known of a deployment's health.
import type { Admission, AdmissionRequest } from "../../accounting/index.ts"
import type { ReachFault } from "../reach-fault.ts"
import type { Capabilities, Deployment, Model } from "../types.ts"
import type { UpstreamError, UpstreamFailure } from "../upstream-error.ts"

/** What a client may say about where its request is served: the `perdure` object of the body, or the header. */
export interface RoutingRequest {
  /** Deployments or providers that are tried first, in this order. */
  order?: readonly string[]
  only?: readonly string[]
  ignore?: readonly string[]
  sort?: Sorting
  /** Dollars per million tokens. What has no known price is then left out. */
  maxPrice?: { prompt?: number; completion?: number }
  /** The deployment has all of them. */
  tags?: readonly string[]
  /** The only regions in which it may be served. */
  regions?: readonly string[]
  /** false: the first choice answers, or nobody. */
  fallbacks?: boolean
  /** Whether another deployment may go on with an answer that broke off; decided by whoever streams. */
  failover?: "continue" | "off"
}

export type Sorting = "price" | "latency" | "throughput"

/** Who a call is for: a refusal of one caller's calls is not held against all others'. */
export interface PoolCaller {
  readonly projectId: string
  /** The key or signed-in user. */
  readonly id: string
}

/** A request as the planner sees it. All but `needs` may be absent. */
export interface PlanRequest extends RoutingRequest {
  needs: keyof Capabilities
  /** A rough count; deployments that take less are passed over. */
  contextTokensEstimated?: number
  /** Calls with the same text go to the same deployment while it has room: a prompt cache key, a user. */
  affinity?: string
  /** Who sealed reasoning that the request carries: deployments of that organisation go before all others. */
  organisation?: string
  /** The only regions that the key allows. */
  residency?: readonly string[]
  caller?: PoolCaller
  /** The call as it was admitted: what it may use of the limits of deployments. */
  expected?: AdmissionRequest
  /** What the caller can serve at all: a dialect that it can translate to. */
  usable?: (deployment: Deployment) => boolean
}

/** How one attempt ended. Neither error nor cancelled: it was good. */
export interface AttemptOutcome {
  error?: UpstreamError
  /** The client left, or another attempt was faster: nothing is known of the deployment. */
  cancelled?: boolean
  /** From `started` to now. */
  ms: number
  inputTokens?: number
  outputTokens: number
}

/** After an answer that broke off: only what continues it, what continues it before what begins anew, or whatever begins anew. */
export type Following = "continued" | "either" | "anew"

export interface NextAttempt {
  deployment: Deployment
  /** To be waited before it is started; 0 for another deployment. */
  delayMs: number
}

/**
 * The way of one call through its deployments. `first`, then for each deployment that is asked `started`, perhaps `firstToken`, and
 * exactly one `finished`; after a failure `finished` comes before `afterFailure`.
 */
export interface Plan {
  /** Throws AppError when no deployment can be tried now. */
  first(): Deployment
  /** Undefined: give up, the error is the answer. `begun`: something of the answer has reached the client, and what may follow it. */
  afterFailure(deployment: Deployment, error: UpstreamError, options?: { begun?: Following | undefined }): NextAttempt | undefined
  /** Time without a first token after which `hedge` is to be asked; undefined where the model declares none. */
  readonly hedgeAfterMs: number | undefined
  /** One more deployment beside the one that is slow; undefined when there is none that can be spared. */
  hedge(): Deployment | undefined
  readonly failover: "continue" | "off" | undefined
  /** Another model can be asked now for what a provider's filter refuses. */
  readonly hasContentFallback: boolean
  /** Attempts that were started. */
  readonly attempts: number
  started(deployment: Deployment): void
  firstToken(deployment: Deployment, ms: number): void
  finished(deployment: Deployment, outcome: AttemptOutcome): void
}

export interface Pool {
  /** Throws AppError when nothing of the model may serve the request: a region, a price, `only`. */
  plan(model: Model, request: PlanRequest): Plan
  /** Of every deployment that was asked something or probed. */
  health(): DeploymentHealth[]
  healthOf(deployment: Deployment): DeploymentHealth
  /** What a probe found; it costs no model call. */
  probed(deployment: Deployment, result: ProbeResult): void
  /** After a reload: forgets what is gone, and what is known of deployments with another address or key. */
  keep(deployments: readonly Deployment[]): void
}

export type ProbeResult = { ok: true; ms: number } | { ok: false; ms: number; why: string }

export type BreakerState = "closed" | "open" | "half_open"

export interface DeploymentHealth {
  id: string
  state: BreakerState
  /** What opened it. */
  openedBy: UpstreamFailure | "probe" | null
  /** Epoch milliseconds; null when it is not left alone. */
  openUntil: number | null
  coolDownUntil: number | null
  inFlight: number
  /** Declared, or learned from signs of overload; null where there is none. */
  concurrencyMax: number | null
  concurrencyLearned: boolean
  /** Averages of late; null until measured. */
  firstTokenMs: number | null
  tokensPerSecond: number | null
  /** Share of failures among the recent calls, 0 to 1. */
  errorRate: number
  attempts: number
  failures: number
  lastCalls: { calls: number; failed: number; failedInRow: number }
  /** `reachFault`: with the address, for operators alone. */
  lastError: { code: string; failure: UpstreamFailure; at: number; reachFault?: ReachFault } | null
  probe: { ok: boolean; ms: number; why: string | null; at: number } | null
}

/** What may be used of deployments and their providers by all callers together. */
export type UpstreamLimits = Pick<Admission["upstream"], "refusal" | "begin">

/** What metrics count; all labels come from closed sets or the registry. */
export interface PoolObserver {
  attemptEnded?(event: { deployment: Deployment; failure: UpstreamFailure | "cancelled" | null; reachFault?: ReachFault | undefined }): void
  /** A call went on elsewhere, or on the same deployment once more. */
  retried?(event: { model: string; failure: UpstreamFailure; to: "same" | "deployment" | "model" | "hedge" }): void
  /** A call was given up for want of budget. */
  budgetExhausted?(event: { model: string }): void
  breakerChanged?(event: { deployment: Deployment; state: BreakerState; failure: UpstreamFailure | "probe" | null }): void
}
