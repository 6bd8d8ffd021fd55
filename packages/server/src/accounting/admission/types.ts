// The words of admission: what a call asks for, what it holds while it runs, and what its limits look like from outside.
import type { KeyLimits } from "@perdure/contract"
import type { Price, PricedPieces, PricedUsage, ServedAs } from "../price-types.ts"
import type { BoundRule, LimitRule } from "./rules.ts"
import type { UpstreamLimits } from "./upstream.ts"
import type { TimeWindow } from "./windows.ts"

export interface AdmissionRequest {
  projectId: string
  principalId: string
  /** Those of the principal; null has none. */
  keyLimits: KeyLimits | null
  user: string | null
  /** The model's logical name. */
  model: string
  tags: readonly string[]
  inputTokensEstimated: number
  /** What the caller allows (all choices together); null when it does not say; 0 where no output is billed. */
  outputTokensMax: number | null
  /** What is paid by the piece: images, characters, seconds, searches. */
  pieces?: PricedPieces | undefined
  /** How it asks to be served, where that has another price. */
  served?: ServedAs | undefined
  /** The highest price among the candidates; undefined is unknown, and then an assumed price is reserved and settled. */
  price: Price | undefined
  /** A call that this server makes for the caller beside what it was asked for: neither a request of its own, nor one more at once. */
  isInternal?: boolean
}

export interface ActualUsage {
  inputTokens: number
  outputTokens: number
  costMicroUsd: number
  /** False: budgets of money take the assumed price. Absent: as known as the price of the request. */
  costKnown?: boolean
  /** Which deployments that was used of, for the limits that bind these. */
  by?: readonly DeploymentUse[]
}

/** What one deployment was used for a call. */
export interface DeploymentUse {
  deployment: { readonly id: string }
  usage: PricedUsage
  costMicroUsd: number
  costKnown: boolean
}

/** What one admitted call holds. Exactly one of `settle` and `release` counts, once; later calls do nothing. */
export interface Reservation {
  /** What it was made for: what an attempt at the call may use. */
  readonly request: AdmissionRequest
  /** For headers. */
  readonly state: LimitState
  /** Takes what was used, and gives back the rest of what was reserved. */
  settle(actual: ActualUsage): void
  /** Nothing was used: a refusal before the call. */
  release(): void
}

export interface Admission extends AsyncDisposable {
  /**
   * Throws `LimitError`: `rate_limit_exceeded` (with `retryAfterMs`, unless the call is larger than the whole limit) or
   * `insufficient_quota` (never with a retry hint). A promise only where credit must be fetched from the database first.
   */
  reserve(request: AdmissionRequest): Reservation | Promise<Reservation>
  /** Resolves when the database knows what was used until now. */
  report(): Promise<void>
  /** Those in force. */
  readonly rules: readonly LimitRule[]
  /** The limits that bind deployments and providers, whoever asks them. */
  readonly upstream: UpstreamLimits
  /** Calls from now on are bound by these; what was counted for a limit that stays is kept. */
  replace(next: { rules: readonly LimitRule[]; assumedPrice: Price }): void
}

/** One window of one budget, the same object for as long as this process counts in it. */
export interface WatchedBudget {
  readonly id: string
  readonly bound: BoundRule
  readonly window: TimeWindow
}

/** Told of budgets in the background, and where a call is refused anyway; never for a call that passes. Both happen often and must cost next to nothing. */
export interface BudgetWatch {
  /** What all processes used of it, as the database says just now. */
  reported(budget: WatchedBudget, used: number): void
  /** Too little is left of it for a call. */
  refused(budget: WatchedBudget, used: number): void
}

/** What a limit counts. Money is in micro-dollars; `concurrent` counts calls under way. */
export const limitUnits = ["microUsd", "requests", "tokens", "inputTokens", "outputTokens", "concurrent"] as const
export type LimitUnit = (typeof limitUnits)[number]

/** The tightest limit of each unit that answers report; null where nothing limits it. */
export interface LimitState {
  requests: LimitWindow | null
  tokens: LimitWindow | null
  inputTokens: LimitWindow | null
  outputTokens: LimitWindow | null
}

export interface LimitWindow {
  limit: number
  remaining: number
  /** Until all of it is there again. */
  resetMs: number
}

export interface LimitScope {
  project: string | null
  key: string | null
  user: string | null
  model: string | null
  tag: string | null
  provider: string | null
  deployment: string | null
}

export const ratePeriods = ["second", "minute", "hour", "day"] as const
export type RatePeriod = (typeof ratePeriods)[number]
