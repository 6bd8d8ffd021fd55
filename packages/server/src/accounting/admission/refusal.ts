// Why a call is not admitted, in words: which limit, what it allows, what the call asks, and what to do.
import { AppError } from "../../core/index.ts"
import type { BoundRule } from "./rules.ts"
import type { LimitState, LimitUnit } from "./types.ts"

/** Thrown by `reserve`; the answer's limit headers come from `state`. */
export class LimitError extends AppError {
  readonly state: LimitState
  /** The call is larger than the whole limit: waiting does not help. */
  readonly neverFits: boolean

  constructor(refusal: Refusal, state: LimitState) {
    const { message, hint, code, retryAfterMs } = wordsOf(refusal)
    super(code, message, { hint, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
    this.state = state
    this.neverFits = refusal.reason === "too large"
  }
}

/**
 * `used up`: the budget is; waiting does not help before the next window. `held`: calls under way hold what is left.
 * `wait`: the rate allows it later. `too large`: it would never be allowed.
 */
export type Refusal = { bound: BoundRule; amount: number; used: number } & (
  | { reason: "used up"; resetsAt: number }
  | { reason: "held"; retryAfterMs: number }
  | { reason: "wait"; retryAfterMs: number }
  | { reason: "too large" }
)

interface Words {
  code: "rate_limit_exceeded" | "insufficient_quota"
  message: string
  hint: string
  retryAfterMs?: number
}

function wordsOf(refusal: Refusal): Words {
  const { bound, amount } = refusal
  const { rule, scope } = bound
  const raise = `raise the limit (${rule.origin})`
  const allowed = `The limit "${rule.name}" allows ${amountText(rule.unit, rule.limit)}${rule.per === null ? " at once" : perText(rule.per)}`
  const asked = rule.unit === "concurrent" || rule.unit === "requests" ? "" : ` for a call of up to ${amountText(rule.unit, amount)}`
  if (refusal.reason === "used up") {
    const anew = Number.isFinite(refusal.resetsAt) ? `It begins anew at ${new Date(refusal.resetsAt).toISOString()}; or ` : "To go on, "
    // What others used of a limit that all projects share is not told.
    const used = scope.project === null ? "" : `${amountText(rule.unit, refusal.used)} used so far, `
    return { code: "insufficient_quota", message: `${allowed}: ${used}too little is left${asked}.`, hint: `${anew}${raise}.` }
  }
  if (refusal.reason === "too large") {
    const code = rule.kind === "budget" ? "insufficient_quota" : "rate_limit_exceeded"
    const message = `${allowed}: this call may use ${amountText(rule.unit, amount)}, more than that.`
    return { code, message, hint: `Send less, ask for fewer output tokens (max_tokens), or ${raise}.` }
  }
  const { reason, retryAfterMs } = refusal
  const seconds = Math.max(0.001, Math.ceil(retryAfterMs) / 1_000)
  const [why, then] =
    reason === "held"
      ? [`calls under way hold what is left${asked}`, "when they are done"]
      : [`there is room${asked} in ${seconds} s`, "then"]
  return { code: "rate_limit_exceeded", message: `${allowed}: ${why}.`, hint: `Try again ${then}, or ${raise}.`, retryAfterMs }
}

function perText(per: string): string {
  return per === "total" ? " in total" : ` per ${per}`
}

const unitNames: Readonly<Record<LimitUnit, string>> = {
  microUsd: "",
  requests: "requests",
  tokens: "tokens",
  inputTokens: "input tokens",
  outputTokens: "output tokens",
  concurrent: "calls",
}

function amountText(unit: LimitUnit, amount: number): string {
  if (unit !== "microUsd") return `${Math.max(0, Math.ceil(amount))} ${unitNames[unit]}`
  const usd = Math.max(0, amount) / 1_000_000
  return `$${usd.toFixed(usd !== 0 && usd < 0.1 ? 6 : 2)}`
}
