// Which limits bind a call: the declared ones and those of its key, each with one counter for what its scope names.
import { createHash } from "node:crypto"
import type { BudgetPeriod, KeyLimits } from "@perdure/contract"
import type { BudgetConfig, Config, RateLimitConfig } from "../../config/index.ts"
import type { AdmissionRequest, LimitScope, LimitUnit, RatePeriod } from "./types.ts"

/** One amount of one declared limit. */
export type LimitRule = {
  /** As declared; `key limits` for what is stored with a key, `key alert` for what is only told. */
  name: string
  /** Exact values, or `*` for one counter for each; absent members do not matter. */
  for: Partial<Record<keyof LimitScope, string>>
  unit: LimitUnit
  limit: number
  /** Where it was declared: `perdure.yaml:12`. */
  origin: string
} &
  /** Not enforced, it counts and refuses nothing; absent means that it is. `alertAt`: shares of it at which somebody is told. */
  (
    | { kind: "budget"; per: BudgetPeriod; enforce?: boolean; alertAt?: readonly number[] }
    /** `burst` is how much of it may be used at once. */
    | { kind: "rate"; per: RatePeriod; burst: number }
    | { kind: "concurrent"; per: null }
  )

/** A rule as it applies to one value of each `*`. */
export interface BoundRule {
  /** The same in every process; without the window of a budget. */
  id: string
  rule: LimitRule
  scope: LimitScope
}

/** The limits of the configuration, one rule for each amount of each. */
export function rulesOfConfig({ budgets, rateLimits }: Pick<Config, "budgets" | "rateLimits">): LimitRule[] {
  return [...budgets.flatMap(rulesOfBudget), ...rateLimits.flatMap(rulesOfRateLimit)]
}

function rulesOfBudget(budget: BudgetConfig): LimitRule[] {
  const { name, per, usd, enforce, alertAt, origin } = budget
  const told = alertAt === undefined ? {} : { alertAt }
  const base = { name, for: scopeOf(budget), origin, kind: "budget", per, ...told, ...(enforce === false ? { enforce } : {}) } as const
  const money = usd === undefined ? [] : [{ ...base, unit: "microUsd" as const, limit: Math.round(usd * 1_000_000) }]
  return [...money, ...amountsOf(budget).map((each) => ({ ...base, ...each }))]
}

function rulesOfRateLimit(rateLimit: RateLimitConfig): LimitRule[] {
  const { name, per, burstShare, concurrent, origin } = rateLimit
  const base = { name, for: scopeOf(rateLimit), origin }
  const rates = amountsOf(rateLimit).map((each): LimitRule => {
    return { ...base, ...each, kind: "rate", per, burst: Math.max(1, Math.round(each.limit * burstShare)) }
  })
  if (concurrent === undefined) return rates
  return [...rates, { ...base, unit: "concurrent", limit: concurrent, kind: "concurrent", per: null }]
}

function amountsOf(given: BudgetConfig | RateLimitConfig): { unit: LimitUnit; limit: number }[] {
  const units = ["requests", "tokens", "inputTokens", "outputTokens"] as const
  return units.flatMap((unit) => {
    const limit = given[unit]
    return limit === undefined ? [] : [{ unit, limit }]
  })
}

function scopeOf(given: BudgetConfig | RateLimitConfig): LimitRule["for"] {
  const { provider, ...rest } = given.for
  const providers = typeof provider === "object" ? provider.join(providerSeparator) : provider
  return Object.fromEntries(Object.entries({ ...rest, provider: providers }).filter(([, value]) => value !== undefined))
}

/** No name of the configuration has a space. */
const keyRuleName = "key limits"
/** Counts what a key costs and refuses nothing. */
export const keyAlertName = "key alert"

