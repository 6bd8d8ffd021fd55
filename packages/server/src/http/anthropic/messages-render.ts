// Model events as an Anthropic message: the events of a stream, or one JSON object.
import type { JsonObject, JsonValue } from "../../core/index.ts"
import { anthropicUsage, type ModelEvent } from "../../inference/index.ts"
import type { RenderOptions } from "../light/client-dialect.ts"
import { managementOf } from "./context-management.ts"
import { MessageBlocks } from "./message-blocks.ts"

type Finished = Extract<ModelEvent, { type: "finished" }>

const stopReasons = { stop: "end_turn", length: "max_tokens", tool_calls: "tool_use", content_filter: "refusal" } as const
/** Finer words that Anthropic's clients know. */
const details = new Set(["stop_sequence", "pause_turn", "refusal", "model_context_window_exceeded"])

/** A function from each event to its frames; the head comes before the first. */
export function messageEvents(options: RenderOptions): (event: ModelEvent) => string[] {
  const blocks = new MessageBlocks()
  let begun = false
  return (event) => {
    const frames = event.type === "finished" ? finish(blocks, event, options) : blocks.take(event).map(frameOf)
    if (begun) return frames
    begun = true
    const head = { type: "message_start", message: { ...messageOf(options), usage: { input_tokens: 0, output_tokens: 0 } } }
    return [frameOf(head), ...frames]
  }
}

/** All events of one call as a `message`. */
export function wholeMessage(options: RenderOptions, events: readonly ModelEvent[]): JsonValue {
  const blocks = new MessageBlocks()
  const finished = events.find((event) => event.type === "finished")
  for (const event of events) if (event.type !== "finished") blocks.take(event)
  blocks.end()
  const ended = finished
    ? { ...stopOf(finished, blocks), usage: anthropicUsage(finished.usage), ...managementOf(options.contextEdits) }
    : {}
  return { ...messageOf(options), content: blocks.whole(), ...ended }
}

function messageOf({ id, model }: RenderOptions): JsonObject {
  return { id, type: "message", role: "assistant", model, content: [], stop_reason: null, stop_sequence: null }
}

function finish(blocks: MessageBlocks, finished: Finished, { contextEdits }: RenderOptions): string[] {
  const told = { usage: anthropicUsage(finished.usage), ...managementOf(contextEdits) }
  const ended = { type: "message_delta", delta: stopOf(finished, blocks), ...told }
  return [...blocks.end(), ended, { type: "message_stop" }].map(frameOf)
}

function stopOf({ reason, detail, stopSequence }: Finished, blocks: MessageBlocks): JsonObject {
  const fine = detail !== undefined && details.has(detail) ? detail : undefined
  const plain = stopSequence === undefined ? stopReasons[reason] : "stop_sequence"
  return { stop_reason: fine ?? (blocks.refused ? "refusal" : plain), stop_sequence: stopSequence ?? null }
}

function frameOf(event: JsonObject & { type: string }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}
