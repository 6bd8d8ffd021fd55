// Errors that Anthropic puts into a stream or a 200, which have a word but no status.
import { isJsonObject, type JsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { errorOfStatus, type UpstreamError } from "../../upstream-error.ts"

const statuses: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
}

/** `{"type":"error","error":{"type":…,"message":…}}`, as if it had come with the status of its type. */
export function anthropicErrorIn(deployment: Deployment, event: JsonObject): UpstreamError {
  const { error } = event
  const type = isJsonObject(error) && typeof error["type"] === "string" ? error["type"] : ""
  return errorOfStatus(deployment, statuses[type] ?? 500, JSON.stringify(event), {})
}
