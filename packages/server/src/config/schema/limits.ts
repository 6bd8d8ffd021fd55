// The sections `budgets`, `rateLimits` and `unknownPrice`: what callers may use, and what a call without a known price is taken for.
import { budgetPeriodSchema, budgetUsdSchema, concurrentSchema } from "@perdure/contract"
import { z } from "zod"

const limitName = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,63}$/)
  .meta({ description: "a name: letters, digits, dot, dash, underscore; 64 at most" })

const value = z.string().min(1).max(500)

/** What they bind is whoever asks, or what is asked: a deployment is chosen when the caller has been let in. */
const ofUpstream: readonly string[] = ["provider", "deployment"]

const scopeSchema = z
  .strictObject({
    project: value.optional(),
    key: value.optional().meta({ description: "Id of a key: key_…" }),
    user: value.optional().meta({ description: "The end user that a call or its key names" }),
    model: value.optional().meta({ description: "The model's name as clients ask for it" }),
    tag: value.optional(),
    provider: z
      .union([
        value,
        z
          .array(value.regex(/^[^*,]+$/).meta({ description: "names of providers, without *" }))
          .min(1)
          .max(64),
      ])
      .optional()
      .meta({
        description:
          "Of deployments, whoever calls them: a provider, or several that share it; a deployment that is used up is passed over",
      }),
    deployment: value.optional().meta({ description: "The same of one deployment: provider/model" }),
  })
  .check(({ value: scope, issues }) => {
    const given = Object.entries(scope).flatMap(([key, each]) => (each === undefined ? [] : [key]))
    const others = given.filter((key) => !ofUpstream.includes(key))
    if (others.length === given.length || others.length === 0) return
    const message = `beside ${others.join(", ")}: ${ofUpstream.join(" and ")} bind what is asked, the other members who asks`
    issues.push({ code: "custom", path: [], message, input: scope })
  })
  .meta({ description: "What it binds: exact values, or * for one counter for each; members that are absent do not matter" })

const amount = z.int().min(1).max(Number.MAX_SAFE_INTEGER)
const usage = {
  requests: amount.optional(),
  tokens: amount.optional().meta({ description: "Input and output together" }),
  inputTokens: amount.optional(),
  outputTokens: amount.optional(),
}

const budgetSchema = z
  .strictObject({
    name: limitName,
    for: scopeSchema.prefault({}),
    per: budgetPeriodSchema.meta({ description: "UTC calendar window: hour, day, week (from Monday), month, or total" }),
    usd: budgetUsdSchema.optional(),
    ...usage,
    alertAt: z
      .array(z.number().gt(0).max(10))
      .max(10)
      .default([0.8, 1])
      .meta({ description: "Shares of it at which the webhooks of alerts are told" }),
    enforce: z.boolean().default(true).meta({ description: "false: it counts and is shown, and never refuses a call" }),
  })
  .check(needsOneOf(["usd", ...Object.keys(usage)]))

const rateLimitSchema = z
  .strictObject({
    name: limitName,
    for: scopeSchema.prefault({}),
    per: z.enum(["second", "minute", "hour", "day"]).default("minute"),
    ...usage,
    burstShare: z
      .number()
      .min(0.001)
      .max(1)
      .default(1)
      .meta({ description: "Share of each amount that may be used at once; the rest comes evenly over the time" }),
    concurrent: concurrentSchema.optional().meta({ description: "Calls under way at once" }),
  })
  .check(needsOneOf(["concurrent", ...Object.keys(usage)]))

export const limitSections = {
  budgets: z
    .array(budgetSchema)
    .max(1_000)
    .default([])
    .meta({ description: "What may be used per calendar window; reserved before each call" }),
  rateLimits: z.array(rateLimitSchema).max(1_000).default([]).meta({ description: "How fast, and how many calls at once" }),
  unknownPrice: z
    .strictObject({
      inputPerMillionUsd: z.number().min(0).max(100_000).default(5),
      outputPerMillionUsd: z.number().min(0).max(100_000).default(25),
    })
    .prefault({})
    .meta({ description: "What budgets of money take for a model without a known price; its cost stays flagged as unknown" }),
}

interface Checked {
  value: object
  issues: unknown[]
}

function needsOneOf(keys: readonly string[]): (context: Checked) => void {
  return ({ value, issues }) => {
    const given = new Map(Object.entries(value))
    if (keys.some((key) => given.get(key) !== undefined)) return
    issues.push({ code: "custom", path: [], message: `without an amount: give at least one of ${keys.join(", ")}`, input: value })
  }
}
