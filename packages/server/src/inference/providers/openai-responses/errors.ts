// Failures inside a response: its own error, and the error event in both of its shapes.
import { isJsonObject, type JsonObject } from "../../../core/index.ts"
import { toldIn } from "../../told-error.ts"
import { statusTold } from "../../told-status.ts"
import type { Deployment } from "../../types.ts"
import { errorOfStatus, type UpstreamError } from "../../upstream-error.ts"

/** `{"type":"error","code":…}`, `{"type":"error","error":{…}}`, or a response that failed with its `error`. */
export function responsesErrorIn(deployment: Deployment, told: JsonObject): UpstreamError {
  const error = isJsonObject(told["error"]) ? told["error"] : told
  const words = [error["code"], error["type"]].filter((value) => typeof value === "string")
  const isRequest = words.some((word) => /^(?:invalid_|image_|unsupported_|empty_|failed_to_download)/.test(word))
  const { type: _event, sequence_number: _number, ...rest } = error
  const said = error === told ? rest : error
  return errorOfStatus(deployment, statusTold(toldIn(error)) ?? (isRequest ? 400 : 500), JSON.stringify({ error: said }), {})
}
