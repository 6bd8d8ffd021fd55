// The words of health: what a part says about itself, and what the three probes answer from it.

export interface HealthCheck {
  /** Such as `database`, `models`. */
  readonly name: string
  /** Resolves with what is worth knowing, rejects with what is wrong. Never calls a paid model. */
  check(signal: AbortSignal): Promise<object>
}

export interface HealthResult {
  readonly name: string
  readonly ok: boolean
  readonly durationMs: number
  readonly detail: object
}

export interface HealthReport {
  readonly status: "ready" | "starting" | "draining" | "failing"
  readonly checks: readonly HealthResult[]
}

/** The process may be stopped from outside only when it is dead itself: liveness asks nobody. */
export type Liveness = { readonly status: "live" }
