// How much a Bedrock model shall think, in the words of its family.
import type { JsonObject } from "../../../core/index.ts"
import type { ModelCall } from "../../types.ts"
import { thinkingOf } from "../anthropic/thinking.ts"
import { claudeTraits } from "../claude.ts"
import { familyOf } from "./models.ts"

/** Fields for `additionalModelRequestFields`; undefined where nothing was asked for or the model cannot be told. */
export function thinkingFields(call: ModelCall, model: string): JsonObject | undefined {
  const { reasoningEffort: effort, thinkingTokensMax: tokensMax } = call
  if (effort === null && typeof tokensMax !== "number") return undefined
  const isOff = tokensMax === 0 || (effort === "none" && typeof tokensMax !== "number")
  const word = effort ?? "medium"
  switch (familyOf(model)) {
    case "claude":
      return claudeThinking(call, model)
    case "nova":
      // A tool that must be called leaves it no time to think.
      if (!/nova-(?:[2-9]|\d\d)/.test(model) || (call.toolChoice !== "auto" && call.toolChoice !== "none")) return undefined
      return { reasoningConfig: isOff ? { type: "disabled" } : { type: "enabled", maxReasoningEffort: novaEffort(word, call) } }
    case "gpt-oss":
      return { reasoning_effort: isOff || word === "minimal" ? "low" : word === "xhigh" || word === "max" ? "high" : word }
    default:
      return undefined
  }
}

/** In Anthropic's own words. */
function claudeThinking(call: ModelCall, model: string): JsonObject | undefined {
  const traits = claudeTraits(model)
  const outputTokensMax = call.outputTokensMax ?? traits.outputTokensMax
  const { thinking, effort } = thinkingOf(call, traits, outputTokensMax, "bedrock-converse")
  if (!thinking && effort === undefined) return undefined
  return { ...(thinking ? { thinking } : {}), ...(effort === undefined ? {} : { output_config: { effort } }) }
}

/** With `high` Nova takes no limit of its output. */
function novaEffort(effort: string, { outputTokensMax }: ModelCall): string {
  if (effort === "minimal" || effort === "low") return "low"
  return effort === "medium" || outputTokensMax !== null ? "medium" : "high"
}
