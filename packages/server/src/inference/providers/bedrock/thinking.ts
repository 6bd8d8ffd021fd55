// How much a Bedrock model shall think, in the words of its family.
import type { JsonObject } from "../../../core/index.ts"
import type { ModelCall } from "../../types.ts"
import { claudeVersion } from "../claude.ts"
import { familyOf } from "./models.ts"

const budgets: Readonly<Record<string, number>> = { minimal: 1_024, low: 2_048, medium: 8_192, high: 24_576, xhigh: 49_152, max: 49_152 }
const leastBudget = 1_024

/** Fields for `additionalModelRequestFields`; undefined where nothing was asked for or the model cannot be told. */
export function thinkingFields(call: ModelCall, model: string): JsonObject | undefined {
  const { reasoningEffort: effort, thinkingTokensMax: tokensMax } = call
  if (effort === null && typeof tokensMax !== "number") return undefined
  const isOff = tokensMax === 0 || (effort === "none" && typeof tokensMax !== "number")
  const word = effort ?? "medium"
  switch (familyOf(model)) {
    case "claude":
      return isOff ? undefined : claudeThinking(call, model)
    case "nova":
      if (!/nova-(?:[2-9]|\d\d)/.test(model)) return undefined
      return { reasoningConfig: isOff ? { type: "disabled" } : { type: "enabled", maxReasoningEffort: novaEffort(word, call) } }
    case "gpt-oss":
      return { reasoning_effort: isOff || word === "minimal" ? "low" : word === "xhigh" || word === "max" ? "high" : word }
    default:
      return undefined
  }
}

/** From 4.6 on Claude decides by itself how long, within an effort; before that it has a budget. A forced tool and thinking exclude each other. */
function claudeThinking(
  { reasoningEffort, thinkingTokensMax, outputTokensMax, toolChoice }: ModelCall,
  model: string,
): JsonObject | undefined {
  if (toolChoice !== "auto" && toolChoice !== "none") return undefined
  const version = claudeVersion(model)
  if (version < 3.7) return undefined
  if (version >= 4.6) {
    const effort = reasoningEffort === "minimal" ? "low" : reasoningEffort
    return { thinking: { type: "adaptive" }, ...(effort === null || !Object.hasOwn(budgets, effort) ? {} : { output_config: { effort } }) }
  }
  const wanted = thinkingTokensMax ?? budgets[reasoningEffort ?? "medium"] ?? 0
  // The answer has to fit into the same limit.
  const budget = Math.min(wanted, outputTokensMax === null ? wanted : Math.floor(outputTokensMax * 0.8))
  return budget < leastBudget ? undefined : { thinking: { type: "enabled", budget_tokens: budget } }
}

/** With `high` Nova takes no limit of its output. */
function novaEffort(effort: string, { outputTokensMax }: ModelCall): string {
  if (effort === "minimal" || effort === "low") return "low"
  return effort === "medium" || outputTokensMax !== null ? "medium" : "high"
}