/** The limits that are stored with one key. */
export function rulesOfKey(keyId: string, limits: KeyLimits): LimitRule[] {
  const base = (option: string) =>
    ({ name: keyRuleName, for: { key: keyId }, origin: `perdure keys update ${keyId} --${option} …` }) as const
  const { budgetUsd, budgetPer = "month", alertUsd, requestsPerMinute, tokensPerMinute, concurrent } = limits
  const rules: LimitRule[] = []
  if (budgetUsd !== undefined)
    rules.push({ ...base("budget-usd"), kind: "budget", unit: "microUsd", limit: Math.round(budgetUsd * 1_000_000), per: budgetPer })
  if (alertUsd !== undefined) {
    const told = { ...base("alert-usd"), name: keyAlertName, enforce: false, alertAt: [1] }
    rules.push({ ...told, kind: "budget", unit: "microUsd", limit: Math.round(alertUsd * 1_000_000), per: budgetPer })
  }
  if (requestsPerMinute !== undefined)
    rules.push({ ...base("rpm"), kind: "rate", unit: "requests", limit: requestsPerMinute, per: "minute", burst: requestsPerMinute })
  if (tokensPerMinute !== undefined)
    rules.push({ ...base("tpm"), kind: "rate", unit: "tokens", limit: tokensPerMinute, per: "minute", burst: tokensPerMinute })
  if (concurrent !== undefined) rules.push({ ...base("concurrent"), kind: "concurrent", unit: "concurrent", limit: concurrent, per: null })
  return rules
}

/** It refuses calls, rather than only counting what they use. */
export function isEnforced(rule: LimitRule): boolean {
  return rule.kind !== "budget" || rule.enforce !== false
}

/** It binds deployments, whoever asks them. */
export function isOfUpstream({ for: { provider, deployment } }: Pick<LimitRule, "for">): boolean {
  return provider !== undefined || deployment !== undefined
}

/** Between the names of several providers that share one counter. */
export const providerSeparator = ", "
/** Binds nothing. */
export const nobody: LimitScope = { project: null, key: null, user: null, model: null, tag: null, provider: null, deployment: null }

/** The counter of a rule that calls of a deployment draw from. Its provider is the part of its id before the first slash. */
export function boundToUpstream(rule: LimitRule, id: string): BoundRule | undefined {
  const { provider, deployment } = rule.for
  const [own = ""] = id.split("/", 1)
  if (!isOfUpstream(rule) || !matches(deployment, id)) return undefined
  if (!matches(provider, own) && provider?.split(providerSeparator).includes(own) !== true) return undefined
  return bound(rule, {
    ...nobody,
    provider: provider === "*" ? own : (provider ?? null),
    deployment: deployment === undefined ? null : id,
  })
}

/** As it is declared, `*` as it stands. */
export function declaredUpstream(rule: LimitRule): BoundRule {
  return bound(rule, { ...nobody, provider: rule.for.provider ?? null, deployment: rule.for.deployment ?? null })
}

/** The counters of a rule that a call draws from: none when the rule is not about it, one for each tag where it counts tags. */
export function boundTo(rule: LimitRule, request: AdmissionRequest): BoundRule[] {
  if (isOfUpstream(rule)) return []
  const { project, key, user, model, tag } = rule.for
  if (!matches(project, request.projectId) || !matches(key, request.principalId)) return []
  if (!matches(user, request.user) || !matches(model, request.model)) return []
  const scope: LimitScope = {
    ...nobody,
    // Keys, users and tags are of a project: the same word in another project is somebody else.
    project: [project, key, user, tag].every((each) => each === undefined) ? null : request.projectId,
    key: key === undefined ? null : request.principalId,
    user: user === undefined ? null : (request.user ?? ""),
    model: model === undefined ? null : request.model,
  }
  if (tag === undefined) return [bound(rule, scope)]
  if (tag !== "*") return request.tags.includes(tag) ? [bound(rule, { ...scope, tag })] : []
  const tags = request.tags.length === 0 ? [""] : new Set(request.tags)
  return [...tags].map((each) => bound(rule, { ...scope, tag: each }))
}

/** Calls that name no user (or tag) share one counter of `*`: leaving it out is no way around. */
function matches(wanted: string | undefined, value: string | null): boolean {
  return wanted === undefined || wanted === "*" || wanted === value
}

const idCharactersMax = 200

function bound(rule: LimitRule, scope: LimitScope): BoundRule {
  const { project, key, user, model, tag, provider, deployment } = scope
  const upstream = isOfUpstream(rule) ? [provider, deployment] : []
  const id = JSON.stringify([rule.name, rule.unit, rule.per, project, key, user, model, tag, ...upstream])
  // An end user is named in the scope alone, where an erasure reaches: a counter that lost its id would begin anew.
  const namesUser = user !== null && user !== ""
  const isPlain = !namesUser && id.length <= idCharactersMax && id.isWellFormed()
  return { id: isPlain ? id : createHash("sha256").update(id).digest("base64url"), rule, scope }
}
