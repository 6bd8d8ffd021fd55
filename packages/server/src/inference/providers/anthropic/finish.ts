// Why Claude stopped, in the words of model events.
import { isJsonObject, type JsonObject } from "../../../core/index.ts"
import type { ModelEvent } from "../../types.ts"

type Finished = Extract<ModelEvent, { type: "finished" }>

export interface Finish extends Pick<Finished, "reason" | "detail" | "stopSequence"> {
  /** What is said of a refusal; empty where nothing is. */
  explanation: string
}

const reasons: Readonly<Record<string, Finished["reason"]>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  pause_turn: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
}

const details = new Set(["stop_sequence", "pause_turn", "refusal", "model_context_window_exceeded"])

/** `called`: tools of the caller, not the one that stands for an answer. */
export function finishOf({ stop_reason: said, stop_sequence: met, stop_details: more }: JsonObject, called: boolean): Finish {
  const word = typeof said === "string" ? said : "end_turn"
  const reason = word === "tool_use" && !called ? "stop" : (reasons[word] ?? "stop")
  const explanation = word === "refusal" && isJsonObject(more) && typeof more["explanation"] === "string" ? more["explanation"] : ""
  return {
    reason,
    ...(details.has(word) ? { detail: word } : {}),
    ...(typeof met === "string" ? { stopSequence: met } : {}),
    explanation,
  }
}
