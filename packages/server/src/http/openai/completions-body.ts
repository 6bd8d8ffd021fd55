// What is read and changed in the body of a completions request.
import { AppError, type JsonValue } from "../../core/index.ts"
import type { BodyBytes } from "../light/body-bytes.ts"
import { forwardedBody, type BodyRules, type ForwardedBody } from "../light/forwarded-body.ts"
import { changeUsage, usageEdits } from "./usage-wish.ts"

const keys = ["model", "stream", "stream_options", "user", "max_tokens", "n", "best_of", "service_tier", "metadata", "perdure"]

const rules: BodyRules = {
  keys: new Set(keys),
  places: new Set([...keys, "prompt"]),
  edits: usageEdits,
  change: changeUsage,
}

/** Each text of a list is completed, each as often as `n` or `best_of` says: so much is held of the budget. */
export function completionsBody(bytes: BodyBytes): ForwardedBody {
  const body = forwardedBody(bytes, rules)
  const { outputTokensMax } = body
  const head = body.head("prompt")
  if (head === "") throw missing()
  if (!head.startsWith("[")) return body
  const prompts = promptsIn(body.top(new Set(["prompt"])).value("prompt"))
  return { ...body, outputTokensMax: outputTokensMax === null ? null : outputTokensMax * prompts }
}

function missing(): AppError {
  return new AppError("missing_required_parameter", '"prompt" is missing', {
    param: "prompt",
    hint: 'A text, a list of texts, or tokens. Conversations ("messages") go to /v1/chat/completions.',
  })
}

/** A list of numbers is one text in tokens. */
function promptsIn(prompt: JsonValue | undefined): number {
  if (!Array.isArray(prompt) || prompt.length === 0) throw wrongPrompt()
  const each = prompt as readonly JsonValue[]
  if (each.every((item) => typeof item === "number")) return 1
  if (each.every((item) => typeof item === "string" || isTokens(item))) return each.length
  throw wrongPrompt()
}

function isTokens(value: JsonValue): boolean {
  return Array.isArray(value) && value.length > 0 && (value as readonly JsonValue[]).every((item) => typeof item === "number")
}

function wrongPrompt(): AppError {
  return new AppError("invalid_type", '"prompt" must be a text, a list of texts, a list of tokens or a list of such lists', {
    param: "prompt",
  })
}
