// What models and deployments say of failures, as counts for each of them.
import type { Path } from "./paths.ts"
import type { AddProblem } from "./resolve-provider.ts"
import type { FallbackOnInput, RetryInput } from "./schema/retry.ts"
import type { FailurePolicyConfig, RetryConfig } from "./types.ts"

interface FailureInput {
  retry?: RetryInput | undefined
  fallbackOn?: FallbackOnInput | undefined
}

/** A deployment's own over its model's. */
export function resolveFailures(input: FailureInput, model: FailureInput): FailurePolicyConfig {
  const retry = input.retry ?? model.retry
  return { retry: retry === undefined ? null : resolveRetry(retry), fallbackOn: input.fallbackOn ?? model.fallbackOn ?? null }
}

function resolveRetry({ attempts, on, first }: RetryInput): RetryConfig {
  const own = first === undefined ? {} : { first }
  if (typeof attempts === "object") return { ...own, counts: attempts }
  return { ...own, ...(attempts === undefined ? {} : { attempts }), ...(on === undefined ? {} : { on }) }
}

export interface RetryCheckOptions {
  /** `limits.attemptsMax`: of one call, on all deployments together. */
  attemptsMax: number
  path: Path
  add: AddProblem
}

export function checkRetry(retry: RetryInput | undefined, { attemptsMax, path, add }: RetryCheckOptions): void {
  if (retry === undefined) return
  const { attempts, on } = retry
  if (typeof attempts === "object" && on !== undefined)
    add([...path, "retry", "on"], {
      what: "attempts says already after which failures",
      allowed: "attempts as a number, or no on",
    })
  const most = typeof attempts === "object" ? Math.max(0, ...Object.values(attempts)) : (attempts ?? 0)
  if (most >= attemptsMax)
    add([...path, "retry", "attempts"], {
      what: `${most} more attempts than the first are more than one call may make`,
      allowed: `whole number from 0 to ${attemptsMax - 1}`,
      hint: `raise limits.attemptsMax, which is ${attemptsMax}`,
    })
}
