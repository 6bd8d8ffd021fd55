// The fake provider's answers in Anthropic's shape: a message, the frames of its stream, an error, a count of tokens.
import { joined, parts, textOf } from "./fake-provider-answers.ts"
import type { FakeAnswer, FakeToolCall } from "./fake-provider.ts"

const id = "msg_fake"
/** What the fake provider signs its thoughts with. */
export const fakeSignature = "c2lnbmVkLWJ5LXRoZS1mYWtl"

type Block = Record<string, unknown>

/** A whole `message`. */
export function messageOf(request: Record<string, unknown>, script: FakeAnswer): unknown {
  const blocks = blocksOf(script)
  const usage = anthropicUsage(script)
  return { ...emptyMessage(request), content: blocks, ...stopOf(script), ...(usage ? { usage } : {}) }
}

/** The frames of a stream, `message_stop` included where the script ends with it. */
export function messageFramesOf(request: Record<string, unknown>, script: FakeAnswer): string[] {
  const usage = anthropicUsage(script) ?? { input_tokens: 0, output_tokens: 0 }
  const frames = [
    frame("message_start", { message: { ...emptyMessage(request), usage: { ...usage, output_tokens: 1 } } }),
    frame("ping", {}),
    ...blocksOf(script).flatMap((block, index) => blockFrames(block, index, script)),
  ]
  const stop = stopOf(script)
  if (stop.stop_reason !== null) frames.push(frame("message_delta", { delta: stop, usage: { output_tokens: usage["output_tokens"] } }))
  if (script.streamError) {
    const { afterFrames, message, code = "overloaded_error" } = script.streamError
    return [...frames.slice(0, afterFrames), frame("error", { error: { type: code, message } })]
  }
  return (script.ending ?? "done") === "done" ? [...frames, frame("message_stop", {})] : frames
}

/** `type` is Anthropic's word for the status unless the script has one. */
export function anthropicError({ status, message, type }: NonNullable<FakeAnswer["error"]>): unknown {
  const error = { type: type ?? errorTypes[status] ?? "api_error", message: message ?? "the fake provider refuses" }
  return { type: "error", error, request_id: "req_upstream" }
}

export const anthropicModels = {
  data: [{ type: "model", id: "fake-claude", display_name: "Fake Claude", created_at: "2026-01-01T00:00:00Z" }],
  has_more: false,
  first_id: "fake-claude",
  last_id: "fake-claude",
}

const errorTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
}

function emptyMessage(request: Record<string, unknown>): Block {
  return { id, type: "message", role: "assistant", model: request["model"], content: [], stop_reason: null, stop_sequence: null }
}

function blocksOf(script: FakeAnswer): Block[] {
  const blocks: Block[] = []
  if (script.reasoning !== undefined)
    blocks.push({ type: "thinking", thinking: joined(script.reasoning), signature: script.signature ?? fakeSignature })
  if (script.redactedThinking !== undefined) blocks.push({ type: "redacted_thinking", data: script.redactedThinking })
  if (script.text !== undefined || !script.toolCalls) blocks.push({ type: "text", text: textOf(script) })
  for (const call of script.toolCalls ?? [])
    blocks.push({ type: "tool_use", id: call.id, name: call.name, input: JSON.parse(joined(call.arguments) || "{}") as unknown })
  return blocks
}

function blockFrames(block: Block, index: number, script: FakeAnswer): string[] {
  const start = (empty: Block): string => frame("content_block_start", { index, content_block: empty })
  const delta = (part: Block): string => frame("content_block_delta", { index, delta: part })
  const stop = frame("content_block_stop", { index })
  if (block["type"] === "thinking") {
    const thoughts = parts(script.reasoning).map((thinking) => delta({ type: "thinking_delta", thinking }))
    const signature = delta({ type: "signature_delta", signature: block["signature"] })
    return [start({ type: "thinking", thinking: "", signature: "" }), ...thoughts, signature, stop]
  }
  if (block["type"] === "text") {
    const texts = parts(script.text ?? textOf(script)).map((text) => delta({ type: "text_delta", text }))
    return [start({ type: "text", text: "" }), ...texts, stop]
  }
  if (block["type"] === "tool_use") {
    const call = script.toolCalls?.find((each) => each.id === block["id"])
    return [
      start({ ...block, input: {} }),
      ...argumentDeltas(call).map((json) => delta({ type: "input_json_delta", partial_json: json })),
      stop,
    ]
  }
  return [start(block), stop]
}

function argumentDeltas(call: FakeToolCall | undefined): readonly string[] {
  return ["", ...parts(call?.arguments)]
}

const stopReasons: Readonly<Record<string, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "refusal",
}

function stopOf(script: FakeAnswer): { stop_reason: string | null; stop_sequence: string | null } {
  const said = script.finishReason === undefined ? (script.toolCalls?.length ? "tool_calls" : "stop") : script.finishReason
  return { stop_reason: said === null ? null : (stopReasons[said] ?? said), stop_sequence: script.stopSequence ?? null }
}

/** Anthropic's input tokens leave out what was read from and written to its cache. */
function anthropicUsage(script: FakeAnswer): Block | undefined {
  if (script.usage === null) return undefined
  const {
    prompt_tokens: all,
    completion_tokens,
    cached_tokens,
    cache_write_tokens,
    cache_write_long_tokens = 0,
    reasoning_tokens,
  } = script.usage ?? { prompt_tokens: 12, completion_tokens: 5 }
  const read = cached_tokens ?? 0
  const written = cache_write_tokens ?? 0
  return {
    input_tokens: all - read - written,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    cache_creation: { ephemeral_5m_input_tokens: written - cache_write_long_tokens, ephemeral_1h_input_tokens: cache_write_long_tokens },
    output_tokens: completion_tokens,
    ...(reasoning_tokens === undefined ? {} : { output_tokens_details: { thinking_tokens: reasoning_tokens } }),
    service_tier: "standard",
  }
}

function frame(type: string, data: Block): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
}
