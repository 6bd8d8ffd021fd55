// How much Claude shall think: tokens for older generations, an effort for newer ones, in Anthropic's words.
import type { JsonObject } from "../../../core/index.ts"
import type { Dialect, ModelCall } from "../../types.ts"
import type { ClaudeTraits } from "../claude.ts"

const budgets: Readonly<Record<string, number>> = { minimal: 1_024, low: 2_048, medium: 8_192, high: 16_384, xhigh: 32_768, max: 32_768 }
const leastBudget = 1_024

export interface Thinking {
  thinking?: JsonObject
  /** For `output_config`. */
  effort?: string
}

/** What it goes by. */
export interface ThinkingCall extends Pick<ModelCall, "reasoningEffort" | "thinkingTokensMax"> {
  toolChoice: ModelCall["toolChoice"]
  messages: readonly {
    role: string
    toolCalls?: readonly object[]
    reasoning?: readonly { dialect: Dialect; signature?: string; data?: string }[]
  }[]
}

/** `outputTokensMax` is what the request allows for thoughts and answer together; `dialect`: whose thoughts go back with the call. */
export function thinkingOf(
  call: ThinkingCall,
  traits: ClaudeTraits,
  outputTokensMax: number,
  dialect: Dialect = "anthropic-messages",
): Thinking {
  const { reasoningEffort, thinkingTokensMax } = call
  const isOff = thinkingTokensMax === 0 || (reasoningEffort === "none" && typeof thinkingTokensMax !== "number")
  if (isOff) return traits.thinks === "by-effort" && !traits.thinksAlways ? { thinking: { type: "disabled" } } : {}
  if (reasoningEffort === null && typeof thinkingTokensMax !== "number") return {}
  if (traits.thinks === "by-effort") return byEffort(call, traits)
  // A tool that must be called and thoughts exclude each other; so do thoughts and a tool call that was made without them.
  if (traits.thinks === "never" || isForced(call) || hasCallWithoutThoughts(call, dialect)) return {}
  const wanted = thinkingTokensMax ?? budgets[reasoningEffort ?? ""] ?? 0
  const budget = Math.min(wanted, outputTokensMax - 1)
  return budget < leastBudget ? {} : { thinking: { type: "enabled", budget_tokens: budget } }
}

function byEffort(call: ThinkingCall, traits: ClaudeTraits): Thinking {
  const word = call.reasoningEffort ?? effortOf(call.thinkingTokensMax ?? 0)
  const effort = word === "minimal" ? "low" : word === "xhigh" && !traits.hidesThoughts ? "high" : word
  if (isForced(call)) return { effort }
  // Thoughts were asked for, so they shall be seen.
  return { thinking: { type: "adaptive", ...(traits.hidesThoughts ? { display: "summarized" } : {}) }, effort }
}

function effortOf(thinkingTokensMax: number): string {
  if (thinkingTokensMax < 4_096) return "low"
  return thinkingTokensMax < 16_384 ? "medium" : "high"
}

function isForced({ toolChoice }: ThinkingCall): boolean {
  return toolChoice !== "auto" && toolChoice !== "none"
}

/** The turn under way began with a tool call of another model, or one that did not think. */
function hasCallWithoutThoughts({ messages }: ThinkingCall, own: Dialect): boolean {
  const last = messages.findLast((message) => message.role === "assistant")
  if (!last?.toolCalls || last.toolCalls.length === 0 || messages.at(-1)?.role !== "tool") return false
  return !(last.reasoning ?? []).some(({ dialect, signature, data }) => dialect === own && (signature ?? data) !== undefined)
}
