// Wire schemas of API keys, of usage per key and day, and of health.
import { z } from "zod"
import { epochMs } from "./shared.ts"

export const apiKeySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    hint: z.string().meta({ description: "First characters of the key, to recognise it by" }),
    createdAt: epochMs,
    revokedAt: epochMs.nullable(),
  })
  .meta({ id: "ApiKey" })

export const apiKeyListSchema = z.object({ keys: z.array(apiKeySchema) }).meta({ id: "ApiKeyList" })
export const apiKeyCreateRequestSchema = z.strictObject({ name: z.string().min(1).max(200) })
export const apiKeyCreatedSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    secret: z.string().meta({ description: "The key itself; shown this once, only its hash is kept" }),
  })
  .meta({ id: "ApiKeyCreated" })
export const apiKeyRevokedSchema = z.object({ id: z.string(), revoked: z.literal(true) })

export const usageQuerySchema = z.strictObject({
  since: z.coerce.number().int().min(0).optional().meta({ description: "Epoch milliseconds; 30 days ago when absent" }),
  until: z.coerce.number().int().min(0).optional(),
  groupBy: z.enum(["hour", "day", "model", "principal", "kind"]).optional().meta({ description: "`day` when absent" }),
})
export const usageRowSchema = z
  .object({
    group: z.string().meta({ description: "The hour (`2026-01-31T14:00Z`), day (`2026-01-31`, UTC), model, principal or kind" }),
    runs: z.int().min(0),
    failedRuns: z.int().min(0),
    inputTokens: z.int().min(0),
    outputTokens: z.int().min(0),
    cachedTokens: z.int().min(0),
    reasoningTokens: z.int().min(0),
    costMicroUsd: z.int().min(0),
    costKnown: z.boolean(),
  })
  .meta({ id: "UsageRow" })
export const usageSchema = z.object({ rows: z.array(usageRowSchema), total: usageRowSchema }).meta({ id: "Usage" })

export const healthSchema = z
  .object({
    status: z.enum(["ok", "degraded", "failing"]),
    version: z.string().optional(),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().optional() })).optional(),
  })
  .meta({ id: "Health" })

export type ApiKey = z.infer<typeof apiKeySchema>
export type ApiKeyList = z.infer<typeof apiKeyListSchema>
export type ApiKeyCreated = z.infer<typeof apiKeyCreatedSchema>
export type UsageQuery = z.infer<typeof usageQuerySchema>
export type UsageRow = z.infer<typeof usageRowSchema>
export type Usage = z.infer<typeof usageSchema>
export type Health = z.infer<typeof healthSchema>
