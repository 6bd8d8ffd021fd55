// The pool: plans the way of each call through the deployments of its model, and remembers how they fared.
import type { Clock, Limits } from "../../core/index.ts"
import type { Models } from "../models.ts"
import type { Deployment, Model } from "../types.ts"
import { nothingEligible, type Filter, type PriceOf } from "./eligible.ts"
import { RequestPlan, type PlanLimits, type PlanShared } from "./plan.ts"
import { RetryBudget } from "./retry-budget.ts"
import { stagesOf } from "./stages.ts"
import type { StateLimits } from "./state.ts"
import { DeploymentStates } from "./states.ts"
import type { DeploymentHealth, Plan, PlanRequest, Pool, PoolObserver, ProbeResult, UpstreamLimits } from "./types.ts"

export type PoolLimits = PlanLimits & StateLimits & Pick<Limits, "deploymentStatesMax" | "retryBudgetPercent" | "retryBudgetBurst">

export interface PoolOptions {
  models: Pick<Models, "get">
  limits: PoolLimits
  clock: Clock
  /** What is known of prices, for `sort` and `max_price`. */
  priceOf?: PriceOf
  observer?: PoolObserver
  upstream?: UpstreamLimits
  /** Between 0 and 1; the only source of chance. */
  rng?: () => number
}

export function createPool(options: PoolOptions): Pool {
  return new DeploymentPool(options)
}

class DeploymentPool implements Pool {
  readonly #shared: PlanShared
  readonly #priceOf: PriceOf
  readonly #clock: Clock
  readonly #states: DeploymentStates
  readonly #declared = new Map<string, Deployment>()

  constructor({ models, limits, clock, priceOf, observer = {}, upstream, rng = Math.random }: PoolOptions) {
    const budgets = new WeakMap<Model, RetryBudget>()
    const budgetOf = (model: Model): RetryBudget => {
      const known = budgets.get(model)
      if (known) return known
      const budget = new RetryBudget(limits)
      budgets.set(model, budget)
      return budget
    }
    this.#clock = clock
    this.#priceOf = priceOf ?? ((): undefined => undefined)
    this.#states = new DeploymentStates(limits, rng)
    const now = (): number => clock.monotonic()
    this.#shared = { limits, states: this.#states, rng, now, modelNamed: (name) => models.get(name), budgetOf, observer, upstream }
  }

  plan(model: Model, request: PlanRequest): Plan {
    const filter: Filter = { request, regions: model.regions, priceOf: this.#priceOf }
    const stages = stagesOf(model, filter)
    if (stages.length === 0) throw nothingEligible(model, filter)
    return new RequestPlan(this.#shared, model, filter, stages)
  }

  health(): DeploymentHealth[] {
    const now = this.#clock.monotonic()
    return this.#states.all().map(([id, state]) => state.health(this.#declared.get(id) ?? { id }, now, (ms) => this.#epoch(ms, now)))
  }

  healthOf(deployment: Deployment): DeploymentHealth {
    const now = this.#clock.monotonic()
    return this.#states.of(deployment, now).health(deployment, now, (ms) => this.#epoch(ms, now))
  }

  probed(deployment: Deployment, result: ProbeResult): void {
    const now = this.#clock.monotonic()
    const state = this.#states.of(deployment, now)
    const wasOpen = state.breaker.openUntil !== undefined
    state.probed(result, now)
    if (!wasOpen && state.breaker.openUntil !== undefined)
      this.#shared.observer.breakerChanged?.({ deployment, state: "open", failure: "probe" })
  }

  keep(deployments: readonly Deployment[]): void {
    this.#declared.clear()
    for (const deployment of deployments) this.#declared.set(deployment.id, deployment)
    this.#states.keep(deployments)
  }

  #epoch(monotonicMs: number, monotonicNow: number): number {
    return Math.round(this.#clock.now() + monotonicMs - monotonicNow)
  }
}
