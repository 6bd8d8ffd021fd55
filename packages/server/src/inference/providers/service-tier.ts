// How and where a provider says that it served a call, in one word for each tier and region; and what a request asks for.
import { usualTier } from "../../accounting/index.ts"
import type { JsonValue } from "../../core/index.ts"
import type { Deployment, ModelUsage } from "../types.ts"

const usualWords: ReadonlySet<string> = new Set(["", "auto", "default", "on_demand", "standard", "standard_only", "unspecified"])
const wordCharactersMax = 40

/** Undefined where nothing is told; what is no word (`null`) tells that there are no tiers. */
export function tierTold(value: JsonValue | undefined): string | undefined {
  if (value === undefined) return undefined
  if (value === usualTier || typeof value !== "string") return usualTier
  const word = value.toLowerCase().replace(/^(?:service_tier_|on_demand_)/, "")
  if (usualWords.has(word)) return usualTier
  // OpenAI has two words for one tier.
  return word === "fast" ? "priority" : word.slice(0, wordCharactersMax)
}

/** Undefined where it is the usual one. */
export function tierAsked(value: JsonValue | undefined): string | undefined {
  const tier = tierTold(value)
  return tier === usualTier ? undefined : tier
}

const anywhere: ReadonlySet<string> = new Set(["", "global", "not_available"])

/** Undefined where it may have been anywhere. */
export function regionTold(value: JsonValue | undefined): string | undefined {
  if (typeof value !== "string") return undefined
  const region = value.toLowerCase()
  return anywhere.has(region) ? undefined : region.slice(0, wordCharactersMax)
}

/** `tier`: as the answer has it. */
export function withTierTold(usage: ModelUsage | undefined, tier: JsonValue | undefined): ModelUsage | undefined {
  const told = tierTold(tier)
  if (usage && told !== undefined) usage.serviceTier = told
  return usage
}

/** An answer that tells no tier was served in the one that it was asked for, where that was sent: its price is no usual one. */
export function withTierAsked(usage: ModelUsage, asked: string | undefined, deployment: Deployment): ModelUsage {
  if (asked === undefined || usage.serviceTier !== undefined || !isSent(asked, deployment)) return usage
  return { ...usage, serviceTier: asked }
}

/** Anthropic's fast mode has a parameter of its own. Servers that are only like OpenAI's have no tiers unless they tell them. */
function isSent(tier: string, { dialect, provider }: Deployment): boolean {
  if (tier === "fast") return dialect === "anthropic-messages"
  return (dialect === "openai-chat" || dialect === "openai-responses") && (provider === "openai" || provider === "azure")
}
