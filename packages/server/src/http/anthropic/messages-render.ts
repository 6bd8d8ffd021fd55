// Model events as an Anthropic message: the events of a stream, or one JSON object.
import type { JsonObject, JsonValue } from "../../core/index.ts"
import { anthropicUsage, type ModelEvent, type ModelUsage } from "../../inference/index.ts"
import type { RenderOptions } from "../light/client-dialect.ts"
import { managementOf } from "./context-management.ts"
import { MessageBlocks, type StreamEvent } from "./message-blocks.ts"

type Finished = Extract<ModelEvent, { type: "finished" }>

const stopReasons = { stop: "end_turn", length: "max_tokens", tool_calls: "tool_use", content_filter: "refusal" } as const
/** Finer words that Anthropic's clients know. */
const details = new Set(["stop_sequence", "pause_turn", "refusal", "model_context_window_exceeded"])

/** A function from each event to its frames; the head comes before the first. */
export function messageEvents(options: RenderOptions): (event: ModelEvent) => string[] {
  const blocks = new MessageBlocks()
  const compacted = compactedEvents(blocks, options).map(frameOf)
  let begun = false
  return (event) => {
    const frames = event.type === "finished" ? finish(blocks, event, options) : blocks.take(event).map(frameOf)
    if (begun) return frames
    begun = true
    return [...headFrames(options), ...compacted, ...frames]
  }
}

/** All events of one call as a `message`. */
export function wholeMessage(options: RenderOptions, events: readonly ModelEvent[]): JsonValue {
  const blocks = new MessageBlocks()
  compactedEvents(blocks, options)
  const finished = events.find((event) => event.type === "finished")
  for (const event of events) if (event.type !== "finished") blocks.take(event)
  blocks.end()
  const ended = finished
    ? { ...stopOf(finished, blocks), usage: usageOf(finished.usage, options), ...managementOf(options.contextEdits) }
    : {}
  return { ...messageOf(options), content: blocks.whole(), ...ended }
}

function messageOf({ id, model }: RenderOptions): JsonObject {
  return { id, type: "message", role: "assistant", model, content: [], stop_reason: null, stop_sequence: null }
}

/** The answer of a call that stops once its conversation is compacted. */
export function pausedMessage(options: RenderOptions, stream: boolean): Buffer[] {
  const blocks = new MessageBlocks()
  const events = compactedEvents(blocks, options)
  const stopped = { stop_reason: "compaction", stop_sequence: null }
  const told = { usage: usageOf(undefined, options), ...managementOf(options.contextEdits) }
  if (!stream) return [Buffer.from(JSON.stringify({ ...messageOf(options), content: blocks.whole(), ...stopped, ...told }))]
  const ended = [{ type: "message_delta", delta: stopped, ...told }, { type: "message_stop" }]
  return [...headFrames(options), ...[...events, ...ended].map(frameOf)].map((frame) => Buffer.from(frame))
}

function headFrames(options: RenderOptions): string[] {
  return [frameOf({ type: "message_start", message: { ...messageOf(options), usage: { input_tokens: 0, output_tokens: 0 } } })]
}

function compactedEvents(blocks: MessageBlocks, { compaction }: RenderOptions): StreamEvent[] {
  return compaction ? blocks.compacted(compaction.text) : []
}

/** What compaction used stands among the iterations alone, as with Anthropic. */
function usageOf(usage: ModelUsage | undefined, { compaction, model }: RenderOptions): JsonObject {
  const own = usage ? anthropicUsage(usage) : { input_tokens: 0, output_tokens: 0 }
  if (!compaction) return own
  const message = usage ? [{ ...iterationOf(usage), type: "message", model }] : []
  return { ...own, iterations: [{ ...iterationOf(compaction.usage), type: "compaction" }, ...message] }
}

function iterationOf(usage: ModelUsage): JsonObject {
  return { cache_creation: null, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, ...anthropicUsage(usage) }
}

function finish(blocks: MessageBlocks, finished: Finished, options: RenderOptions): string[] {
  const told = { usage: usageOf(finished.usage, options), ...managementOf(options.contextEdits) }
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
