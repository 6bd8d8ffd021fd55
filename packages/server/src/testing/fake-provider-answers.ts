// The bodies that the fake provider sends: a chat completion, the frames of its stream, embeddings.
import type { FakeAnswer, FakeToolCall, FakeUsage } from "./fake-provider.ts"

const id = "chatcmpl-fake"
const created = 1_700_000_000

/** A whole `chat.completion`. */
export function completionOf(request: Record<string, unknown>, script: FakeAnswer): unknown {
  const calls = script.toolCalls ?? []
  const message: Record<string, unknown> = {
    role: "assistant",
    content: calls.length > 0 && script.text === undefined ? null : textOf(script),
    refusal: script.refusal ?? null,
  }
  if (script.reasoning !== undefined) message["reasoning_content"] = joined(script.reasoning)
  if (calls.length > 0)
    message["tool_calls"] = calls.map(({ id: callId, name, arguments: text, custom }) =>
      custom
        ? { id: callId, type: "custom", custom: { name, input: joined(text) } }
        : { id: callId, type: "function", function: { name, arguments: joined(text) } },
    )
  const usage = usageOf(script)
  return {
    id,
    object: "chat.completion",
    created,
    model: request["model"],
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(script) }],
    ...(usage ? { usage } : {}),
    ...tierOf(script),
  }
}

function tierOf({ serviceTier }: FakeAnswer): object {
  return serviceTier === undefined ? {} : { service_tier: serviceTier }
}

/** The frames of a stream, `[DONE]` included where the script ends with it. */
export function framesOf(request: Record<string, unknown>, script: FakeAnswer): string[] {
  const options = request["stream_options"] as { include_usage?: boolean } | undefined // whatever the test sent
  const usage = usageOf(script)
  const at = script.usageAt ?? "extra-chunk"
  const asked = options?.include_usage === true
  const onEach = at === "each-chunk" ? { usage } : asked && at === "extra-chunk" ? { usage: null } : {}
  const chunk = (delta: unknown, finish: string | null, more: object = onEach): string =>
    frame({
      id,
      object: "chat.completion.chunk",
      created,
      model: request["model"],
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...tierOf(script),
      ...more,
    })

  const frames = [chunk({ role: "assistant", content: "" }, null), ...deltasOf(script).map((delta) => chunk(delta, null))]
  const finish = finishOf(script)
  if (finish !== null) frames.push(chunk({}, finish, at === "last-chunk" ? { usage } : onEach))
  if (usage && asked && at === "extra-chunk")
    frames.push(frame({ id, object: "chat.completion.chunk", created, model: request["model"], choices: [], ...tierOf(script), usage }))
  if (script.streamError) {
    const { afterFrames, message, code = "internal_error", done = true } = script.streamError
    return [
      ...frames.slice(0, afterFrames),
      frame({ error: { message, type: "server_error", param: null, code } }),
      ...(done ? ["data: [DONE]\n\n"] : []),
    ]
  }
  return (script.ending ?? "done") === "done" ? [...frames, "data: [DONE]\n\n"] : frames
}

/** A whole `text_completion`: one choice for each text of the prompt. */
export function textCompletionOf(request: Record<string, unknown>, script: FakeAnswer): unknown {
  const prompt = request["prompt"]
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== "number" ? (prompt as unknown[]) : [prompt]
  const usage = usageOf(script)
  return {
    id: "cmpl-fake",
    object: "text_completion",
    created,
    model: request["model"],
    choices: prompts.map((_, index) => ({ index, text: textOf(script), logprobs: null, finish_reason: finishOf(script) })),
    ...(usage ? { usage } : {}),
  }
}

/** The frames of a stream of the same. */
export function textFramesOf(request: Record<string, unknown>, script: FakeAnswer): string[] {
  return framesOf(request, script).flatMap((each) => {
    if (!each.startsWith("data: {")) return [each]
    const chunk = JSON.parse(each.slice(6)) as { choices?: { delta?: { content?: string }; finish_reason: unknown }[] } // made above
    if (!chunk.choices) return [each]
    const choices = chunk.choices.map(({ delta, ...rest }) => ({ ...rest, text: delta?.content ?? "" }))
    return [frame({ ...chunk, id: "cmpl-fake", object: "text_completion", choices })]
  })
}

