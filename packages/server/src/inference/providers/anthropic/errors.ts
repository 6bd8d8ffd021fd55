// Errors that Anthropic puts into a stream or a 200, which have a word but no status.
import type { JsonObject } from "../../../core/index.ts"
import { toldIn } from "../../told-error.ts"
import { statusTold } from "../../told-status.ts"
import type { Deployment } from "../../types.ts"
import { errorOfStatus, type UpstreamError } from "../../upstream-error.ts"

/** `{"type":"error","error":{"type":…,"message":…}}`, as if it had come with the status of its type. */
export function anthropicErrorIn(deployment: Deployment, event: JsonObject): UpstreamError {
  return errorOfStatus(deployment, statusTold(toldIn(event["error"])) ?? 500, JSON.stringify(event), {})
}
