// Wire schemas of limits and budgets: what one key may use, in the words that the configuration uses too.
import { z } from "zod"

/** Calendar windows in UTC; a week begins on Monday, `total` never ends. */
export const budgetPeriods = ["hour", "day", "week", "month", "total"] as const
export const budgetPeriodSchema = z.enum(budgetPeriods)

/** Zero lets nothing through that costs. */
export const budgetUsdSchema = z.number().min(0).max(1_000_000_000)
export const perMinuteSchema = z.int().min(1).max(1_000_000_000)
export const concurrentSchema = z.int().min(1).max(1_000_000)

export const keyLimitsSchema = z
  .strictObject({
    budgetUsd: budgetUsdSchema.optional().meta({ description: "Dollars that calls with this key may cost per `budgetPer`" }),
    budgetPer: budgetPeriodSchema.optional().meta({ description: "UTC calendar window of `budgetUsd`; `month` when absent" }),
    requestsPerMinute: perMinuteSchema.optional(),
    tokensPerMinute: perMinuteSchema.optional().meta({ description: "Input and output tokens together" }),
    concurrent: concurrentSchema.optional().meta({ description: "Calls that may be under way at once" }),
  })
  .meta({ id: "KeyLimits" })

export type BudgetPeriod = z.infer<typeof budgetPeriodSchema>
/** What one key may use; a member that is absent does not limit. */
export type KeyLimits = z.infer<typeof keyLimitsSchema>
