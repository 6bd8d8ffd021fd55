// The search of one call for a deployment that can take it now: its own stages first, other models after them, the long rested last.
import type { Deployment, Model } from "../types.ts"
import { chooseFrom, type Candidate } from "./choose.ts"
import type { Filter } from "./eligible.ts"
import type { PlanShared } from "./plan.ts"
import { stagesOf, type Stage } from "./stages.ts"
import type { DeploymentState, Readiness } from "./state.ts"
import { nothingReady } from "./unavailable.ts"

export class Search {
  readonly model: Model
  /** Ids of what was asked already. */
  readonly tried: string[] = []
  readonly #shared: PlanShared
  readonly #filter: Filter
  readonly #own: readonly Stage[]
  #fallbacks: readonly Stage[] | undefined
  #contextFallbacks: readonly Stage[] | undefined
  #contentFallbacks: readonly Stage[] | undefined
  /** What was found too small for the conversation. */
  #tooSmallTokens = 0
  #mustContinue = false

  constructor(shared: PlanShared, model: Model, filter: Filter, own: readonly Stage[]) {
    this.#shared = shared
    this.model = model
    this.#filter = filter
    this.#own = own
  }

  first(): Deployment {
    const now = this.#shared.now()
    const found = this.#best(now) ?? this.lastResort() ?? this.#coolDownProbe(now)
    if (found) return found
    throw nothingReady(this.model, [...this.#own, ...this.#others()], {
      states: this.#shared.states,
      now,
      refusalOf: (deployment) => this.#shared.upstream?.refusal(deployment, this.#filter.request.expected),
    })
  }

  /** One that was not asked yet. */
  other(): Deployment | undefined {
    return this.#best(this.#shared.now())
  }

  /** One that is left alone, before its time. */
  lastResort(): Deployment | undefined {
    return this.#among([...this.#own, ...this.#others()], "open", this.#shared.now())
  }

  /** One of the same model that has room, for a second attempt beside the first. */
  spare(): Deployment | undefined {
    return this.#among(this.#own, "ready", this.#shared.now())
  }

  /** After `failed` turned out too small: a larger one of the model, or of the models for long conversations. */
  larger(failed: Deployment): Deployment | undefined {
    this.#tooSmallTokens = Math.max(this.#tooSmallTokens, failed.contextTokensMax ?? 0)
    const now = this.#shared.now()
    const long = this.#longer()
    const known = this.#own.map(({ model, deployments }) => ({ model, deployments: deployments.filter((each) => this.#isLarger(each)) }))
    return this.#firstOf([known, long], now)
  }

  /** One of the models for what a filter refuses. */
  tolerant(): Deployment | undefined {
    this.#contentFallbacks ??= this.#stagesOfModels(this.model.contentFallbacks)
    return this.#firstOf([this.#contentFallbacks], this.#shared.now())
  }

  /** Whether from now on only what goes on with an answer that has begun will do. */
  requireContinuation(must: boolean): void {
    this.#mustContinue = must
  }

  /** Whether nothing but its health speaks against it: it can go on with what has begun, and no limit of its provider is used up. */
  mayBeAsked(deployment: Deployment): boolean {
    if (this.#mustContinue && deployment.continuesPrefix !== true) return false
    return this.#shared.upstream?.refusal(deployment, this.#filter.request.expected) === undefined
  }

  #best(now: number): Deployment | undefined {
    const long = this.#seemsTooLong() ? this.#longer() : []
    return this.#among(long, "ready", now) ?? this.#firstOf([this.#own, this.#others()], now)
  }

  #firstOf(orders: readonly (readonly Stage[])[], now: number): Deployment | undefined {
    for (const stages of orders) {
      const found = this.#among(stages, "ready", now) ?? this.#among(stages, "strained", now)
      if (found) return found
    }
    return undefined
  }

  /** One whose provider asked to wait, to see whether it still means it. */
  #coolDownProbe(now: number): Deployment | undefined {
    return this.#among([...this.#own, ...this.#others()], "probe", now)
  }

  #among(stages: readonly Stage[], wanted: Readiness | "probe", now: number): Deployment | undefined {
    for (const { deployments } of stages) {
      const candidates: Candidate[] = []
      for (const deployment of deployments) {
        if (this.tried.includes(deployment.id) || !this.mayBeAsked(deployment)) continue
        const state = this.#shared.states.of(deployment, now)
        if (this.#is(wanted, deployment, state, now)) candidates.push({ deployment, state })
      }
      if (candidates.length > 0) return this.#choose(candidates, now)
    }
    return undefined
  }

  #is(wanted: Readiness | "probe", deployment: Deployment, state: DeploymentState, now: number): boolean {
    const { request } = this.#filter
    if (wanted === "probe") return state.mayProbeCoolDown(deployment, now, request)
    if (state.readiness(deployment, now, request) !== wanted) return false
    return wanted !== "open" || state.breaker.allowsEarly(now)
  }

  #choose(candidates: readonly Candidate[], now: number): Deployment {
    const { request, priceOf } = this.#filter
    const options = { sort: request.sort ?? this.model.sort, affinity: request.affinity, rng: this.#shared.rng, priceOf, now }
    return chooseFrom(candidates, options).deployment
  }

  #others(): readonly Stage[] {
    if (this.#filter.request.fallbacks === false) return []
    return (this.#fallbacks ??= this.#stagesOfModels(this.model.fallbacks))
  }

  #longer(): readonly Stage[] {
    if (this.#filter.request.fallbacks === false) return []
    return (this.#contextFallbacks ??= this.#stagesOfModels(this.model.contextFallbacks))
  }

  #stagesOfModels(names: readonly string[] | undefined): Stage[] {
    return (names ?? []).flatMap((name) => {
      const model = this.#shared.modelNamed(name)
      return model ? stagesOf(model, this.#filter) : []
    })
  }

  #isLarger({ contextTokensMax }: Deployment): boolean {
    return contextTokensMax !== null && contextTokensMax > this.#tooSmallTokens
  }

  #seemsTooLong(): boolean {
    const tokens = this.#filter.request.contextTokensEstimated
    if (tokens === undefined) return false
    return this.#own.every(({ deployments }) => deployments.every(({ contextTokensMax: max }) => max !== null && tokens > max))
  }
}
