// What the configuration may say of failures: after which of them a deployment is asked once more, and after which another one is.
import { z } from "zod"

/** Kinds of failures, as health and metrics name them; of `context` and `content` the fallbacks of those names decide. */
export const failureNames = [
  "connection",
  "timeout",
  "rate_limit",
  "quota",
  "server",
  "stream",
  "credentials",
  "forbidden",
  "missing",
  "request",
] as const

export type FailureName = (typeof failureNames)[number]

const described = `a status from 400 to 599, or one of ${failureNames.join(", ")}`

function failures(what: string) {
  const failure = z.union([z.int().min(400).max(599), z.enum(failureNames)]).meta({ description: `${described}; ${what}` })
  return z.array(failure).max(64)
}

const retryOn = failures("those that pass by themselves when the list is absent")
const fallbackOn = failures("after which another deployment or model is asked; those that it may heal when the list is absent")

const attemptsMax = 20
const count = z.int().min(0).max(attemptsMax)
const failureKey = z
  .string()
  .refine((key) => /^[45]\d\d$/.test(key) || failureNames.some((name) => name === key))
  .meta({ description: described })

const retrySchema = z
  .strictObject({
    attempts: z
      .union([count, z.record(failureKey, count)])
      .optional()
      .meta({ description: `a whole number from 0 to ${attemptsMax}, or one for each failure: { rate_limit: 3, 503: 1 }` }),
    first: z.boolean().optional().meta({ description: "Before any other deployment is asked; when no other can be if absent" }),
    on: retryOn.optional(),
  })
  .meta({ description: "How often the same deployment is asked once more, in place of limits.sameDeploymentRetriesMax" })

/** On models, and on deployments over those of their model. Neither has a say once an answer has begun. */
export const failureFields = {
  retry: retrySchema.optional(),
  fallbackOn: fallbackOn.optional(),
}

export type RetryInput = z.output<typeof retrySchema>
export type FallbackOnInput = z.output<typeof fallbackOn>
