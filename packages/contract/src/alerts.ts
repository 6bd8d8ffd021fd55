// Wire schemas of alerts: what somebody was told, and which webhooks took it.
import { z } from "zod"

export const alertSchema = z
  .object({
    id: z.string(),
    type: z.enum(["budget.threshold", "budget.exceeded", "deployment.down", "deployment.up", "key.expiring"]),
    created_at: z.int().min(0).meta({ description: "Epoch milliseconds" }),
    data: z.record(z.string(), z.unknown()).meta({
      description: "As it was posted; of a budget that projects share without `spent`",
    }),
    webhooks: z
      .array(
        z.object({
          name: z.string(),
          status: z.enum(["waiting", "sent", "failed"]),
          attempts: z.int().min(0),
          outcome: z.string().nullable().meta({ description: "Of the last attempt: a status, or why there was no answer" }),
        }),
      )
      .meta({ description: "Shown to sessions of the dashboard; empty for keys" }),
  })
  .meta({ id: "Alert" })

export const alertListSchema = z.object({ alerts: z.array(alertSchema) }).meta({ id: "AlertList" })

export type Alert = z.infer<typeof alertSchema>
export type AlertList = z.infer<typeof alertListSchema>
