// Metric labels: every value comes from a closed set, whatever a client sends; what isn't in the set is "other".
import { errorCodes, runKinds } from "@perdure/contract"
import { providerTypeNames } from "../config/index.ts"

/** Bounds the series of a metric: unknown values would leak memory one request at a time (BerriAI/litellm#39136). */
export function closedSet(values: Iterable<string>): (value: string | null | undefined) => string {
  const known = new Set(values)
  return (value) => (value === null || value === undefined ? "none" : known.has(value) ? value : "other")
}

/** Like `closedSet` for a set that changes while the process runs, such as the configured models; never more than `max` values in a lifetime. */
export function changingSet(isKnown: (value: string) => boolean, max: number): (value: string | null | undefined) => string {
  const seen = new Set<string>()
  return (value) => {
    if (value === null || value === undefined) return "none"
    if (seen.has(value)) return value
    if (seen.size >= max || !isKnown(value)) return "other"
    seen.add(value)
    return value
  }
}

export const errorCodeLabel: (value: string | null | undefined) => string = closedSet(Object.keys(errorCodes))
export const methodLabel: (value: string | null | undefined) => string = closedSet([
  "GET",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "HEAD",
  "OPTIONS",
])
export const outcomeLabel: (value: string | null | undefined) => string = closedSet(["completed", "failed", "cancelled", "incomplete"])
export const alertOutcomeLabel: (value: string | null | undefined) => string = closedSet(["sent", "retried", "failed", "dropped"])
export const operationLabel: (value: string | null | undefined) => string = closedSet([
  "chat",
  "text_completion",
  "embeddings",
  "generate_content",
  "generate_image",
  "audio",
  "moderation",
  "rerank",
  "realtime",
  "retrieval",
])
export const providerLabel: (value: string | null | undefined) => string = closedSet([...providerTypeNames, "embedded"])
export const effectLabel: (value: string | null | undefined) => string = closedSet([
  "read",
  "idempotent",
  "transactional",
  "verify",
  "once",
])
export const kindLabel: (value: string | null | undefined) => string = closedSet(runKinds)
export const runStatusLabel: (value: string | null | undefined) => string = closedSet([
  "completed",
  "failed",
  "cancelled",
  "incomplete",
  "in_doubt",
  "needs_migration",
  "poisoned",
])

export const failureLabel: (value: string | null | undefined) => string = closedSet([
  "connection",
  "timeout",
  "rate_limit",
  "quota",
  "server",
  "credentials",
  "forbidden",
  "missing",
  "context",
  "content",
  "stream",
  "request",
  "probe",
])
export const retryLabel: (value: string | null | undefined) => string = closedSet(["same", "deployment", "model", "hedge"])
export const breakerLabel: (value: string | null | undefined) => string = closedSet(["closed", "open", "half_open"])

/** `2xx` … `5xx`. */
export function statusLabel(status: number): string {
  return status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : "other"
}
