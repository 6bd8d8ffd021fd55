// Portkey's status codes for retries and fallbacks as the failures of a deployment.
import type { FailureKey } from "../../config/index.ts"
import type { ConfigModels, Section } from "../litellm/index.ts"

type Retry = NonNullable<ConfigModels[string]["deployments"][number]["retry"]>

const retriesMax = 10

export function retryIn(section: Section): Retry | undefined {
  const retry = section.section("retry")
  const attempts = retry.number("attempts")
  const codes = retry.has("on_status_codes") ? failuresIn(retry) : undefined
  if (retry.take("use_retry_after_header") !== undefined)
    retry.report.add("not-needed", retry.at("use_retry_after_header"), "a retry-after is kept to in any case")
  if (attempts === undefined) return undefined
  return {
    attempts: Math.min(retriesMax, Math.max(0, Math.round(attempts))),
    ...(codes === undefined ? {} : { on: codes }),
    // Portkey asks a target again before it goes on to the next one.
    first: true,
  }
}

/** What Portkey answers itself when a provider is silent or cannot be reached comes with the codes that it has for it. */
export function failuresIn(section: Section): FailureKey[] {
  const codes = section.list("on_status_codes").filter((each) => typeof each === "number")
  const known = codes.filter((code) => Number.isInteger(code) && code >= 400 && code <= 599 && code !== 446)
  for (const code of codes.filter((each) => !known.includes(each)))
    section.left(
      "on_status_codes",
      code === 246 || code === 446
        ? "a guard's verdict is no failure of a provider"
        : `${code} is no failure: an answer is never asked for again`,
      code === 246 || code === 446 ? "A guard with action: route leads to another model (docs/how-to/guards.md)." : undefined,
    )
  const kinds: FailureKey[] = [
    ...(known.some((code) => code === 500 || code === 502 || code === 503) ? (["connection", "stream"] as const) : []),
    ...(known.some((code) => code === 408 || code === 504) ? (["timeout"] as const) : []),
  ]
  return [...new Set<FailureKey>([...known, ...kinds])]
}
