// What a request of LiteLLM's admin API asks of a key, in the words of Perdure's own: for a new key, and as a change of one.
import type { ApiKey, ApiKeyUpdateRequest, KeyLimits, LiteLlmKeyFields } from "@perdure/contract"
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { KeySettings } from "../../security/index.ts"
import { endpointsOf, modelEndpoints, passedEndpointsOf } from "./allowed-routes.ts"
import { durationOf, momentAfter, periodOf } from "./durations.ts"
import { groupedTags, groups, tagsOf } from "./group-tags.ts"

/** LiteLLM lets a key be without a name. */
export const unnamed = "unnamed"
/** The member of a key's metadata that keeps what has no place of its own. */
export const keptMember = "litellm"

/** What is kept beside a key: what was asked for in words that have no place of their own. */
export interface Kept {
  budget_duration?: string
  /** Which of its endpoints were asked for by that name. */
  allowed_passthrough_routes?: string[]
}

export function keptOf({ metadata }: Pick<ApiKey, "metadata">): Kept {
  const kept = metadata[keptMember]
  return isJsonObject(kept) ? kept : {} // as it was written here
}

export function settingsOf(body: LiteLlmKeyFields, now: number): { name: string; settings: KeySettings } {
  const { name = unnamed, scope, limits, tags, user, metadata, expiresAt, blocked } = patchOf(body, blank, now)
  const settings: KeySettings = {
    ...(scope ? { scope } : {}),
    ...(limits ? { limits: withoutNulls(limits) } : {}),
    ...(tags ? { tags } : {}),
    ...(typeof user === "string" ? { user } : {}),
    ...(metadata ? { metadata } : {}),
    ...(typeof expiresAt === "number" ? { expiresAt } : {}),
    ...(blocked === undefined ? {} : { blocked }),
  }
  return { name, settings }
}

const blank: Current = { scope: { endpoints: [] }, limits: {}, tags: [], metadata: {} }
type Current = Pick<ApiKey, "limits" | "tags" | "metadata"> & { scope: Pick<ApiKey["scope"], "endpoints"> }

