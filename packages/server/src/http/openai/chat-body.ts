// What is read and changed in the bodies of chat completions and embeddings.
import type { BodyBytes } from "../light/body-bytes.ts"
import { forwardedBody, type BodyRules, type ForwardedBody } from "../light/forwarded-body.ts"
import { changeUsage, usageEdits } from "./usage-wish.ts"

const chatKeys = ["model", "stream", "stream_options", "user", "max_tokens", "max_completion_tokens", "n", "prompt_cache_key", "perdure"]

const chatRules: BodyRules = {
  keys: new Set(chatKeys),
  places: new Set([...chatKeys, "messages", "tools", "reasoning_effort"]),
  edits: usageEdits,
  change: changeUsage,
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
