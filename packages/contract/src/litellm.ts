// Wire schemas of LiteLLM's admin API, as far as it has a counterpart here: its words, in snake_case; what it has besides is refused by name.
import { z } from "zod"
import { apiKeyMetadataSchema, apiKeyModelsSchema, apiKeyNameSchema, apiKeyTagsSchema, apiKeyUserSchema } from "./keys.ts"
import { budgetUsdSchema, concurrentSchema, perMinuteSchema, type BudgetPeriod } from "./limits.ts"
import { jsonValue } from "./shared.ts"

/** LiteLLM's lengths of budgets, and the calendar windows that they are: its own begin with the day, week and month too. */
export const liteLlmBudgetPeriods: Readonly<Record<string, Exclude<BudgetPeriod, "total">>> = {
  "1h": "hour",
  "60m": "hour",
  "1d": "day",
  "24h": "day",
  "7d": "week",
  "1w": "week",
  "30d": "month",
  "31d": "month",
  "28d": "month",
  "1mo": "month",
}

const durationSchema = z.string().regex(/^\d{1,6}(?:s|m|h|d|w|mo)$/, { error: "must be a number with s, m, h, d, w or mo, such as 30d" })
const lifeSchema = z.union([z.literal("-1"), durationSchema], {
  error: "must be a number with s, m, h, d, w or mo, such as 30d, or -1 for ever",
})
const budgetDurationSchema = z.string().refine((text) => text in liteLlmBudgetPeriods, {
  error: `budgets are per hour, day, week, month, or for ever: give one of ${Object.keys(liteLlmBudgetPeriods).join(", ")}, or leave it out`,
})
/** Becomes part of a tag. */
const groupIdSchema = z.string().regex(/^[\w.:/@=-]{1,50}$/, { error: "must be 1 to 50 letters, digits or . : / @ = _ -" })
const amountSchema = budgetUsdSchema.nullish()

const keyFields = {
  key_alias: apiKeyNameSchema.nullish().meta({ description: "The key's name; no two keys of a project may have it" }),
  duration: lifeSchema.nullish().meta({ description: "Until it expires: `30s`, `30m`, `30h`, `30d`, `1w`, `1mo`" }),
  models: apiKeyModelsSchema.nullish().meta({ description: "Names and patterns; empty: every model" }),
  max_budget: amountSchema.meta({ description: "Dollars per `budget_duration`, or for ever" }),
  budget_duration: budgetDurationSchema.nullish(),
  soft_budget: amountSchema.meta({ description: "Dollars per `budget_duration` at which somebody is told; refuses nothing" }),
  tpm_limit: perMinuteSchema.nullish(),
  rpm_limit: perMinuteSchema.nullish(),
  max_parallel_requests: concurrentSchema.nullish(),
  metadata: apiKeyMetadataSchema.nullish().meta({ description: "Its `tags` become tags of the key" }),
  tags: apiKeyTagsSchema.nullish(),
  user_id: apiKeyUserSchema.nullish().meta({ description: "The end user that the key acts for" }),
  team_id: groupIdSchema.nullish().meta({ description: "The tag `team:<id>`" }),
  organization_id: groupIdSchema.nullish().meta({ description: "The tag `organization:<id>`" }),
  project_id: groupIdSchema.nullish().meta({ description: "The tag `project:<id>`" }),
  agent_id: groupIdSchema.nullish().meta({ description: "The tag `agent:<id>`" }),
  allowed_routes: z.array(z.string().max(200)).max(100).nullish(),
  allowed_passthrough_routes: z.array(z.string().max(200)).max(50).nullish().meta({
    description: "Paths that are passed through, such as `/openai/*`, besides `allowed_routes`, or besides all that models are called by",
  }),
  key_type: z.enum(["default", "llm_api", "management", "read_only"]).nullish(),
  blocked: z.boolean().nullish(),
}
const keySchema = z.string().min(1).max(500).meta({ description: "The key itself, or its id" })

export const liteLlmKeyGenerateSchema = z.strictObject(keyFields).meta({ id: "LiteLlmKeyGenerate" })
export const liteLlmKeyUpdateSchema = z
  .strictObject({ key: keySchema, ...keyFields })
  .meta({ id: "LiteLlmKeyUpdate", description: "What is absent stays, null takes away" })
export const liteLlmKeyRegenerateSchema = z
  .strictObject({
    key: keySchema.optional(),
    grace_period: durationSchema.nullish().meta({ description: "How long the old secret still works; it ends at once when absent" }),
    ...keyFields,
  })
  .meta({ id: "LiteLlmKeyRegenerate" })
export const liteLlmKeyNamedSchema = z.strictObject({ key: keySchema })
export const liteLlmKeyDeleteSchema = z
  .strictObject({ keys: z.array(keySchema).max(100).nullish(), key_aliases: z.array(apiKeyNameSchema).max(100).nullish() })
  .refine(({ keys, key_aliases: aliases }) => (keys?.length ?? 0) + (aliases?.length ?? 0) > 0, { error: "give `keys` or `key_aliases`" })
