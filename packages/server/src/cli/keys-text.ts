// Keys as people read them on a terminal: one line each in the list, one line per fact for a single one.
import type { ApiKey, KeyLimits } from "@perdure/contract"

export function keyLine(key: ApiKey): string {
  const used = key.lastUsedAt === null ? "never used" : `used ${day(key.lastUsedAt)}`
  const restrictions = [...restrictionsOf(key), ...key.tags.map((tag) => `#${tag}`)]
  return [
    key.id,
    day(key.createdAt),
    stateOf(key).padEnd(18),
    used.padEnd(15),
    key.name,
    ...(restrictions.length > 0 ? [restrictions.join(" · ")] : []),
  ].join("  ")
}

export function keyFacts(key: ApiKey): string[] {
  const facts: [string, string][] = [
    ["id", key.id],
    ["name", key.name],
    ["key", key.hint],
    ["state", stateOf(key)],
    ["models", key.scope.models.join(", ") || "all"],
    ["endpoints", key.scope.endpoints.join(", ") || "all"],
    ["regions", key.scope.regions.join(", ") || "any"],
    ["limits", limitsOf(key.limits).join(", ") || "none of its own"],
    ["tags", key.tags.join(", ") || "none"],
    ["user", key.user ?? "none"],
    ["metadata", JSON.stringify(key.metadata)],
    ["created", `${time(key.createdAt)}${key.createdBy === null ? "" : ` by ${key.createdBy}`}`],
    ["expires", key.expiresAt === null ? "never" : time(key.expiresAt)],
    ["rotated", key.rotatedAt === null ? "never" : time(key.rotatedAt)],
    ...(key.oldSecretsUntil === null ? [] : [["old secret", `works until ${time(key.oldSecretsUntil)}`] as [string, string]]),
    ["last used", key.lastUsedAt === null ? "never" : time(key.lastUsedAt)],
  ]
  return facts.map(([name, value]) => `${name.padEnd(12)}${value}`)
}

function stateOf({ state, revokedAt, blockedAt, expiresAt }: ApiKey): string {
  if (state === "revoked") return `revoked ${day(revokedAt ?? 0)}`
  if (state === "blocked") return `blocked ${day(blockedAt ?? 0)}`
  if (expiresAt === null) return state
  return state === "expired" ? `expired ${day(expiresAt)}` : `until ${day(expiresAt)}`
}

function restrictionsOf({ scope, limits, user }: ApiKey): string[] {
  return [...scope.models, ...scope.endpoints, ...scope.regions, ...limitsOf(limits), ...(user === null ? [] : [`for ${user}`])]
}

function limitsOf({ budgetUsd, budgetPer = "month", alertUsd, requestsPerMinute, tokensPerMinute, concurrent }: KeyLimits): string[] {
  const money = (usd: number): string => (budgetPer === "total" ? `$${usd} in all` : `$${usd}/${budgetPer}`)
  return [
    ...(budgetUsd === undefined ? [] : [money(budgetUsd)]),
    ...(alertUsd === undefined ? [] : [`told at ${money(alertUsd)}`]),
    ...(requestsPerMinute === undefined ? [] : [`${requestsPerMinute} requests/min`]),
    ...(tokensPerMinute === undefined ? [] : [`${tokensPerMinute} tokens/min`]),
    ...(concurrent === undefined ? [] : [`${concurrent} at once`]),
  ]
}

export function time(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
