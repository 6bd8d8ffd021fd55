// The circuit breaker of one deployment: closed while it works, open while it is left alone, half open while one trial is under way.
//
//   closed ─ failures in a row, share of failures, refused credentials, refusals of several callers, failed probes ─→ open
//   open ─ its time is over, or nothing else is left ─→ one trial ─ good ─→ closed
//                                                              └ bad ─→ open, for twice as long
import type { Limits } from "../../core/index.ts"
import type { UpstreamFailure } from "../upstream-error.ts"
import { RecentOutcomes } from "./averages.ts"
import type { BreakerState } from "./types.ts"

export type BreakerLimits = Pick<
  Limits,
  | "breakerFailuresMax"
  | "breakerErrorPercent"
  | "breakerRequestsMin"
  | "breakerWindowMs"
  | "breakerOpenMs"
  | "breakerOpenMsMax"
  | "breakerLastResortMs"
>

/** Opens it at once: trying again does not make a key right. Which refusals are everybody's is known before (`refusals.ts`). */
const atOnce: ReadonlySet<string> = new Set(["credentials", "forbidden", "probe"])
/** Times are spread by this share, so that deployments which failed together are not tried together. */
const jitter = 0.2

export class Breaker {
  readonly #limits: BreakerLimits
  readonly #rng: () => number
  readonly #outcomes: RecentOutcomes
  #inRow = 0
  #openings = 0
  #openUntil: number | undefined
  #lastTrialAt = -Infinity
  #trialUnderWay = false
  openedBy: UpstreamFailure | "probe" | null = null

  constructor(limits: BreakerLimits, rng: () => number) {
    this.#limits = limits
    this.#rng = rng
    this.#outcomes = new RecentOutcomes(limits.breakerWindowMs)
  }

  /** When its time is over; undefined while it is closed. */
  get openUntil(): number | undefined {
    return this.#openUntil
  }

  state(now: number): BreakerState {
    if (this.#openUntil === undefined) return "closed"
    return this.#trialUnderWay || now >= this.#openUntil ? "half_open" : "open"
  }

  allows(now: number): boolean {
    return this.#openUntil === undefined || (now >= this.#openUntil && !this.#trialUnderWay)
  }

  /** A trial before its time, where nothing else is left. */
  allowsEarly(now: number): boolean {
    return !this.#trialUnderWay && now - this.#lastTrialAt >= this.#limits.breakerLastResortMs
  }

  /** Whether the attempt that starts is a trial; its end must be told as one. */
  begin(now: number): boolean {
    if (this.#openUntil === undefined) return false
    this.#trialUnderWay = true
    this.#lastTrialAt = now
    return true
  }

  errorRate(now: number): number {
    return this.#outcomes.errorRate(now)
  }

  /** Attempts that began before it opened say nothing new. */
  succeeded(isTrial: boolean, now: number): void {
    if (this.#openUntil !== undefined && !isTrial) return
    if (isTrial) this.#close()
    this.#inRow = 0
    this.#outcomes.add(true, now)
  }

  failed(failure: UpstreamFailure | "probe", isTrial: boolean, now: number): void {
    if (isTrial) this.#trialUnderWay = false
    if (this.#openUntil !== undefined && !isTrial) return
    this.#inRow += 1
    this.#outcomes.add(false, now)
    if (isTrial || atOnce.has(failure) || this.#isTooMuch(now)) this.#open(failure, now)
  }

  /** The attempt ended without telling anything. */
  abandoned(isTrial: boolean): void {
    if (isTrial) this.#trialUnderWay = false
  }

  /** Something speaks for it: it may be tried now. */
  hopeful(now: number): void {
    if (this.#openUntil !== undefined && this.openedBy !== "credentials") this.#openUntil = Math.min(this.#openUntil, now)
  }

  #isTooMuch(now: number): boolean {
    const { breakerFailuresMax, breakerErrorPercent, breakerRequestsMin } = this.#limits
    if (this.#inRow >= breakerFailuresMax) return true
    return this.#outcomes.calls(now) >= breakerRequestsMin && this.#outcomes.errorRate(now) * 100 >= breakerErrorPercent
  }

  #open(failure: UpstreamFailure | "probe", now: number): void {
    const { breakerOpenMs, breakerOpenMsMax } = this.#limits
    const ms = Math.min(breakerOpenMsMax, breakerOpenMs * 2 ** Math.min(this.#openings, 16))
    this.#openings += 1
    this.#openUntil = now + ms * (1 + jitter * (this.#rng() - 0.5))
    this.openedBy = failure
    this.#lastTrialAt = now
  }

  #close(): void {
    this.#trialUnderWay = false
    this.#openUntil = undefined
    this.#openings = 0
    this.openedBy = null
    this.#outcomes.clear()
  }
}