export const liteLlmKeyInfoQuerySchema = z.strictObject({
  key: keySchema.optional().meta({ description: "The key itself, or its id; the one that asks when absent" }),
})
export const liteLlmKeysInfoRequestSchema = z.strictObject({
  keys: z.array(keySchema).max(100).nullish().meta({ description: "Keys themselves, or their ids; the one that asks when absent" }),
})

const flag = z.enum(["true", "false", "True", "False"])
export const liteLlmKeyListQuerySchema = z.strictObject({
  page: z.coerce.number().int().min(1).max(100_000).optional(),
  size: z.coerce.number().int().min(1).max(100).optional().meta({ description: "10 when absent" }),
  user_id: z.string().max(256).optional(),
  team_id: groupIdSchema.optional(),
  organization_id: groupIdSchema.optional(),
  project_id: groupIdSchema.optional(),
  key_alias: z.string().max(200).optional(),
  key_hash: z.string().max(200).optional().meta({ description: "The key's id" }),
  return_full_object: flag.optional(),
  include_team_keys: flag.optional().meta({ description: "All keys of the project are listed either way" }),
  include_created_by_keys: flag.optional().meta({ description: "All keys of the project are listed either way" }),
  sort_by: z.literal("created_at").optional(),
  sort_order: z.literal("desc").optional(),
})

const time = z.string().nullable().meta({ description: "ISO 8601" })
export const liteLlmKeySchema = z
  .looseObject({
    token: z.string().meta({ description: "The key's id, in place of its hash" }),
    key_name: z.string().meta({ description: "First characters of the key" }),
    key_alias: z.string().nullable(),
    spend: z.number().meta({ description: "Dollars in the budget's window, or ever" }),
    models: z.array(z.string()),
    max_budget: z.number().nullable(),
    budget_duration: z.string().nullable(),
    budget_reset_at: time,
    expires: time,
    tpm_limit: z.number().nullable(),
    rpm_limit: z.number().nullable(),
    max_parallel_requests: z.number().nullable(),
    metadata: z.record(z.string(), jsonValue),
    tags: z.array(z.string()),
    user_id: z.string().nullable(),
    team_id: z.string().nullable(),
    allowed_routes: z.array(z.string()),
    blocked: z.boolean(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: "LiteLlmKey" })
export const liteLlmNewKeySchema = liteLlmKeySchema
  .extend({ key: z.string().meta({ description: "The key itself; shown this once, only its hash is kept" }) })
  .meta({ id: "LiteLlmNewKey" })
export const liteLlmKeyInfoSchema = z.object({ key: z.string().meta({ description: "The key's id" }), info: liteLlmKeySchema })
export const liteLlmKeysInfoSchema = z.object({
  key: z.array(z.string()).meta({ description: "Their ids" }),
  info: z.array(liteLlmKeySchema),
})
export const liteLlmKeyDeletedSchema = z.object({ deleted_keys: z.array(z.string()) })
export const liteLlmKeyListSchema = z.object({
  keys: z.array(z.union([z.string(), liteLlmKeySchema])),
  total_count: z.number(),
  current_page: z.number(),
  total_pages: z.number(),
})

export const liteLlmModelInfoQuerySchema = z.strictObject({
  litellm_model_id: z.string().max(300).optional().meta({ description: "The id of a deployment: `openai/gpt-5-mini`" }),
})
export const liteLlmModelSchema = z
  .object({
    model_name: z.string(),
    litellm_params: z.looseObject({ model: z.string().meta({ description: "The provider's type, and its name of the model" }) }),
    model_info: z.object({
      id: z.string().meta({ description: "The deployment" }),
      db_model: z.literal(false),
      key: z.string(),
      litellm_provider: z.string(),
      mode: z.string().nullable(),
      max_tokens: z.number().nullable(),
      max_input_tokens: z.number().nullable(),
      max_output_tokens: z.number().nullable(),
      input_cost_per_token: z.number().nullable().meta({ description: "Dollars; null where nobody knows" }),
      output_cost_per_token: z.number().nullable(),
      cache_read_input_token_cost: z.number().nullable(),
    }),
  })
  .meta({ id: "LiteLlmModel" })
export const liteLlmModelsSchema = z.object({ data: z.array(liteLlmModelSchema) }).meta({ id: "LiteLlmModels" })
export const liteLlmReadinessSchema = z.object({ status: z.enum(["healthy", "unhealthy"]), db: z.enum(["connected", "Not connected"]) })

const daySchema = z.string().regex(/^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d)?$/, { error: "must be a day such as 2026-01-31" })
const days = {
  start_date: daySchema.optional(),
  end_date: daySchema.optional().meta({ description: "The day belongs to it" }),
}
export const liteLlmSpendRangeQuerySchema = z.strictObject(days)
export const liteLlmSpendLogsQuerySchema = z.strictObject({
  ...days,
  api_key: keySchema.optional(),
  user_id: z.string().min(1).max(256).optional(),
  request_id: z.string().max(100).optional().meta({ description: "`x-request-id` of the answer, or the id of the run" }),
  summarize: flag.optional().meta({ description: "A row a day, where there is a `start_date`; `false`: a row a call" }),
  before: z.string().max(100).optional().meta({ description: "Calls older than this one: `x-perdure-next` of the page before" }),
})
export const liteLlmSpendReportQuerySchema = z.strictObject({
  start_date: daySchema,
  end_date: daySchema,
  group_by: z.enum(["team", "customer", "api_key"]).optional().meta({ description: "`team` when absent" }),
  api_key: keySchema.optional(),
  internal_user_id: z.string().min(1).max(256).optional(),
  team_id: groupIdSchema.optional(),
})
export const spendRowsSchema = z.array(z.looseObject({}))
export const tagSpendSchema = z.array(z.object({ individual_request_tag: z.string(), log_count: z.number(), total_spend: z.number() }))

