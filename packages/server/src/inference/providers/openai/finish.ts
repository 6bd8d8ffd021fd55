// Why a chat completion ended, in the words of model events.
import type { ModelEvent } from "../../types.ts"

export type FinishReason = Extract<ModelEvent, { type: "finished" }>["reason"]

const reasons: Readonly<Record<string, FinishReason>> = {
  length: "length",
  max_tokens: "length",
  model_length: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
  content_filter: "content_filter",
}

export function finishReasonOf(reason: string): FinishReason {
  return reasons[reason] ?? "stop"
}

/** The provider failed in the middle and says so in the place of a reason. */
export function isFailure(reason: string): boolean {
  return reason === "error" || reason === "insufficient_system_resource"
}
