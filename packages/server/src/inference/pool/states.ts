// The states of all deployments by their ids, bounded: a wildcard can make more of them than anybody declared.
import type { Deployment } from "../types.ts"
import { DeploymentState, type StateLimits } from "./state.ts"

export class DeploymentStates {
  readonly #limits: StateLimits & { deploymentStatesMax: number }
  readonly #rng: () => number
  readonly #states = new Map<string, { state: DeploymentState; place: string }>()
  /** The way without building a key: deployments of one registry are the same objects from call to call. */
  #known = new WeakMap<Deployment, DeploymentState>()

  constructor(limits: StateLimits & { deploymentStatesMax: number }, rng: () => number) {
    this.#limits = limits
    this.#rng = rng
  }

  of(deployment: Deployment, now: number): DeploymentState {
    const known = this.#known.get(deployment)
    if (known) return known
    const state = this.#find(deployment, now)
    this.#known.set(deployment, state)
    return state
  }

  peek(id: string): DeploymentState | undefined {
    return this.#states.get(id)?.state
  }

  all(): [string, DeploymentState][] {
    return [...this.#states].map(([id, { state }]) => [id, state])
  }

  /** Forgets the health of what is gone, and of what is another place or has another key now. */
  keep(deployments: readonly Deployment[]): void {
    const places = new Map(deployments.map((deployment) => [deployment.id, placeOf(deployment)]))
    for (const [id, { place }] of this.#states) if (places.get(id) !== place) this.#states.delete(id)
    this.#known = new WeakMap()
  }

  #find(deployment: Deployment, now: number): DeploymentState {
    const place = placeOf(deployment)
    const found = this.#states.get(deployment.id)
    if (found?.place === place) return found.state
    if (this.#states.size >= this.#limits.deploymentStatesMax) this.#evict()
    const state = new DeploymentState(this.#limits, this.#rng, now)
    this.#states.set(deployment.id, { state, place })
    return state
  }

  #evict(): void {
    let oldest: { id: string; usedAt: number } | undefined
    for (const [id, { state }] of this.#states)
      if (state.inFlight === 0 && (oldest === undefined || state.usedAt < oldest.usedAt)) oldest = { id, usedAt: state.usedAt }
    if (oldest) this.#states.delete(oldest.id)
    this.#known = new WeakMap()
  }
}

function placeOf({ baseUrl, apiKey, upstreamModel }: Deployment): string {
  return JSON.stringify([baseUrl, apiKey, upstreamModel])
}
