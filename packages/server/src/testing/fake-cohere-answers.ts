// The fake provider's answers in Cohere's shape: chat, the events of its stream, vectors, ranks, an error.
import type { ProviderShape } from "./fake-provider-shapes.ts"
import { joined, parts, textOf } from "./fake-provider-answers.ts"
import { vectorOf } from "./fake-gemini-answers.ts"
import type { FakeAnswer } from "./fake-provider.ts"

export const cohereShape: ProviderShape = {
  serves: (path) => /^\/v2\/(?:chat|embed|rerank)$/.test(path),
  isStream: ({ body }) => body["stream"] === true,
  streamType: "text/event-stream",
  whole: ({ path, body }, script) => {
    if (path.endsWith("/embed")) return embeddings(body)
    if (path.endsWith("/rerank")) return ranks(body)
    return { id: "fake", finish_reason: finishOf(script), message: { role: "assistant", ...contentOf(script) }, usage: usageOf(script) }
  },
  frames: (_, script) => {
    const frames = [
      frame("message-start", { id: "fake", delta: { message: { role: "assistant" } } }),
      ...contentFrames(script),
      ...callFrames(script),
    ]
    const finish = finishOf(script)
    if (script.streamError) {
      const { afterFrames, message } = script.streamError
      return [...frames.slice(0, afterFrames), frame("message-end", { delta: { finish_reason: "ERROR", error: message } })]
    }
    return finish === null ? frames : [...frames, frame("message-end", { delta: { finish_reason: finish, usage: usageOf(script) } })]
  },
  error: ({ message = "the fake provider refuses" }) => ({ id: "fake", message }),
}

/** Documents that have more in common with the query by their first letter come first. */
function ranks(body: Record<string, unknown>): unknown {
  const { query, documents, top_n: count } = body as { query: string; documents: string[]; top_n?: number } // what was asked of it
  const results = documents.map((text, index) => ({ index, relevance_score: text.startsWith(query.slice(0, 1)) ? 0.9 : 0.1 / (index + 1) }))
  const best = results.toSorted((a, b) => b.relevance_score - a.relevance_score).slice(0, count)
  return { id: "fake", results: best, meta: { billed_units: { search_units: 1 } } }
}

function embeddings(body: Record<string, unknown>): unknown {
  const texts = body["texts"] as string[] // what was asked of it
  const tokens = texts.reduce((sum, text) => sum + text.length, 0)
  return { id: "fake", embeddings: { float: texts.map(vectorOf) }, meta: { billed_units: { input_tokens: tokens } } }
}

const finishReasons: Readonly<Record<string, string>> = {
  stop: "COMPLETE",
  length: "MAX_TOKENS",
  tool_calls: "TOOL_CALL",
  content_filter: "ERROR_TOXIC",
}

function finishOf(script: FakeAnswer): string | null {
  if (script.finishReason === null) return null
  const said = script.finishReason ?? (script.toolCalls?.length ? "tool_calls" : "stop")
  return finishReasons[said] ?? said
}

function contentOf(script: FakeAnswer): Record<string, unknown> {
  const thinking = script.reasoning === undefined ? [] : [{ type: "thinking", thinking: joined(script.reasoning) }]
  if (!script.toolCalls) return { content: [...thinking, { type: "text", text: textOf(script) }] }
  return {
    ...(thinking.length > 0 ? { content: thinking } : {}),
    ...(script.text === undefined ? {} : { tool_plan: joined(script.text) }),
    tool_calls: script.toolCalls.map(({ id, name, arguments: text }) => ({
      id,
      type: "function",
      function: { name, arguments: joined(text) },
    })),
  }
}

function contentFrames(script: FakeAnswer): string[] {
  const block = (index: number, type: "thinking" | "text", texts: readonly string[]): string[] => [
    frame("content-start", { index, delta: { message: { content: { type, [type]: "" } } } }),
    ...texts.map((text) => frame("content-delta", { index, delta: { message: { content: { [type]: text } } } })),
    frame("content-end", { index }),
  ]
  const thinking = script.reasoning === undefined ? [] : block(0, "thinking", parts(script.reasoning))
  if (script.toolCalls)
    return [...thinking, ...parts(script.text).map((text) => frame("tool-plan-delta", { delta: { message: { tool_plan: text } } }))]
  return [...thinking, ...block(1, "text", parts(script.text ?? textOf(script)))]
}

function callFrames({ toolCalls = [] }: FakeAnswer): string[] {
  return toolCalls.flatMap(({ id, name, arguments: text }, index) => {
    const call = (type: string, part: Record<string, unknown>): string => frame(type, { index, delta: { message: { tool_calls: part } } })
    return [
      call("tool-call-start", { id, type: "function", function: { name, arguments: "" } }),
      ...parts(text).map((piece) => call("tool-call-delta", { function: { arguments: piece } })),
      frame("tool-call-end", { index }),
    ]
  })
}

function usageOf({ usage }: FakeAnswer): unknown {
  if (usage === null) return undefined
  const { prompt_tokens: input_tokens, completion_tokens: output_tokens } = usage ?? { prompt_tokens: 12, completion_tokens: 5 }
  return { billed_units: { input_tokens, output_tokens }, tokens: { input_tokens: input_tokens + 500, output_tokens } }
}

function frame(type: string, data: Record<string, unknown>): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
}
