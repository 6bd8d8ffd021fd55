// The section `alerts`: webhooks that are told of budgets, deployments and keys.
import { z } from "zod"
import { secret } from "./secrets.ts"

export const alertTypes = ["budget.threshold", "budget.exceeded", "deployment.down", "deployment.up", "key.expiring"] as const
export const alertFormats = ["json", "slack"] as const

const alertSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,63}$/)
    .meta({ description: "a name: letters, digits, dot, dash, underscore; 64 at most" }),
  url: secret.meta({ description: "Where it is posted to; one that holds a token, as Slack's do, as { env: NAME } or { file: path }" }),
  format: z.enum(alertFormats).default("json").meta({
    description: "json: the event; slack: a text for what takes Slack's incoming webhooks (Slack, Mattermost, Discord with /slack)",
  }),
  secret: secret
    .optional()
    .meta({ description: "whsec_ and base64 of 24 to 64 bytes, as { env: NAME } or { file: path }: requests are signed with it" }),
  on: z
    .array(z.enum(alertTypes))
    .min(1)
    .default([...alertTypes])
    .meta({ description: "What it is told of" }),
  project: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .meta({ description: "Only what is of this project alone, and so nothing of deployments; absent: everything" }),
})

export const alertSection = {
  alerts: z
    .array(alertSchema)
    .max(100)
    .default([])
    .meta({ description: "Webhooks that are told before a budget is used up, and of failures" }),
}
