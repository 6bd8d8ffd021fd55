// How much a model of the chat completions family shall think, in the words of its provider.
import type { JsonObject } from "../../../core/index.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import type { ChatHabits } from "../presets.ts"
import { leastEffort, thinksBeforeAnswering } from "./models.ts"

export function effortFields(
  { reasoningEffort, thinkingTokensMax }: Pick<ModelCall, "reasoningEffort" | "thinkingTokensMax">,
  deployment: Deployment,
  { effort: way }: ChatHabits,
): JsonObject {
  const tokensMax = typeof thinkingTokensMax === "number" ? thinkingTokensMax : null
  if (reasoningEffort === null && tokensMax === null) return {}
  if (way === "reasoning") return { reasoning: reasoningEffort === null ? { max_tokens: tokensMax } : { effort: reasoningEffort } }
  if (way === "thinking") return thinkingSwitch(reasoningEffort ?? wordFor(tokensMax ?? 0))
  if (reasoningEffort !== null) return { reasoning_effort: reasoningEffort }
  // A number of tokens says that thoughts are welcome; models that have none refuse to be asked for them.
  return thinksBeforeAnswering(deployment.upstreamModel) ? { reasoning_effort: effortFor(tokensMax ?? 0, deployment.upstreamModel) } : {}
}

/** DeepSeek thinks or not, and then `high` or `max`. */
function thinkingSwitch(word: string): JsonObject {
  if (word === "none") return { thinking: { type: "disabled" } }
  return {
    thinking: { type: "enabled" },
    reasoning_effort: word === "xhigh" || word === "max" ? "max" : word === "medium" ? "high" : word === "minimal" ? "low" : word,
  }
}

/** For models of OpenAI, in a word that the model has. */
export function effortFor(thinkingTokensMax: number, model: string): string {
  return thinkingTokensMax === 0 ? leastEffort(model) : wordFor(thinkingTokensMax)
}

function wordFor(thinkingTokensMax: number): string {
  if (thinkingTokensMax === 0) return "none"
  if (thinkingTokensMax < 4_096) return "low"
  return thinkingTokensMax < 16_384 ? "medium" : "high"
}
