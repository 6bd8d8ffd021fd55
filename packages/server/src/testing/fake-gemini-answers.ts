// The fake provider's answers in Google's shape: generateContent, the events of its stream, vectors, an error.
import type { ProviderShape } from "./fake-provider-shapes.ts"
import { joined, parts, textOf } from "./fake-provider-answers.ts"
import type { FakeAnswer } from "./fake-provider.ts"

/** At Google's own address and on Vertex. */
export const geminiShape: ProviderShape = {
  serves: (path) => /:(?:streamG|g)enerateContent|:batchEmbedContents|:predict$/.test(path),
  isStream: ({ path }) => path.includes(":streamGenerateContent"),
  streamType: "text/event-stream",
  whole: ({ path, body }, script) => {
    if (path.endsWith(":batchEmbedContents")) return batchEmbeddings(body)
    if (path.endsWith(":predict")) return predictions(body)
    return answer([...thoughts(script), ...texts(script), ...calls(script)], script, true)
  },
  frames: (_, script) => {
    const each = [...thoughts(script), ...texts(script), ...calls(script)]
    const frames = each.map((part, index) => frame(answer([part], script, script.finishReason !== null && index === each.length - 1)))
    if (!script.streamError) return frames
    const { afterFrames, message, code = "UNAVAILABLE" } = script.streamError
    return [...frames.slice(0, afterFrames), frame({ error: { code: 503, message, status: code } })]
  },
  error: ({ status, message = "the fake provider refuses", type = "INTERNAL" }) => ({ error: { code: status, message, status: type } }),
}

type Part = Record<string, unknown>

function thoughts(script: FakeAnswer): Part[] {
  return script.reasoning === undefined ? [] : parts(script.reasoning).map((text) => ({ text, thought: true }))
}

function texts(script: FakeAnswer): Part[] {
  if (script.text === undefined && script.toolCalls) return []
  const all: Part[] = parts(script.text ?? textOf(script)).map((text) => ({ text }))
  return script.signature === undefined ? all : [...all, { text: "", thoughtSignature: script.signature }]
}

/** Only the first of several is signed. */
function calls({ toolCalls = [], signature }: FakeAnswer): Part[] {
  return toolCalls.map(({ id, name, arguments: text }, index) => ({
    functionCall: { id, name, args: JSON.parse(joined(text) || "{}") as unknown },
    ...(index === 0 && signature !== undefined ? { thoughtSignature: signature } : {}),
  }))
}

const finishReasons: Readonly<Record<string, string>> = { stop: "STOP", tool_calls: "STOP", length: "MAX_TOKENS", content_filter: "SAFETY" }

function answer(contents: readonly Part[], script: FakeAnswer, ends: boolean): unknown {
  const finish = ends ? { finishReason: finishReasons[script.finishReason ?? "stop"] ?? script.finishReason } : {}
  const usage = ends ? usageMetadata(script) : undefined
  return {
    candidates: [{ content: { role: "model", parts: contents }, ...finish, index: 0 }],
    ...(usage ? { usageMetadata: usage } : {}),
    modelVersion: "fake-gemini",
    responseId: "fake",
  }
}

function usageMetadata({ usage }: FakeAnswer): Part | undefined {
  if (usage === null) return undefined
  const { prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens = 0 } = usage ?? { prompt_tokens: 12, completion_tokens: 5 }
  return {
    promptTokenCount: prompt_tokens,
    candidatesTokenCount: completion_tokens - reasoning_tokens,
    totalTokenCount: prompt_tokens + completion_tokens,
    ...(reasoning_tokens > 0 ? { thoughtsTokenCount: reasoning_tokens } : {}),
    ...(cached_tokens === undefined ? {} : { cachedContentTokenCount: cached_tokens }),
  }
}

function batchEmbeddings(body: Record<string, unknown>): unknown {
  const requests = body["requests"] as { content: { parts: { text: string }[] } }[] // what was asked of it
  return { embeddings: requests.map(({ content }) => ({ values: vectorOf(content.parts[0]?.text ?? "") })) }
}

function predictions(body: Record<string, unknown>): unknown {
  const instances = body["instances"] as { content: string }[] // what was asked of it
  return {
    predictions: instances.map(({ content }) => ({
      embeddings: { values: vectorOf(content), statistics: { token_count: content.length, truncated: false } },
    })),
  }
}

/** Another one for each text. */
export function vectorOf(text: string): number[] {
  const sum = [...text].reduce((hash, character) => (hash * 31 + (character.codePointAt(0) ?? 0)) % 1_009, 7)
  return [3, text.length, sum]
}

function frame(data: unknown): string {
  return `data: ${JSON.stringify(data)}\r\n\r\n`
}
