// Exceptions that Bedrock sends inside a stream, as the errors that they would have been before it.
import type { JsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { errorOfStatus, type UpstreamError } from "../../upstream-error.ts"

const statuses: Readonly<Record<string, number>> = {
  throttlingException: 429,
  modelNotReadyException: 429,
  serviceQuotaExceededException: 429,
  validationException: 400,
  accessDeniedException: 403,
  resourceNotFoundException: 404,
  modelTimeoutException: 408,
  modelErrorException: 424,
  serviceUnavailableException: 503,
}

/** Streams name them in small letters, answers in capitals; what is not known is a fault over there. */
export function bedrockException(deployment: Deployment, type: string, data: JsonObject): UpstreamError {
  const name = type.charAt(0).toLowerCase() + type.slice(1)
  const own = typeof data["originalStatusCode"] === "number" ? data["originalStatusCode"] : undefined
  const status = statuses[name] ?? (name === "modelStreamErrorException" && own !== undefined && own >= 400 ? own : 500)
  const message = [data["message"], data["Message"], data["originalMessage"]].find((each) => typeof each === "string" && each !== "")
  const body = JSON.stringify({ message: message ?? `it reported a ${type === "" ? "failure" : type} without a text` })
  return errorOfStatus(deployment, status, body, { "x-amzn-errortype": type.charAt(0).toUpperCase() + type.slice(1) })
}
