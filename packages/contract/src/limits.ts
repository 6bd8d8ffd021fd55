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
    budgetPer: budgetPeriodSchema
      .optional()
      .meta({ description: "UTC calendar window of `budgetUsd` and `alertUsd`; `month` when absent" }),
    alertUsd: budgetUsdSchema.optional().meta({ description: "Dollars per `budgetPer` at which somebody is told; it refuses nothing" }),
    requestsPerMinute: perMinuteSchema.optional(),
    tokensPerMinute: perMinuteSchema.optional().meta({ description: "Input and output tokens together" }),
    concurrent: concurrentSchema.optional().meta({ description: "Calls that may be under way at once" }),
  })
  .meta({ id: "KeyLimits" })

export type BudgetPeriod = z.infer<typeof budgetPeriodSchema>
/** What one key may use; a member that is absent does not limit. */
export type KeyLimits = z.infer<typeof keyLimitsSchema>

/** A limit and how much of it is left. */
export const limitStatusSchema = z
  .object({
    name: z.string().meta({
      description: "As declared in the configuration; `key limits` for what is stored with a key, `key alert` for its `alertUsd`",
    }),
    scope: z.object({
      project: z.string().nullable(),
      key: z.string().nullable(),
      user: z.string().nullable(),
      model: z.string().nullable(),
      tag: z.string().nullable(),
      provider: z.string().nullable().meta({ description: "Of a limit of deployments, whoever calls them" }),
      deployment: z.string().nullable(),
    }),
    unit: z
      .enum(["microUsd", "requests", "tokens", "inputTokens", "outputTokens", "concurrent"])
      .meta({ description: "Money in millionths of a dollar; `concurrent` counts calls under way" }),
    per: z
      .enum([...budgetPeriods, "second", "minute"])
      .nullable()
      .meta({ description: "null for calls under way" }),
    limit: z.int().min(0),
    enforced: z.boolean().meta({ description: "False for a budget that counts and refuses nothing" }),
    used: z.int().min(0).nullable().meta({
      description:
        "null, as `reserved` and `left`, where other projects may use it too; those of deployments are shown to sessions of the dashboard alone",
    }),
    reserved: z.int().min(0).nullable().meta({ description: "Held by calls under way" }),
    left: z.int().min(0).nullable(),
    resetsAt: z
      .int()
      .min(0)
      .nullable()
      .meta({ description: "Epoch milliseconds at which all of it is there again; null where that is no question of time" }),
  })
  .meta({ id: "LimitStatus" })

export const limitListSchema = z.object({ limits: z.array(limitStatusSchema) }).meta({ id: "LimitList" })

export type LimitStatus = z.infer<typeof limitStatusSchema>
export type LimitList = z.infer<typeof limitListSchema>
