// Failures inside a response: its own error, and the error event in both of its shapes.
import { isJsonObject, type JsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { errorOfStatus, type UpstreamError } from "../../upstream-error.ts"

const statuses: Readonly<Record<string, number>> = {
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  server_error: 500,
  model_error: 500,
  too_many_requests: 429,
  context_length_exceeded: 400,
}

/** `{"type":"error","code":…}`, `{"type":"error","error":{…}}`, or a response that failed with its `error`. */
export function responsesErrorIn(deployment: Deployment, told: JsonObject): UpstreamError {
  const error = isJsonObject(told["error"]) ? told["error"] : told
  const words = [error["code"], error["type"]].filter((value) => typeof value === "string")
  const known = words.map((word) => statuses[word]).find((status) => status !== undefined)
  const isRequest = words.some((word) => /^(?:invalid_|image_|unsupported_|empty_|failed_to_download)/.test(word))
  const { type: _event, sequence_number: _number, ...rest } = error
  const said = error === told ? rest : error
  return errorOfStatus(deployment, known ?? (isRequest ? 400 : 500), JSON.stringify({ error: said }), {})
}
