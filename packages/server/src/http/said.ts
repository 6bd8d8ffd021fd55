// What a request says of itself that is kept with its run, for spend to be summed and runs to be found by it: its tags, its metadata.
import type { IncomingHttpHeaders } from "node:http"
import { AppError, isJsonObject, type JsonObject, type JsonValue, type Limits, type Said } from "../core/index.ts"
import { isPlain, metadataHeader, portkeyHeader, toldMetadata } from "./routing-rules/request-metadata.ts"

export interface Saying {
  /** Said to this server alone. */
  readonly perdure: JsonValue | undefined
  /** The body's own, which goes to the provider. */
  readonly metadata: JsonValue | undefined
  readonly user: string | null
}

export type SaidLimits = Pick<
  Limits,
  | "requestTagsMax"
  | "requestTagCharactersMax"
  | "requestMetadataKeysMax"
  | "requestMetadataKeyCharactersMax"
  | "requestMetadataValueCharactersMax"
>

/** Tags, with commas between them, from clients of LiteLLM. */
const tagsHeader = "x-litellm-tags"

/** Undefined instead of nothing at all: requests that say nothing cost nothing. Too much of what is said to this server is refused; what goes to a provider as well, or was written for another gateway, is cut. */
export function saidOf(headers: Readonly<IncomingHttpHeaders>, saying: Saying, limits: SaidLimits): Said | undefined {
  return isSilent(headers, saying) ? undefined : said(headers, saying, limits)
}

/** Five looks, no more. */
function isSilent(headers: Readonly<IncomingHttpHeaders>, { perdure, metadata }: Saying): boolean {
  if (metadata !== undefined || headers[tagsHeader] !== undefined) return false
  if (headers[metadataHeader] !== undefined || headers[portkeyHeader] !== undefined) return false
  return !isJsonObject(perdure) || perdure["metadata"] === undefined
}

function said(headers: Readonly<IncomingHttpHeaders>, { perdure, metadata: own, user }: Saying, limits: SaidLimits): Said | undefined {
  const { tags: toldTags, ...told } = toldMetadata(perdure, headers)
  const { tags: ownTags, ...others } = isJsonObject(own) ? own : {}
  const listed = tagsIn(toldTags)
  requireWithin(told, listed, limits)
  const tags = cutTags([...listed, ...tagsIn(ownTags), ...tagsIn(headers[tagsHeader])], limits)
  const kept = Object.entries(told).map(([key, value]) => [stored(key), storedValue(value)] as const)
  const metadata = Object.fromEntries([...kept, ...cutEntries(others, told, user, limits)].slice(0, limits.requestMetadataKeysMax))
  const isEmpty = Object.keys(metadata).length === 0
  return isEmpty && tags.length === 0 ? undefined : { tags, metadata: isEmpty ? null : metadata }
}

/** A text has commas between them: clients of providers that take only texts can send no list. */
function tagsIn(value: JsonValue | string[] | undefined): string[] {
  const parts = typeof value === "string" ? value.split(",") : Array.isArray(value) ? (value as readonly JsonValue[]) : []
  const texts = parts.filter((part) => typeof part !== "object").map((part) => stored(String(part)).trim())
  return texts.filter((tag) => tag !== "")
}

function cutTags(tags: readonly string[], { requestTagsMax, requestTagCharactersMax }: SaidLimits): string[] {
  return [...new Set(tags.map((tag) => cut(tag, requestTagCharactersMax)))].slice(0, requestTagsMax)
}

/** Messages name their end user in it, which the run has in its own place. */
function cutEntries(own: JsonObject, told: JsonObject, user: string | null, limits: SaidLimits): [string, JsonValue][] {
  return Object.entries(own)
    .filter(([key, value]) => isPlain(value) && !Object.hasOwn(told, key) && !(key === "user_id" && value === user))
    .map(([key, value]) => [cut(stored(key), limits.requestMetadataKeyCharactersMax), cutValue(storedValue(value), limits)])
}

function cutValue(value: JsonValue, { requestMetadataValueCharactersMax: most }: SaidLimits): JsonValue {
  return textOf(value).length <= most ? value : cut(textOf(value), most)
}

function cut(text: string, charactersMax: number): string {
  return text.slice(0, charactersMax).toWellFormed()
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value)
}

/** Without what Postgres cannot hold. */
function stored(text: string): string {
  return text.replaceAll("\0", "\uFFFD").toWellFormed()
}

function storedValue(value: JsonValue | undefined): JsonValue {
  if (typeof value === "string") return stored(value)
  return Array.isArray(value) ? (value as readonly JsonValue[]).map(storedValue) : (value ?? null)
}

function requireWithin(metadata: JsonObject, tags: readonly string[], limits: SaidLimits): void {
  const { requestTagsMax, requestTagCharactersMax, requestMetadataKeysMax } = limits
  const { requestMetadataKeyCharactersMax: keyMax, requestMetadataValueCharactersMax: valueMax } = limits
  const keys = Object.keys(metadata)
  if (keys.length > requestMetadataKeysMax) throw tooMuch(`has ${keys.length} keys; at most ${requestMetadataKeysMax} are kept`)
  if (tags.length > requestTagsMax) throw tooMuch(`has ${tags.length} tags; at most ${requestTagsMax} are kept`)
  const longKey = keys.find((key) => key.length > keyMax)
  if (longKey !== undefined) throw tooMuch(`has a key of ${longKey.length} characters; at most ${keyMax} are kept`)
  const longValue = keys.find((key) => textOf(metadata[key]).length > valueMax)
  if (longValue !== undefined)
    throw tooMuch(`has ${textOf(metadata[longValue]).length} characters in "${longValue}"; at most ${valueMax} are kept`)
  const longTag = tags.find((tag) => tag.length > requestTagCharactersMax)
  if (longTag !== undefined) throw tooMuch(`has a tag of ${longTag.length} characters; at most ${requestTagCharactersMax} are kept`)
}

function tooMuch(fault: string): AppError {
  return new AppError("unsupported_value", `what the request says of itself ("perdure.metadata", "${metadataHeader}") ${fault}`, {
    param: "perdure.metadata",
    hint: "Spend is summed and runs are found by it: keep names and ids in it, no texts. The limits are in `limits` of the configuration.",
  })
}