/** A merge, as the body is one: what is absent stays, null takes away. */
export function patchOf(body: LiteLlmKeyFields, current: Current, now: number): ApiKeyUpdateRequest {
  const { key_alias: name, user_id: user, duration, blocked } = body
  const kept: Kept = { ...keptOf(current) }
  const scope = scopeOf(body, current, kept)
  const limits = limitsOf(body, current, kept)
  const tags = newTags(body, current)
  const expiresAt = duration === undefined ? undefined : expiryAfter(duration, now)
  const metadata = newMetadata(body, current, kept)
  return {
    ...(name === undefined ? {} : { name: name ?? unnamed }),
    ...(scope.models || scope.endpoints ? { scope } : {}),
    ...(limits ? { limits } : {}),
    ...(tags ? { tags } : {}),
    ...(user === undefined ? {} : { user }),
    ...(metadata ? { metadata } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(typeof blocked === "boolean" ? { blocked } : {}),
  }
}

/** Null: never. */
function expiryAfter(duration: string | null, now: number): number | null {
  return duration === null || duration === "-1" ? null : momentAfter(now, duration)
}

/** Every model of the proxy, of its team: here they are all of the project's. */
const everyModel: readonly string[] = ["all-proxy-models", "all-team-models"]

function scopeOf(body: LiteLlmKeyFields, current: Current, kept: Kept): { models?: string[]; endpoints?: string[] } {
  const { models } = body
  const endpoints = allEndpointsOf(body, current, kept)
  if (models?.includes("no-default-models"))
    throw new AppError("unsupported_value", `"models" has "no-default-models", and there are no models that come with a team`, {
      param: "models",
      hint: "Name the models, or leave them out for all of them.",
    })
  return {
    ...(models ? { models: models.some((model) => everyModel.includes(model)) ? [] : models } : {}),
    ...(endpoints ? { endpoints } : {}),
  }
}

/** Paths that are passed through are told apart from the others: either is changed without the other. */
function allEndpointsOf(body: LiteLlmKeyFields, { scope }: Current, kept: Kept): string[] | undefined {
  const { allowed_passthrough_routes: asked } = body
  const routes = endpointsOf(body)
  if (routes === undefined && asked === undefined) return undefined
  const passedBefore = passedEndpointsOf(kept.allowed_passthrough_routes ?? [])
  const before = scope.endpoints.filter((endpoint) => !passedBefore.includes(endpoint))
  if (asked && asked.length > 0) kept.allowed_passthrough_routes = asked
  else if (asked !== undefined) delete kept.allowed_passthrough_routes
  const passed = passedEndpointsOf(kept.allowed_passthrough_routes ?? [])
  const others = routes ?? before
  if (passed.length === 0) return others
  return [...new Set([...(others.length === 0 ? modelEndpoints : others), ...passed])]
}

type LimitsPatch = NonNullable<ApiKeyUpdateRequest["limits"]>

function limitsOf(body: LiteLlmKeyFields, current: Current, kept: Kept): LimitsPatch | undefined {
  const { rpm_limit: rpm, tpm_limit: tpm, max_parallel_requests: concurrent } = body
  const rates = {
    ...(rpm === undefined ? {} : { requestsPerMinute: rpm }),
    ...(tpm === undefined ? {} : { tokensPerMinute: tpm }),
    ...(concurrent === undefined ? {} : { concurrent }),
  }
  const limits: LimitsPatch = { ...rates, ...budgetOf(body, current, kept) }
  return Object.keys(limits).length === 0 ? undefined : limits
}

/** The window counts for nothing without an amount, and is kept until there is one. */
function budgetOf(body: LiteLlmKeyFields, { limits }: Current, kept: Kept): Partial<LimitsPatch> {
  const { max_budget: amount = limits.budgetUsd, soft_budget: alert = limits.alertUsd, budget_duration: asked } = body
  if (body.max_budget === undefined && body.soft_budget === undefined && asked === undefined) return {}
  const before = limits.budgetPer === undefined ? kept.budget_duration : durationOf(limits.budgetPer, kept.budget_duration)
  const duration = asked === undefined ? before : asked
  if (duration === null || duration === undefined) delete kept.budget_duration
  else kept.budget_duration = duration
  const isNone = (amount ?? alert ?? null) === null
  return { budgetUsd: amount ?? null, alertUsd: alert ?? null, budgetPer: isNone ? null : periodOf(duration) }
}

function newTags(body: LiteLlmKeyFields, current: Current): string[] | undefined {
  const { plain, ids } = groupedTags(current.tags)
  const given = [body.tags ?? undefined, tagsInMetadata(body.metadata)].filter((tags) => tags !== undefined)
  const isAsked = given.length > 0 || groups.some((group) => body[`${group}_id`] !== undefined)
  if (!isAsked && body.tags !== null) return undefined
  for (const group of groups) {
    const id = body[`${group}_id`]
    if (id === null) delete ids[group]
    else if (id !== undefined) ids[group] = id
  }
  return tagsOf({ plain: given.length > 0 ? given.flat() : body.tags === null ? [] : plain, ids })
}

function tagsInMetadata(metadata: LiteLlmKeyFields["metadata"]): string[] | undefined {
  const tags = metadata?.["tags"]
  if (tags === undefined || tags === null) return undefined
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === "string" && tagPattern.test(tag))) return tags as string[] // each was looked at
  throw new AppError("invalid_type", `"metadata.tags" must be a list of texts of 1 to 64 letters, digits or . : / @ = _ -`, {
    param: "metadata.tags",
  })
}

const tagPattern = /^[\w.:/@=-]{1,64}$/

/** Replaced as a whole where the body has it; tags are not kept twice. */
function newMetadata({ metadata }: LiteLlmKeyFields, current: Current, kept: Kept): ApiKeyUpdateRequest["metadata"] {
  if (metadata?.[keptMember] !== undefined)
    throw new AppError("unsupported_value", `"metadata.${keptMember}" is used by the server itself`, {
      param: `metadata.${keptMember}`,
      hint: "Give it another name.",
    })
  const { tags: _tags, ...own } = metadata ?? {}
  const gone = metadata ? Object.keys(current.metadata).filter((name) => name !== keptMember && !(name in own)) : []
  const before = current.metadata[keptMember]
  const isKept = Object.keys(kept).length > 0
  const patch: Record<string, JsonValue | undefined> = {
    ...Object.fromEntries(gone.map((name) => [name, null])),
    ...own,
    ...(isKept ? { [keptMember]: kept as unknown as JsonObject } : before === undefined ? {} : { [keptMember]: null }),
  }
  return Object.keys(patch).length === 0 ? undefined : (patch as NonNullable<ApiKeyUpdateRequest["metadata"]>) // plain JSON
}

function withoutNulls(limits: LimitsPatch): KeyLimits {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== null)) as KeyLimits
}
