// What a request says of itself, for routing rules and its run: `perdure.metadata` of its body, or the header with the same as JSON.
import type { IncomingHttpHeaders } from "node:http"
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"

export const metadataHeader = "x-perdure-metadata"
/** With the same JSON, from clients of Portkey. */
export const portkeyHeader = "x-portkey-metadata"

/** The body's word goes before the headers', and all before the `metadata` that goes to the provider. */
export function requestMetadata(
  perdure: JsonValue | undefined,
  headers: Readonly<IncomingHttpHeaders>,
  own: JsonValue | undefined,
): JsonObject {
  return { ...(isJsonObject(own) ? own : {}), ...toldMetadata(perdure, headers) }
}

/** What is said to this server alone. */
export function toldMetadata(perdure: JsonValue | undefined, headers: Readonly<IncomingHttpHeaders>): JsonObject {
  return {
    ...inHeader(headers, portkeyHeader),
    ...inHeader(headers, metadataHeader),
    ...(isJsonObject(perdure) ? checkedMetadata(perdure["metadata"], "perdure.metadata") : {}),
  }
}

function inHeader(headers: Readonly<IncomingHttpHeaders>, name: string): JsonObject {
  const text = headers[name]
  return typeof text === "string" ? checkedMetadata(parsed(text, name), name) : {}
}

/** Nothing where it is absent. */
export function checkedMetadata(value: JsonValue | undefined, param: string): JsonObject {
  if (value === undefined || value === null) return {}
  if (isJsonObject(value) && Object.values(value).every(isPlain)) return value
  throw new AppError("invalid_type", `"${param}" must be an object of texts, numbers, true and false, or of lists of them`, {
    param,
    hint: example,
  })
}

/** A text, a number, true or false, or a list of them. */
export function isPlain(value: JsonValue | undefined): boolean {
  const values = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  return values.every((each) => typeof each !== "object" || each === null)
}

function parsed(text: string, name: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue // JSON is JSON
  } catch {
    throw new AppError("invalid_json", `the header "${name}" is not JSON`, { param: name, hint: example })
  }
}

const example = 'For example: {"plan":"pro","region":"eu"}'
