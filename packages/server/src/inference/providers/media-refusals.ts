// Errors of media calls: what a provider has no place for, and what its filter holds back.
import { AppError } from "../../core/index.ts"
import type { Deployment } from "../types.ts"
import { redact } from "../redact.ts"
import { UpstreamError } from "../upstream-error.ts"

/** A parameter that cannot be said there, and that the result would be wrong without. */
export function cannotTake(deployment: Deployment, param: string, what: string, hint: string): AppError {
  return new AppError("unsupported_value", `${what} cannot be asked of "${deployment.id}"`, { param, hint })
}

/** In OpenAI's words for it, so that clients that look at the code know. */
export function heldBack(
  deployment: Deployment,
  reason: string,
  type: "image_generation_user_error" | "invalid_request_error",
): UpstreamError {
  const message = `the provider of "${deployment.id}" held the result back: ${redact(deployment, reason).slice(0, 300)}`
  const answer = { status: 400, type, code: "moderation_blocked", param: null }
  return new UpstreamError("invalid_request", message, { answer, retryable: false, failure: "content" })
}

/** With the first reason that is a text, where one is told. */
export function noPicture(deployment: Deployment, reasons: readonly unknown[]): UpstreamError {
  const reason = reasons.find((each) => typeof each === "string")
  return heldBack(deployment, reason ?? "no picture came", "image_generation_user_error")
}
