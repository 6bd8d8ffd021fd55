// Wire schemas of API keys, of usage per key and day, and of health.
import { z } from "zod"
import { isOwnPath } from "./own-paths.ts"
import { keyLimitsSchema, type KeyLimits } from "./limits.ts"
import { epochMs, jsonValue, metadataFilter, tagFilter } from "./shared.ts"

/** Route groups that a key can be restricted to: the first word of a path after `/v1/`. Models are listed to every key. */
export const endpointGroups = [
  "alerts",
  "audio",
  "batches",
  "blocks",
  "changes",
  "chat",
  "completions",
  "conversations",
  "deployments",
  "embeddings",
  "erasures",
  "experiments",
  "feedback",
  "files",
  "images",
  "keys",
  "limits",
  "memories",
  "messages",
  "models",
  "moderations",
  "prompts",
  "realtime",
  "rerank",
  "responses",
  "runs",
  "scopes",
  "sources",
  "states",
  "uploads",
  "usage",
  "vector_stores",
] as const

const modelPatternSchema = z
  .string()
  .regex(/^[^\s,\p{C}]{1,200}$/u, { error: "must be a model's name, or a pattern such as gpt-*, without spaces and commas" })
const endpointPatternSchema = z
  .string()
  .max(200)
  .refine(isEndpointPattern, {
    error: `must be a route group (${endpointGroups.join(", ")}), a path such as /v1/images/*, a method and a path such as GET /v1/files*, /mcp, or a path that is passed through such as /openai/*`,
  })
const scopeEntriesMax = 100
const regionsSchema = z
  .array(z.string().regex(/^[\w.-]{1,64}$/, { error: "must be the name of a region, such as eu or eu-west-1" }))
  .max(scopeEntriesMax)
export const apiKeyModelsSchema = z.array(modelPatternSchema).max(scopeEntriesMax)
export const apiKeyEndpointsSchema = z.array(endpointPatternSchema).max(scopeEntriesMax)
export const apiKeyTagsSchema = z
  .array(z.string().regex(/^[\w.:/@=-]{1,64}$/, { error: "must be 1 to 64 letters, digits or . : / @ = _ -" }))
  .max(32)
  .refine((tags) => new Set(tags).size === tags.length, { error: "must not repeat a tag" })
export const apiKeyUserSchema = z.string().regex(/^[^\p{C}]{1,256}$/u, { error: "must be 1 to 256 characters" })
export const apiKeyNameSchema = z.string().regex(/^[^\p{C}]{1,200}$/u, { error: "must be 1 to 200 characters" })
const metadataBytesMax = 8_192
export const apiKeyMetadataSchema = z
  .record(z.string().min(1).max(64), jsonValue)
  .refine((metadata) => JSON.stringify(metadata).length <= metadataBytesMax, {
    error: `must be at most ${metadataBytesMax} characters of JSON`,
  })

/** Dates end with the year 9999. */
const expirySchema = epochMs.max(253_402_300_799_999)

const blockedSchema = z.boolean().meta({ description: "`true`: its calls are refused until it is `false` again" })

export const keyScopeSchema = z
  .object({
    models: z.array(z.string()).meta({ description: "Names and patterns (`gpt-*`, `anthropic/*`); empty: every model" }),
    endpoints: z.array(z.string()).meta({ description: "Route groups (`chat`), paths, methods with paths; empty: every endpoint" }),
    regions: z.array(z.string()).meta({ description: "Where its calls may be served: `eu` allows `eu-west-1` too; empty: anywhere" }),
  })
  .meta({ id: "KeyScope" })

export const apiKeySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    hint: z.string().meta({ description: "First characters of the key, to recognise it by" }),
    state: z.enum(["live", "blocked", "expired", "revoked"]),
    scope: keyScopeSchema,
    limits: keyLimitsSchema,
    tags: z.array(z.string()),
    user: z.string().nullable().meta({ description: "The end user that the key acts for" }),
    metadata: z.record(z.string(), jsonValue),
    createdAt: epochMs,
    createdBy: z
      .string()
      .nullable()
      .meta({ description: "The key or user that made it; null: the command line, or the server's first start" }),
    updatedAt: epochMs,
    expiresAt: epochMs.nullable(),
    blockedAt: epochMs.nullable().meta({ description: "Since when its calls are refused; null: they are not" }),
    rotatedAt: epochMs.nullable(),
    oldSecretsUntil: epochMs
      .nullable()
      .meta({ description: "When the last secret that a rotation replaced stops working; null: none works" }),
    lastUsedAt: epochMs.nullable().meta({ description: "To the minute" }),
    revokedAt: epochMs.nullable(),
  })
  .meta({ id: "ApiKey" })

export const apiKeyListQuerySchema = z.strictObject({
  state: z.enum(["live", "blocked", "expired", "revoked"]).optional(),
  search: z.string().max(200).optional().meta({ description: "Words of the name, or an id" }),
  user: z.string().max(256).optional(),
  tag: z.string().max(64).optional(),
  before: z.string().max(64).optional().meta({ description: "Keys that are older than this id" }),
  limit: z.coerce.number().int().min(1).max(1_000).optional().meta({ description: "100 when absent" }),
})
export const apiKeyListSchema = z
  .object({ keys: z.array(apiKeySchema), next: z.string().nullable().meta({ description: "`before` of the next page" }) })
  .meta({ id: "ApiKeyList" })

