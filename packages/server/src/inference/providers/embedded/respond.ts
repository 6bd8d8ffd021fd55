// Turns a finished answer into the event stream of a model: word-sized deltas, citations at their place, the token limit, usage.
import { setImmediate as nextTurn } from "node:timers/promises"
import { sleep, type NewId } from "../../../core/index.ts"
import type { Citation, ModelCall, ModelEvent, ModelUsage } from "../../types.ts"
import { textOf } from "./reading.ts"

/** Text with the source that stands behind it, if it is a quote from a file. */
export interface Part {
  text: string
  citation: Omit<Citation, "index"> | null
}

export type Answer =
  | { kind: "text"; parts: readonly Part[] }
  | { kind: "refusal"; text: string }
  | { kind: "tools"; calls: readonly { name: string; arguments: string }[] }

export interface RespondOptions {
  countTokens: (text: string) => number
  newId: NewId
  /** Pause after each word, so that a demonstration can be watched; 0 for none. */
  wordDelayMs: number
}

/** Words between two turns of the event loop when there is no pause. */
const wordsPerTurn = 16
/** Larger inputs are not worth the time of counting them exactly. */
const countedCharsMax = 100_000

export async function* respond(call: ModelCall, answer: Answer, options: RespondOptions, signal: AbortSignal): AsyncGenerator<ModelEvent> {
  const inputTokens = countInput(call, options.countTokens)
  const usage = (outputTokens: number): ModelUsage => ({ ...inputTokens, outputTokens, cachedTokens: 0, reasoningTokens: 0 })
  const upstreamModel = "extractive"
  if (answer.kind === "tools") {
    let outputTokens = 0
    for (const [index, { name, arguments: text }] of answer.calls.entries()) {
      signal.throwIfAborted()
      outputTokens += options.countTokens(name) + options.countTokens(text)
      yield { type: "tool-call-started", index, callId: options.newId("call"), name }
      yield { type: "tool-call-delta", index, arguments: text }
    }
    yield { type: "finished", reason: "tool_calls", usage: usage(outputTokens), upstreamModel }
    return
  }
  const parts = answer.kind === "refusal" ? [{ text: answer.text, citation: null }] : answer.parts
  const kind = answer.kind === "refusal" ? "refusal-delta" : "text-delta"
  const { outputTokens, complete } = yield* speak(parts, kind, call.outputTokensMax ?? Infinity, options, signal)
  yield { type: "finished", reason: complete ? "stop" : "length", usage: usage(outputTokens), upstreamModel }
}

async function* speak(
  parts: readonly Part[],
  type: "text-delta" | "refusal-delta",
  tokensMax: number,
  { countTokens, wordDelayMs }: RespondOptions,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent, { outputTokens: number; complete: boolean }> {
  let outputTokens = 0
  let length = 0
  let words = 0
  for (const { text, citation } of parts) {
    for (const word of text.match(/\s*\S+(?:\s+$)?|\s+/g) ?? []) {
      signal.throwIfAborted()
      const tokens = countTokens(word)
      if (outputTokens + tokens > tokensMax) return { outputTokens, complete: false }
      outputTokens += tokens
      length += word.length
      yield { type, text: word }
      if (wordDelayMs > 0) await sleep(wordDelayMs, signal)
      else if (++words % wordsPerTurn === 0) await nextTurn()
    }
    if (citation) yield { type: "citation", citation: { ...citation, index: length } }
  }
  return { outputTokens, complete: true }
}

function countInput(call: ModelCall, countTokens: (text: string) => number): { inputTokens: number; estimated: boolean } {
  const calls = call.messages.flatMap((message) => (message.role === "assistant" ? message.toolCalls : []))
  const texts = [
    ...call.messages.map(textOf),
    ...calls.map((each) => `${each.name} ${each.arguments}`),
    ...call.passages.map(({ text }) => text),
    ...call.tools.map((tool) => `${tool.name} ${tool.description ?? ""} ${JSON.stringify(tool.parameters)}`),
  ]
  const chars = texts.reduce((sum, text) => sum + text.length, 0)
  if (chars > countedCharsMax) return { inputTokens: Math.ceil(chars / 4), estimated: true }
  return { inputTokens: texts.reduce((sum, text) => sum + countTokens(text), 0), estimated: false }
}
