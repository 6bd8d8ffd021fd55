// What Gemini's finish reasons mean.
import type { ModelEvent } from "../../types.ts"

export interface Finish {
  reason: Extract<ModelEvent, { type: "finished" }>["reason"]
  /** The provider's word in small letters, where ours says less. */
  detail?: string
}

/** Blocked by a filter, for whatever reason. */
const filtered = /SAFETY|RECITATION|BLOCKLIST|PROHIBITED|SPII|LANGUAGE|MODEL_ARMOR|JAILBREAK/

/** The model wrote something that is no answer; asked again it usually writes one. */
export function isUnusable(reason: string): boolean {
  return /^(?:MALFORMED_|UNEXPECTED_TOOL_CALL|TOO_MANY_TOOL_CALLS|MISSING_THOUGHT_SIGNATURE|NO_IMAGE)/.test(reason)
}

export function finishOf(reason: string): Finish {
  if (reason === "STOP") return { reason: "stop" }
  if (reason === "MAX_TOKENS") return { reason: "length" }
  return { reason: filtered.test(reason) ? "content_filter" : "stop", detail: reason.toLowerCase() }
}