/** One vector per input; base64 of little-endian float32 where asked for. */
export function embeddingsOf(request: Record<string, unknown>, script: FakeAnswer): unknown {
  const input = request["input"]
  const inputs = Array.isArray(input) && typeof input[0] !== "number" ? (input as unknown[]) : [input]
  const dimensions = typeof request["dimensions"] === "number" ? request["dimensions"] : (script.embeddingDimensions ?? 8)
  const base64 = request["encoding_format"] === "base64" && !script.floatsOnly
  const data = inputs.map((text, index) => {
    const vector = vectorOf(JSON.stringify(text), dimensions)
    return { object: "embedding", index, embedding: base64 ? Buffer.from(vector.buffer).toString("base64") : [...vector] }
  })
  const tokens = script.usage?.prompt_tokens ?? inputs.length * 4
  return {
    object: "list",
    data,
    model: request["model"],
    ...(script.usage === null ? {} : { usage: { prompt_tokens: tokens, total_tokens: tokens } }),
  }
}

/** Deterministic in the text, and of unit length. */
export function vectorOf(text: string, dimensions: number): Float32Array<ArrayBuffer> {
  let state = 7
  for (let index = 0; index < text.length; index++) state = (state * 31 + text.charCodeAt(index)) % 1_000_003
  const values = Float32Array.from({ length: dimensions }, (_, index) => ((state * (index + 1)) % 997) / 997 - 0.5)
  const length = Math.hypot(...values) || 1
  return values.map((value) => value / length)
}

function deltasOf(script: FakeAnswer): unknown[] {
  const deltas: unknown[] = parts(script.reasoning).map((text) => ({ reasoning_content: text }))
  if (script.text !== undefined || (!script.toolCalls && !script.refusal))
    deltas.push(...parts(script.text ?? textOf(script)).map((content) => ({ content })))
  if (script.refusal) deltas.push({ refusal: script.refusal })
  for (const [position, call] of (script.toolCalls ?? []).entries()) deltas.push(...callDeltas(call, position))
  return deltas
}

function callDeltas(call: FakeToolCall, position: number): unknown[] {
  const index = call.index === null ? {} : { index: call.index ?? position }
  const { id: callId, name, custom } = call
  const begun = custom ? { type: "custom", custom: { name, input: "" } } : { type: "function", function: { name, arguments: "" } }
  const piece = (text: string): object => (custom ? { custom: { input: text } } : { function: { arguments: text } })
  const start = { tool_calls: [{ ...index, id: callId, ...begun }] }
  return [start, ...parts(call.arguments).map((text) => ({ tool_calls: [{ ...index, ...piece(text) }] }))]
}

function finishOf(script: FakeAnswer): string | null {
  if (script.finishReason !== undefined) return script.finishReason
  return script.toolCalls?.length ? "tool_calls" : "stop"
}

function usageOf(script: FakeAnswer): unknown {
  if (script.usage === null) return null
  const usage: FakeUsage = script.usage ?? { prompt_tokens: 12, completion_tokens: 5 }
  return {
    prompt_tokens: usage.prompt_tokens,
    completion_tokens: usage.completion_tokens,
    total_tokens: usage.prompt_tokens + usage.completion_tokens,
    prompt_tokens_details: {
      cached_tokens: usage.cached_tokens ?? 0,
      ...(usage.cache_write_tokens === undefined ? {} : { cache_write_tokens: usage.cache_write_tokens }),
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoning_tokens ?? 0 },
    ...(usage.cost === undefined ? {} : { cost: usage.cost, is_byok: false }),
  }
}

export function textOf(script: FakeAnswer): string {
  return joined(script.text ?? "Hello from the fake provider.")
}

/** The chunks of a text: as given, or word by word. */
export function parts(text: string | readonly string[] | undefined): readonly string[] {
  if (text === undefined) return []
  return typeof text === "string" ? (text.match(/\S+\s*|\s+/g) ?? [text]) : text
}

export function joined(text: string | readonly string[]): string {
  return typeof text === "string" ? text : text.join("")
}

function frame(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`
}
