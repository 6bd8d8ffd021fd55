// What is read and changed in the bodies of chat completions and embeddings.
import { isJsonObject, type JsonValue } from "../../core/index.ts"
import type { BodyBytes, Edit } from "../light/body-bytes.ts"
import type { Span } from "../light/body-scan.ts"
import { forwardedBody, type BodyRules, type ForwardedBody, type Values } from "../light/forwarded-body.ts"

const chatKeys = ["model", "stream", "stream_options", "user", "max_tokens", "max_completion_tokens", "prompt_cache_key", "perdure"]

const chatRules: BodyRules = {
  keys: new Set(chatKeys),
  places: new Set([...chatKeys, "messages", "tools", "reasoning_effort"]),
  edits: chatEdits,
  change: (body) => (body["stream"] === true ? { ...body, stream_options: withUsage(body["stream_options"]) } : body),
}

const embeddingRules: BodyRules = {
  keys: new Set(["model", "user", "encoding_format", "perdure"]),
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

/** Streams always report their usage to us. */
function chatEdits(values: Values, spans: ReadonlyMap<string, Span>): Edit[] {
  if (values["stream"] !== true) return []
  const options = values["stream_options"]
  if (isJsonObject(options) && options["include_usage"] === true) return []
  const span = spans.get("stream_options")
  if (span) return [{ ...span, text: JSON.stringify(withUsage(options)) }]
  const end = spans.get("model")?.end ?? 0 // a request without a model was refused before
  return [{ start: end, end, text: ',"stream_options":{"include_usage":true}' }]
}

function withUsage(options: JsonValue | undefined): JsonValue {
  return { ...(isJsonObject(options) ? options : {}), include_usage: true }
}
