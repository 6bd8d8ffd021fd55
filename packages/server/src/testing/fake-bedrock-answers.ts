// The fake provider's answers in Bedrock's shape: Converse, the binary events of its stream, invoked models, Claude among them, an error.
import { awsEvent, awsException } from "../inference/providers/bedrock/event-stream.fixtures.ts"
import { messageFramesOf, messageOf } from "./fake-anthropic-answers.ts"
import type { ProviderShape } from "./fake-provider-shapes.ts"
import { vectorOf } from "./fake-gemini-answers.ts"
import { joined, parts, textOf } from "./fake-provider-answers.ts"
import type { FakeAnswer } from "./fake-provider.ts"

export const bedrockShape: ProviderShape = {
  serves: (path) => /^\/model\/[^/]+\/(?:converse|converse-stream|invoke|invoke-with-response-stream|count-tokens)$/.test(path),
  isStream: ({ path }) => path.endsWith("-stream"),
  streamType: "application/vnd.amazon.eventstream",
  whole: ({ path, body }, script) => {
    if (path.endsWith("/count-tokens")) return { inputTokens: script.usage?.prompt_tokens ?? 12 }
    if (path.endsWith("/invoke")) return body["messages"] ? messageOf(body, script) : invoked(body)
    const message = { role: "assistant", content: blocksOf(script).map(({ whole }) => whole) }
    return { output: { message }, stopReason: stopOf(script), usage: usageOf(script), metrics: { latencyMs: 1 } }
  },
  frames: ({ path, body }, script) => {
    if (path.endsWith("/invoke-with-response-stream")) return invokedFrames(body, script)
    const frames = [awsEvent("messageStart", { role: "assistant" }), ...blocksOf(script).flatMap(blockEvents)]
    if (script.streamError) {
      const { afterFrames, message, code = "serviceUnavailableException" } = script.streamError
      return [...frames.slice(0, afterFrames), awsException(code, { message })]
    }
    const stop = stopOf(script)
    if (stop !== null) frames.push(awsEvent("messageStop", { stopReason: stop }))
    const usage = usageOf(script)
    return usage === undefined ? frames : [...frames, awsEvent("metadata", { usage, metrics: { latencyMs: 1 } })]
  },
  error: ({ message = "the fake provider refuses" }) => ({ message }),
  errorHeaders: ({ type = "InternalServerException" }) => ({ "x-amzn-errortype": `${type}:http://internal.amazon.com/coral/` }),
}

interface FakeBlock {
  whole: Record<string, unknown>
  start?: Record<string, unknown>
  deltas: readonly Record<string, unknown>[]
}

function blocksOf(script: FakeAnswer): FakeBlock[] {
  const { reasoning, text, toolCalls, signature = "c2ln" } = script
  const blocks: FakeBlock[] = []
  if (reasoning !== undefined)
    blocks.push({
      whole: { reasoningContent: { reasoningText: { text: joined(reasoning), signature } } },
      deltas: [...parts(reasoning).map((each) => ({ text: each })), { signature }].map((part) => ({ reasoningContent: part })),
    })
  if (text !== undefined || !toolCalls)
    blocks.push({ whole: { text: textOf(script) }, deltas: parts(text ?? textOf(script)).map((each) => ({ text: each })) })
  for (const { id: toolUseId, name, arguments: input } of toolCalls ?? [])
    blocks.push({
      whole: { toolUse: { toolUseId, name, input: JSON.parse(joined(input) || "{}") as unknown } },
      start: { toolUse: { toolUseId, name } },
      deltas: parts(input).map((each) => ({ toolUse: { input: each } })),
    })
  return blocks
}

function blockEvents({ start, deltas }: FakeBlock, contentBlockIndex: number): Buffer[] {
  return [
    ...(start ? [awsEvent("contentBlockStart", { contentBlockIndex, start })] : []),
    ...deltas.map((delta) => awsEvent("contentBlockDelta", { contentBlockIndex, delta })),
    awsEvent("contentBlockStop", { contentBlockIndex }),
  ]
}

const stopReasons: Readonly<Record<string, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "content_filtered",
}

function stopOf(script: FakeAnswer): string | null {
  if (script.finishReason === null) return null
  const said = script.finishReason ?? (script.toolCalls?.length ? "tool_calls" : "stop")
  return stopReasons[said] ?? said
}

/** Bedrock's input tokens leave out what was read from and written to the cache. */
function usageOf({ usage }: FakeAnswer): Record<string, unknown> | undefined {
  if (usage === null) return undefined
  const {
    prompt_tokens,
    completion_tokens,
    cached_tokens = 0,
    cache_write_tokens = 0,
  } = usage ?? { prompt_tokens: 12, completion_tokens: 5 }
  return {
    inputTokens: prompt_tokens - cached_tokens - cache_write_tokens,
    outputTokens: completion_tokens,
    totalTokens: prompt_tokens + completion_tokens,
    cacheReadInputTokens: cached_tokens,
    cacheWriteInputTokens: cache_write_tokens,
  }
}

function invoked(body: Record<string, unknown>): unknown {
  const { inputText, texts, documents } = body as { inputText?: string; texts?: string[]; documents?: string[] } // what was asked of it
  if (documents) return { results: documents.map((_, index) => ({ index, relevance_score: index / documents.length })) }
  if (texts) return { embeddings: { float: texts.map(vectorOf) }, response_type: "embeddings_by_type" }
  return { embedding: vectorOf(inputText ?? ""), inputTextTokenCount: inputText?.length ?? 0 }
}

/** Each event of Anthropic's in one of Bedrock's, padded as Bedrock pads them. */
function invokedFrames(body: Record<string, unknown>, script: FakeAnswer): Buffer[] {
  const { streamError, ...rest } = script
  const events = messageFramesOf(body, rest).map((frame) => frame.slice(frame.indexOf("data: ") + 6).trim())
  const frames = events.map((event) => awsEvent("chunk", { bytes: Buffer.from(event).toString("base64"), p: "abcdefghijk" }))
  if (!streamError) return frames
  const { afterFrames, message, code = "modelStreamErrorException" } = streamError
  return [...frames.slice(0, afterFrames), awsException(code, { message })]
}
