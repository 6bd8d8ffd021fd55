// What provider packages throw, as the failures that they mean.
import { AppError, isJsonObject, messageOf } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { redact } from "../../redact.ts"
import { errorOfStatus, UpstreamError } from "../../upstream-error.ts"

/** Recognised by their fields: the application's copy of the package has classes of its own. */
export function sdkError(deployment: Deployment, error: unknown): AppError {
  if (error instanceof AppError) return error
  const fields: Readonly<Record<string, unknown>> = typeof error === "object" && error !== null ? { ...error, name: nameOf(error) } : {}
  const { statusCode, responseBody, responseHeaders } = fields
  const message = redact(deployment, messageOf(error))
  if (typeof statusCode === "number" && statusCode >= 400) {
    const headers = isJsonObject(responseHeaders) ? (responseHeaders as Record<string, string>) : {} // names and texts, by the specification
    return errorOfStatus(
      deployment,
      statusCode,
      typeof responseBody === "string" && responseBody !== "" ? responseBody : JSON.stringify({ message }),
      headers,
    )
  }
  if (fields["name"] === "AI_UnsupportedFunctionalityError" || fields["name"] === "AI_InvalidPromptError")
    return new AppError("unsupported_value", `"${deployment.id}" cannot take this request: ${message}`, { cause: error })
  const isKey = fields["name"] === "AI_LoadAPIKeyError" || fields["name"] === "AI_LoadSettingError"
  return new UpstreamError("upstream_error", `the provider of "${deployment.id}" failed: ${message}`, {
    retryable: true,
    failure: isKey ? "credentials" : "connection",
    cause: error,
  })
}

function nameOf(error: object): unknown {
  return "name" in error ? error.name : undefined
}
