// What makes two requests the same: a digest of everything but the volatile, and for semantic search the one text that may differ.
import { createHash } from "node:crypto"
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { CacheQuestion } from "./types.ts"

export interface QuestionKeys {
  /** Of the whole request, in its scope. */
  exact: string
  /** Undefined where only the same request will do. */
  semantic: { topic: string; text: string } | undefined
}

/** Changed whenever keys or what is kept under them mean something else. */
const version = 1

/** Say who asks, how it is billed or how it is delivered; none changes what a model answers. `stream` is in the key by itself. */
const volatile: ReadonlySet<string> = new Set([
  "model",
  "user",
  "metadata",
  "store",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_retention",
  "service_tier",
  "stream",
  "stream_options",
  "perdure",
])

/** Undefined for requests that have no key: no end user where the scope is the end user, or nested too deeply to be written down. */
export function keysOf(question: CacheQuestion, embedModel: string | undefined): QuestionKeys | undefined {
  const scope = scopeOf(question)
  if (scope === undefined) return undefined
  const { dialect, model, stream, usageAsked, policy, idempotencyKey: key } = question
  const body = Object.fromEntries(Object.entries(question.body).filter(([key]) => !volatile.has(key)))
  const place: JsonValue[] = [version, question.projectId, policy.scope, scope, dialect, model, stream, stream && usageAsked]
  if (key !== undefined) place.push({ idempotencyKey: key })
  if (question.parameters) place.push({ parameters: question.parameters as unknown as JsonValue }) // plain JSON
  try {
    const exact = digest([...place, body])
    if (policy.mode === "exact" || embedModel === undefined) return { exact, semantic: undefined }
    const parts = splitQuestion(body)
    const semantic = parts && { topic: digest([...place, embedModel, parts.rest, numbersIn(parts.text)]), text: parts.text }
    return { exact, semantic }
  } catch (error) {
    if (error instanceof RangeError) return undefined // deeper than the stack
    throw error
  }
}

function scopeOf({ policy, principal, user }: CacheQuestion): string | undefined {
  if (policy.scope === "project") return ""
  if (policy.scope === "principal") return principal
  return user === null || user === "" ? undefined : user
}

/** The text of the last message where a user wrote it and it is nothing but text, and the rest of the request without that text. */
function splitQuestion(body: JsonObject): { text: string; rest: JsonValue } | undefined {
  const messages = body["messages"]
  if (!Array.isArray(messages)) return undefined
  const all = messages as readonly JsonValue[]
  const last = all.at(-1)
  if (!isJsonObject(last) || last["role"] !== "user") return undefined
  const text = textOf(last["content"])
  if (text === undefined || text.trim() === "") return undefined
  const { content: _, ...otherwise } = last
  return { text, rest: { ...body, messages: [...all.slice(0, -1), otherwise] } }
}

function textOf(content: JsonValue | undefined): string | undefined {
  if (typeof content === "string") return content
  if (!Array.isArray(content)) return undefined
  const texts = (content as readonly JsonValue[]).map((part) =>
    isJsonObject(part) && (part["type"] === "text" || part["type"] === "input_text") && Object.keys(part).length === 2
      ? part["text"]
      : undefined,
  )
  return texts.every((text) => typeof text === "string") ? texts.join("\n") : undefined
}

/** Embeddings hardly see the difference between 2023 and 2024: numbers must be the same, in the same order. */
function numbersIn(text: string): string[] {
  return [...text.matchAll(/\p{Nd}+/gu)].map(([digits]) => digits)
}

function digest(value: readonly JsonValue[]): string {
  return createHash("sha256").update(canonicalJson(value)).digest("base64url")
}
