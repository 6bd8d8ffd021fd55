// A limit as a person reads it: whom it binds, how full it is, what it allows.
import type { LimitStatus } from "@perdure/client"
import { formatCompact, formatCost } from "./format.ts"

export type LimitSort = "money" | "rate" | "concurrent"
export type LimitState = "free" | "near" | "full" | "shared"

/** From here on a limit is said to be nearly used up. */
const nearFraction = 0.8

export function sortOf({ unit }: LimitStatus): LimitSort {
  if (unit === "microUsd") return "money"
  return unit === "concurrent" ? "concurrent" : "rate"
}

/** How much is used, and held by calls under way, of the whole: 0 to 1. Undefined where other projects use it too. */
export function fractionsOf({ limit, used, reserved, left }: LimitStatus): { used: number; reserved: number } | undefined {
  if (used === null || left === null) return undefined
  if (limit === 0) return { used: 1, reserved: 0 }
  // What is left of a rate is measured by its burst.
  const whole = Math.max(used + (reserved ?? 0) + left, 1)
  return { used: Math.min(1, used / whole), reserved: Math.min(1 - Math.min(1, used / whole), (reserved ?? 0) / whole) }
}

export function stateOf(limit: LimitStatus): LimitState {
  const fractions = fractionsOf(limit)
  if (!fractions) return "shared"
  if (limit.left === 0) return "full"
  return fractions.used + fractions.reserved >= nearFraction ? "near" : "free"
}

const unitWords: Readonly<Record<LimitStatus["unit"], string>> = {
  microUsd: "",
  requests: "requests",
  tokens: "tokens",
  inputTokens: "input tokens",
  outputTokens: "output tokens",
  concurrent: "calls at once",
}

export function amountText(value: number, unit: LimitStatus["unit"]): string {
  return unit === "microUsd" ? formatCost(value) : formatCompact(value)
}

/** `$20.00 per month` · `1,000 requests per minute` · `8 calls at once` */
export function allowanceOf({ limit, unit, per }: LimitStatus): string {
  const amount = [amountText(limit, unit), unitWords[unit]].filter((word) => word !== "").join(" ")
  if (per === null) return amount
  return per === "total" ? `${amount} in all` : `${amount} per ${per}`
}

/** `key my-app · model gpt-5`; empty where it binds every call of the project. */
export function scopeText({ scope }: LimitStatus, nameOfKey: (id: string) => string): string {
  const { key, user, model, tag, provider, deployment } = scope
  return [
    ...(key === null ? [] : [key === "*" ? "each key" : `key ${nameOfKey(key)}`]),
    ...named("user", user),
    ...named("model", model),
    ...named("tag", tag),
    ...named("provider", provider),
    ...named("deployment", deployment),
  ].join(" · ")
}

/** `*` stands for each; calls that name none share one. */
function named(word: string, value: string | null): string[] {
  if (value === null) return []
  if (value === "*") return [`each ${word}`]
  return [value === "" ? `no ${word}` : `${word} ${value}`]
}

/** The fullest first; those that cannot be told last. */
export function byFullness(a: LimitStatus, b: LimitStatus): number {
  return fullness(b) - fullness(a) || (a.name < b.name ? -1 : 1)
}

function fullness(limit: LimitStatus): number {
  const fractions = fractionsOf(limit)
  return fractions ? fractions.used + fractions.reserved : -1
}
