// How a turn ends: what is told of it, and what becomes of the items that are open.
import type { JsonObject } from "../core/index.ts"
import type { ModelToolCall, ModelUsage } from "../inference/index.ts"
import type { CallRoute } from "./call-route.ts"
import type { ResponseWriter } from "./response-writer.ts"

export interface TranslatedCall extends ModelToolCall {
  readonly route: CallRoute
}

export interface TurnEnd {
  readonly reason: "stop" | "length" | "tool_calls" | "content_filter"
  readonly usage: ModelUsage
  readonly upstreamModel: string
  readonly serviceTier?: string
  readonly calls: readonly TranslatedCall[]
}

/** Something other than the model ended it. */
export function isCut(reason: TurnEnd["reason"]): boolean {
  return reason === "length" || reason === "content_filter"
}

/** Ends the items of a turn that has ended. A cut one leaves its last item incomplete; a call without arguments gets the empty object. */
export function closeTurn(writer: ResponseWriter, reason: TurnEnd["reason"], extra: ReadonlyMap<number, JsonObject> = new Map()): void {
  for (const index of writer.log.openItems()) {
    const item = writer.log.item(index)
    const blank = item.type === "function_call" && (item["arguments"] as string).trim() === ""
    // As a delta, so that the sum of the deltas stays the whole.
    if (blank && !isCut(reason)) writer.delta("function_call_arguments", index, undefined, "{}")
    writer.closeItem(index, isCut(reason) && index === writer.log.size - 1 ? "incomplete" : "completed", extra.get(index))
  }
}
