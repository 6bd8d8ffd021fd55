// The service tier that the configuration of a model's deployments asks for, where it is dearer than the usual one: what is held of budgets.
import { usualTier } from "../../accounting/index.ts"
import { isJsonObject, type JsonObject } from "../../core/index.ts"
import { tierOfOptions } from "../providers/ai-sdk/usage.ts"
import { tierTold } from "../providers/service-tier.ts"
import type { Model } from "../types.ts"

const cheaper: ReadonlySet<string> = new Set([usualTier, "flex", "batch"])

/** Undefined where none is: what is cheaper is held at the usual price. */
export function tierConfigured({ deployments }: Model): string | undefined {
  for (const { parameters } of deployments) {
    const tier = parameters && (tierIn(parameters.overrides) ?? tierIn(parameters.defaults))
    if (tier !== undefined && !cheaper.has(tier)) return tier
  }
  return undefined
}

/** OpenAI's and Anthropic's name, and Gemini's; and what AI SDK packages are told. */
function tierIn({ service_tier: tier, serviceTier = tier, providerOptions: options }: JsonObject): string | undefined {
  return tierTold(serviceTier) ?? (isJsonObject(options) ? tierOfOptions(options) : undefined)
}
