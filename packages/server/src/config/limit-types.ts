// Budgets and rate limits as the rest of the server gets them.
import type { BudgetPeriod } from "@perdure/contract"

/** Exact values, or `*` for one counter for each; what is absent does not matter. */
type LimitScopeConfig = Partial<Record<"project" | "key" | "user" | "model" | "tag" | "deployment", string | undefined>> & {
  /** Several share one counter. */
  provider?: string | readonly string[] | undefined
}

/** What several kinds of limits count. */
type LimitAmounts = Partial<Record<"requests" | "tokens" | "inputTokens" | "outputTokens", number | undefined>>

export interface BudgetConfig extends LimitAmounts {
  name: string
  for: LimitScopeConfig
  per: BudgetPeriod
  usd?: number | undefined
  /** Shares of it at which somebody is told. */
  alertAt?: readonly number[] | undefined
  /** False: it counts and refuses nothing. */
  enforce?: boolean | undefined
  /** `perdure.yaml:12` */
  origin: string
}

export interface RateLimitConfig extends LimitAmounts {
  name: string
  for: LimitScopeConfig
  per: "second" | "minute" | "hour" | "day"
  /** Share of each amount that may be used at once. */
  burstShare: number
  concurrent?: number | undefined
  origin: string
}
