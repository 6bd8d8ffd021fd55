// The service tier that the configuration of a model's deployments asks for, where it is dearer than the usual one: what is held of budgets.
import type { JsonObject, JsonValue } from "../../core/index.ts"
import { tierAsked } from "../providers/service-tier.ts"
import type { Model } from "../types.ts"

const cheaper: ReadonlySet<string> = new Set(["flex", "batch"])

/** Undefined where none is: what is cheaper is held at the usual price. */
export function tierConfigured({ deployments }: Model): string | undefined {
  for (const { parameters } of deployments) {
    const tier = parameters && tierAsked(tierIn(parameters.overrides) ?? tierIn(parameters.defaults))
    if (tier !== undefined && !cheaper.has(tier)) return tier
  }
  return undefined
}

/** OpenAI's and Anthropic's name, and Gemini's. */
function tierIn(values: JsonObject): JsonValue | undefined {
  return values["service_tier"] ?? values["serviceTier"]
}