/** Users and teams are names here: what would be stored of them besides has no place. */
export const liteLlmUserNewSchema = z
  .strictObject({
    user_id: apiKeyUserSchema.nullish().meta({ description: "Made up when absent" }),
    user_email: z.string().max(320).nullish().meta({ description: "Kept in the metadata of its key" }),
    user_alias: z.string().max(200).nullish().meta({ description: "Kept in the metadata of its key" }),
    user_role: z.enum(["internal_user", "internal_user_viewer"]).nullish(),
    team_id: groupIdSchema.nullish(),
    teams: z.array(groupIdSchema).max(1).nullish(),
    auto_create_key: z.boolean().nullish().meta({ description: "`true` when absent" }),
    key_alias: keyFields.key_alias,
    duration: keyFields.duration,
    metadata: keyFields.metadata,
    allowed_routes: keyFields.allowed_routes,
    allowed_passthrough_routes: keyFields.allowed_passthrough_routes,
    key_type: keyFields.key_type,
  })
  .meta({ id: "LiteLlmUserNew" })
export const liteLlmUserUpdateSchema = z
  .strictObject({
    user_id: apiKeyUserSchema,
    user_email: z.string().max(320).nullish().meta({ description: "Kept in the metadata of each of its keys; null takes it away" }),
    user_alias: z.string().max(200).nullish().meta({ description: "As `user_email`" }),
    user_role: z.enum(["internal_user", "internal_user_viewer"]).nullish(),
  })
  .meta({ id: "LiteLlmUserUpdate" })
export const liteLlmUserInfoQuerySchema = z.strictObject({
  user_id: apiKeyUserSchema.optional().meta({ description: "The one that the key acts for when absent" }),
})
export const liteLlmTeamNewSchema = z
  .strictObject({ team_id: groupIdSchema.nullish(), team_alias: z.string().max(200).nullish() })
  .meta({ id: "LiteLlmTeamNew" })
export const liteLlmTeamInfoQuerySchema = z.strictObject({ team_id: groupIdSchema })
/** Customers are the end users that requests name. */
export const liteLlmCustomerNewSchema = z
  .strictObject({ user_id: apiKeyUserSchema, alias: z.string().max(200).nullish(), blocked: z.literal(false).nullish() })
  .meta({ id: "LiteLlmCustomerNew" })
export const liteLlmCustomerInfoQuerySchema = z.strictObject({ end_user_id: apiKeyUserSchema })
export const liteLlmCustomerSchema = z
  .looseObject({ user_id: z.string(), blocked: z.literal(false), spend: z.number().meta({ description: "Dollars, ever" }) })
  .meta({ id: "LiteLlmCustomer" })
export const liteLlmCustomersSchema = z.array(liteLlmCustomerSchema)
export const userUpdatedSchema = z.object({ user_id: z.string(), data: z.looseObject({ user_id: z.string() }) })
export const userSchema = z.looseObject({ user_id: z.string(), key: z.string().optional() })
export const teamSchema = z.looseObject({ team_id: z.string() })
export const userInfoSchema = z.object({
  user_id: z.string(),
  user_info: z.looseObject({ spend: z.number() }),
  keys: z.array(liteLlmKeySchema),
  teams: z.array(z.string()),
})
export const teamInfoSchema = z.object({
  team_id: z.string(),
  team_info: z.looseObject({ spend: z.number() }),
  keys: z.array(liteLlmKeySchema),
})

export type LiteLlmKeyFields = z.infer<typeof liteLlmKeyGenerateSchema>
export type LiteLlmModel = z.infer<typeof liteLlmModelSchema>
export type LiteLlmKey = z.infer<typeof liteLlmKeySchema>
export type LiteLlmKeyListQuery = z.infer<typeof liteLlmKeyListQuerySchema>
