// What a request says of itself for routing rules: `perdure.metadata` of its body, or the header with the same as JSON.
import type { IncomingHttpHeaders } from "node:http"
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"

const metadataHeader = "x-perdure-metadata"

/** The body's word goes before the header's, and both before the `metadata` that goes to the provider. */
export function requestMetadata(
  perdure: JsonValue | undefined,
  headers: Readonly<IncomingHttpHeaders>,
  own: JsonValue | undefined,
): JsonObject {
  const header = headers[metadataHeader]
  return {
    ...(isJsonObject(own) ? own : {}),
    ...(typeof header === "string" ? checkedMetadata(parsed(header), metadataHeader) : {}),
    ...(isJsonObject(perdure) ? checkedMetadata(perdure["metadata"], "perdure.metadata") : {}),
  }
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

function isPlain(value: JsonValue | undefined): boolean {
  const values = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  return values.every((each) => typeof each !== "object" || each === null)
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue // JSON is JSON
  } catch {
    throw new AppError("invalid_json", `the header "${metadataHeader}" is not JSON`, { param: metadataHeader, hint: example })
  }
}

const example = 'For example: {"plan":"pro","region":"eu"}'