const scopeRequestSchema = z.strictObject({
  models: apiKeyModelsSchema.optional(),
  endpoints: apiKeyEndpointsSchema.optional(),
  regions: regionsSchema.optional(),
})
export const apiKeyCreateRequestSchema = z.strictObject({
  name: apiKeyNameSchema,
  scope: scopeRequestSchema.optional(),
  limits: keyLimitsSchema.optional(),
  tags: apiKeyTagsSchema.optional(),
  user: apiKeyUserSchema.optional(),
  metadata: apiKeyMetadataSchema.optional(),
  expiresAt: expirySchema.optional().meta({ description: "Never when absent" }),
  blocked: blockedSchema.optional(),
})

/** Every limit, also as null, which takes it away. */
const limitsPatchSchema = z.strictObject(
  Object.fromEntries(Object.entries(keyLimitsSchema.shape).map(([name, schema]) => [name, schema.nullable()])),
) as unknown as z.ZodType<{ [Name in keyof KeyLimits]: KeyLimits[Name] | null }>

export const apiKeyUpdateRequestSchema = z
  .strictObject({
    name: apiKeyNameSchema.optional(),
    scope: scopeRequestSchema.optional(),
    limits: limitsPatchSchema.optional(),
    tags: apiKeyTagsSchema.optional(),
    user: apiKeyUserSchema.nullable().optional(),
    metadata: apiKeyMetadataSchema.optional(),
    expiresAt: expirySchema.nullable().optional(),
    blocked: blockedSchema.optional(),
  })
  .meta({ description: "A merge: what is absent stays, null takes away, lists are replaced" })

export const apiKeyCreatedSchema = apiKeySchema
  .extend({ secret: z.string().meta({ description: "The key itself; shown this once, only its hash is kept" }) })
  .meta({ id: "ApiKeyCreated" })

export const apiKeyRotateRequestSchema = z.strictObject({
  overlapMs: z
    .int()
    .min(0)
    .max(30 * 24 * 60 * 60_000)
    .optional()
    .meta({ description: "How long the secret until now still works; a day when absent; 0: it and all earlier ones stop at once" }),
})
export const apiKeyRevokedSchema = z.object({ id: z.string(), revoked: z.literal(true) })

function isEndpointPattern(text: string): boolean {
  if (isGroup(text)) return true
  const path = /^(?:(?:GET|HEAD|POST|PATCH|PUT|DELETE) )?(\/[^\s,?#]*)$/.exec(text)?.[1]
  if (path === undefined) return false
  if (path.startsWith("/v1/") || path === "/mcp") return true
  // Below a path that may be passed through; /chat/completions is one that lacks its /v1.
  const first = /^\/([A-Za-z0-9][\w.-]*)(?:\/|$)/.exec(path)?.[1]
  return first !== undefined && !isGroup(first) && !isOwnPath(path)
}

function isGroup(text: string): boolean {
  return (endpointGroups as readonly string[]).includes(text)
}

export const usageQuerySchema = z.strictObject({
  since: z.coerce.number().int().min(0).optional().meta({ description: "Epoch milliseconds; 30 days ago when absent" }),
  until: z.coerce.number().int().min(0).optional(),
  groupBy: z
    .union([
      z.enum(["hour", "day", "model", "deployment", "principal", "user", "tag", "metadata", "kind"]),
      z.templateLiteral(["metadata.", z.string().min(1).max(128)]),
    ])
    .optional()
    .meta({
      description:
        "`day` when absent; `metadata.customer`: by what requests say of themselves under that name; `metadata`: by the names that they say",
    }),
  interval: z
    .enum(["hour", "day"])
    .optional()
    .meta({ description: "A row for each group and hour or day, such as the spend of each key per day" }),
  tag: tagFilter.optional(),
  metadata: metadataFilter.optional(),
})
export const usageRowSchema = z
  .object({
    group: z.string().meta({
      description:
        "The hour (`2026-01-31T14:00Z`), day (`2026-01-31`, UTC), model, deployment, principal, user, tag, metadata or kind; empty where there is none. Model names with which every call was refused are one group, `(unknown)`",
    }),
    time: z.string().optional().meta({ description: "The hour or day, where `interval` asked for it" }),
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
export const usageSchema = z
  .object({
    rows: z.array(usageRowSchema),
    total: usageRowSchema.meta({ description: "Each run once" }),
    overlapping: z.boolean().meta({
      description: "A run with several tags, or several values of one name, is in the sum of each: the rows are more than the total",
    }),
    complete: z
      .boolean()
      .meta({ description: "False where there are more than 5,000 groups: those that cost least are left out, and are in the total" }),
  })
  .meta({ id: "Usage" })

export const healthSchema = z
  .object({
    status: z.enum(["ok", "degraded", "failing"]),
    version: z.string().optional(),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().optional() })).optional(),
  })
  .meta({ id: "Health" })

export type ApiKey = z.infer<typeof apiKeySchema>
export type ApiKeyList = z.infer<typeof apiKeyListSchema>
export type ApiKeyListQuery = z.infer<typeof apiKeyListQuerySchema>
export type ApiKeyCreateRequest = z.infer<typeof apiKeyCreateRequestSchema>
export type ApiKeyUpdateRequest = z.infer<typeof apiKeyUpdateRequestSchema>
export type ApiKeyRotateRequest = z.infer<typeof apiKeyRotateRequestSchema>
export type ApiKeyCreated = z.infer<typeof apiKeyCreatedSchema>
export type UsageQuery = z.infer<typeof usageQuerySchema>
export type UsageRow = z.infer<typeof usageRowSchema>
export type Usage = z.infer<typeof usageSchema>
export type Health = z.infer<typeof healthSchema>
