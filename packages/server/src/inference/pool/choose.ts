// Which of several deployments that are equally good to ask: by a measure, by stickiness, by weight. Other policies have their place here.
import { createHash } from "node:crypto"
import type { Deployment } from "../types.ts"
import type { PriceOf } from "./eligible.ts"
import type { DeploymentState } from "./state.ts"
import type { Sorting } from "./types.ts"

export interface Candidate {
  deployment: Deployment
  state: DeploymentState
}

export interface ChooseOptions {
  sort: Sorting | undefined
  affinity: string | undefined
  rng: () => number
  priceOf: PriceOf
  now: number
}

/** One of the candidates; there is at least one. */
export function chooseFrom<T extends Candidate>(candidates: readonly T[], options: ChooseOptions): T {
  const [first] = candidates as readonly [T, ...T[]] // as the caller promises
  if (candidates.length === 1) return first
  if (options.sort !== undefined) return bestBy(candidates, first, options.sort, options)
  if (options.affinity !== undefined) return sticky(candidates, first, options.affinity)
  return weighted(candidates, first, options.rng)
}

/** Half of what a bad measurement counts is gone after this time without a call, so that it is measured again. */
const forgivenMs = 60_000

/** What was never measured is asked first, so that it will be; what has no known price is asked last. */
function bestBy<T extends Candidate>(candidates: readonly T[], first: T, sort: Sorting, { priceOf, now }: ChooseOptions): T {
  const rank = ({ deployment, state }: T): number => {
    const forgiven = 0.5 ** (Math.max(0, now - state.usedAt) / forgivenMs)
    if (sort === "latency") return (state.firstTokenMs.value ?? -1) * forgiven
    if (sort === "throughput") return -(state.tokensPerSecond.value ?? Infinity) / forgiven
    const price = priceOf(deployment)
    return price ? price.prompt + price.completion : Infinity
  }
  let best = first
  let least = rank(first)
  for (const candidate of candidates) {
    const value = rank(candidate)
    if (value < least) [best, least] = [candidate, value]
  }
  return best
}

/** A sticky deployment is left when it has more than this many times its share in flight, and this many above it. */
const crowdedTimes = 1.25
const crowdedAbove = 4

/** Weighted rendezvous hashing: the same text gives the same deployment, and one that leaves moves only its own texts. */
function sticky<T extends Candidate>(candidates: readonly T[], first: T, affinity: string): T {
  const inFlight = candidates.reduce((sum, { state }) => sum + state.inFlight, 0)
  const weights = candidates.reduce((sum, { deployment }) => sum + weightOf(deployment), 0)
  let best = first
  let most = -Infinity
  for (const candidate of candidates) {
    const weight = weightOf(candidate.deployment)
    const share = weights > 0 ? (inFlight * weight) / weights : 0
    if (candidate.state.inFlight > share * crowdedTimes + crowdedAbove) continue
    const score = -weight / Math.log(hashed(`${affinity}\0${candidate.deployment.id}`))
    if (score > most) [best, most] = [candidate, score]
  }
  return best
}

/** Between 0 and 1, both excluded. */
function hashed(text: string): number {
  return (createHash("sha256").update(text).digest().readUIntBE(0, 6) + 0.5) / 2 ** 48
}

function weighted<T extends Candidate>(candidates: readonly T[], first: T, rng: () => number): T {
  let total = 0
  for (const { deployment } of candidates) total += weightOf(deployment)
  if (total === 0) return candidates[Math.floor(rng() * candidates.length)] ?? first
  let left = rng() * total
  for (const candidate of candidates) {
    left -= weightOf(candidate.deployment)
    if (left < 0) return candidate
  }
  return candidates.findLast(({ deployment }) => weightOf(deployment) > 0) ?? first
}

function weightOf({ weight }: Deployment): number {
  return weight ?? 1
}
