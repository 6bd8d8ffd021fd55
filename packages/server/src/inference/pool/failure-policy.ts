// What the configuration says of a failure: whether another deployment may be asked after it, and how often the same one.
import type { FailureKey } from "../../config/index.ts"
import type { Deployment } from "../types.ts"
import type { UpstreamError, UpstreamFailure } from "../upstream-error.ts"

export type FailurePolicy = Pick<Deployment, "retry" | "fallbackOn">

/** Failures after which the same deployment may work a moment later. */
const passing: ReadonlySet<UpstreamFailure> = new Set(["connection", "rate_limit", "server", "stream", "request"])

/** Whether another may be asked; where nothing is listed, the failure itself says so. */
export function mayGoElsewhere({ fallbackOn }: FailurePolicy, error: UpstreamError): boolean {
  // What a dialect cannot express is no answer of a provider.
  if (fallbackOn === undefined || isOurs(error)) return error.retryable
  return lists(fallbackOn, error)
}

/** Whether the configuration says itself that another is asked after this. */
export function isListed({ fallbackOn }: FailurePolicy, error: UpstreamError): boolean {
  return fallbackOn !== undefined && lists(fallbackOn, error)
}

/** How often the same may be asked once more. */
export function retriesMax({ retry }: FailurePolicy, error: UpstreamError, usual: number): number {
  if (retry?.counts !== undefined)
    return retry.counts[String(error.upstreamStatus)] ?? (Object.hasOwn(retry.counts, error.failure) ? retry.counts[error.failure]! : 0)
  const isWanted = retry?.on === undefined ? error.retryable && passing.has(error.failure) : lists(retry.on, error)
  return isWanted ? (retry?.attempts ?? usual) : 0
}

function lists(failures: readonly FailureKey[], { upstreamStatus, failure }: UpstreamError): boolean {
  return failures.some((each) => each === upstreamStatus || each === failure)
}

function isOurs({ code }: UpstreamError): boolean {
  return code === "unsupported_value" || code === "feature_unavailable"
}
