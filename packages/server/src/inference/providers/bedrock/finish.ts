// What Converse's stop reasons mean.
import { isJsonObject, type JsonValue } from "../../../core/index.ts"
import type { ModelEvent } from "../../types.ts"

export interface Finish {
  reason: Extract<ModelEvent, { type: "finished" }>["reason"]
  /** The provider's word, where ours says less. */
  detail?: string
  stopSequence?: string
}

/** The model wrote something that is no answer; asked again it usually writes one. */
export function isUnusable(reason: string): boolean {
  return reason.startsWith("malformed_")
}

export function finishOf(reason: string, further: JsonValue | undefined): Finish {
  if (reason === "end_turn") return { reason: "stop" }
  if (reason === "tool_use") return { reason: "tool_calls" }
  if (reason === "max_tokens") return { reason: "length" }
  if (reason === "stop_sequence") return { reason: "stop", detail: reason, ...sequenceIn(further) }
  if (reason === "model_context_window_exceeded") return { reason: "length", detail: reason }
  const isFiltered = reason === "guardrail_intervened" || reason === "content_filtered" || reason === "refusal"
  return { reason: isFiltered ? "content_filter" : "stop", detail: reason }
}

/** Asked for by `additionalModelResponseFieldPaths`; streams have it below `delta`. */
function sequenceIn(further: JsonValue | undefined): { stopSequence?: string } {
  if (!isJsonObject(further)) return {}
  const place = isJsonObject(further["delta"]) ? further["delta"] : further
  return typeof place["stop_sequence"] === "string" ? { stopSequence: place["stop_sequence"] } : {}
}
