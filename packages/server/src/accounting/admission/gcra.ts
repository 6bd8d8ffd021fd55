// The generic cell rate algorithm: one number, the theoretical arrival time, is the whole state of a rate limit.

import type { LimitRule } from "./rules.ts"
import { ratePeriodMs } from "./windows.ts"

export interface Rate {
  /** Milliseconds in which one unit comes back. */
  intervalMs: number
  /** Units that may be used at once. */
  burst: number
}

/** Milliseconds until `amount` fits; zero or less: it fits now. */
export function waitMs(arrival: number, amount: number, now: number, { intervalMs, burst }: Rate): number {
  return Math.max(arrival, now) + (amount - burst) * intervalMs - now
}

/** The arrival time after `amount` was used; a negative amount gives back. */
export function advanced(arrival: number, amount: number, now: number, { intervalMs, burst }: Rate): number {
  const base = amount > 0 ? Math.max(arrival, now) : arrival
  // A wall clock that was set back must not block for as long as it was wrong.
  return Math.min(base, now + 2 * burst * intervalMs) + amount * intervalMs
}

export function remaining(arrival: number, now: number, { intervalMs, burst }: Rate): number {
  return Math.max(0, Math.floor(burst - Math.max(0, arrival - now) / intervalMs))
}

export function rateOf(rule: LimitRule): Rate {
  if (rule.kind !== "rate") throw new Error(`the limit "${rule.name}" is not a rate`)
  return { intervalMs: ratePeriodMs[rule.per] / rule.limit, burst: rule.burst }
}
