// What is read and changed in the bodies of chat completions and embeddings.
import type { BodyBytes } from "../light/body-bytes.ts"
import type { Span } from "../light/body-scan.ts"
import { forwardedBody, type BodyRules, type ForwardedBody } from "../light/forwarded-body.ts"
import { asChat } from "./responses-shaped-chat.ts"
import { changeUsage, usageEdits } from "./usage-wish.ts"

const chatKeys = [
  "model",
  "stream",
  "stream_options",
  "user",
  "max_tokens",
  "max_completion_tokens",
  "n",
  "prompt_cache_key",
  "service_tier",
  "metadata",
  "perdure",
]

const chatRules: BodyRules = {
  keys: new Set(chatKeys),
  places: new Set([...chatKeys, "messages", "input", "tools", "reasoning_effort"]),
  edits: usageEdits,
  change: changeUsage,
  isForeign: (bytes, spans) =>
    (spans.has("tools") ? bytes.includes(customType) || hasFlatTools(bytes, spans) : false) || !hasMessages(spans),
  translated: asChat,
}

/** Tools of that type have two forms. */
const customType = Buffer.from('"custom"')

function hasFlatTools(bytes: BodyBytes, spans: ReadonlyMap<string, Span>): boolean {
  const span = spans.get("tools")
  const head = span ? bytes.text({ start: span.start, end: Math.min(span.end, span.start + lookBytes) }) : ""
  return /^\[\s*\{\s*"type"\s*:\s*"function"\s*,\s*"name"/.test(head)
}

/** Enough to see how the first tool begins. */
const lookBytes = 200

function hasMessages(spans: ReadonlyMap<string, Span>): boolean {
  return spans.has("messages") || !spans.has("input")
}

const embeddingRules: BodyRules = {
  keys: new Set(["model", "user", "encoding_format", "metadata", "perdure"]),
  edits: () => [],
  // `encoding_format: null` must not be sent on.
  change: ({ encoding_format: format, ...rest }) => (format === null || format === undefined ? rest : { ...rest, encoding_format: format }),
  unusual: (values) => values["encoding_format"] === null,
}

export function chatBody(bytes: BodyBytes): ForwardedBody {
  return forwardedBody(bytes, chatRules)
}

export function embeddingBody(bytes: BodyBytes): ForwardedBody {
  return forwardedBody(bytes, embeddingRules)
}
