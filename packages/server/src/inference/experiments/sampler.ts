// Looks at the scores of experiments from time to time: one process at a time for each, and every change of weights with its reason.
import type { Limits } from "../../core/index.ts"
import {
  experimentArms,
  experimentLog,
  experimentScores,
  experimentStates,
  type Queryable,
  type Store,
  type StoredScoreSums,
} from "../../store/index.ts"
import { weightsOf, type Experiments } from "./experiments.ts"
import { inState } from "./held.ts"
import type { ScoreSums } from "./posterior.ts"
import { sample, type SampledVariant } from "./sampling.ts"
import type { HeldExperiment } from "./types.ts"

export interface SamplerOptions {
  store: Pick<Store, "system">
  experiments: Pick<Experiments, "find">
  /** Nothing is asked of the database while there are none. */
  areAny: () => boolean
  limits: Pick<Limits, "experimentLookMs">
  onError: (what: string, error: unknown) => void
}

const foldRowsMax = 5_000

export class Sampler implements AsyncDisposable {
  readonly #options: SamplerOptions
  #timer: NodeJS.Timeout | undefined
  #underWay: Promise<void> | undefined
  #isClosed = false
  #isFailing = false

  constructor(options: SamplerOptions) {
    this.#options = options
    this.#wait()
  }

  /** One look at all that are due; also for tests that do not want to wait. */
  look(): Promise<void> {
    this.#underWay ??= this.#look().finally(() => (this.#underWay = undefined))
    return this.#underWay
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#underWay
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      void this.look().finally(() => {
        if (!this.#isClosed) this.#wait()
      })
    }, this.#options.limits.experimentLookMs).unref()
  }

  /** Failures are told once in a row: while the database is away the weights stay as they are. */
  async #look(): Promise<void> {
    const { store, experiments, areAny, onError } = this.#options
    if (!areAny()) return
    try {
      while (!this.#isClosed && (await experimentArms.foldEnds(store.system, foldRowsMax)));
      for (const { projectId, name } of await experimentScores.scoredExperiments(store.system)) {
        const held = experiments.find(projectId, name)
        if (this.#isClosed || !held?.definition.sampling || held.fixed) continue
        await store.system.transaction((tx) => sampleOne(tx, projectId, held))
      }
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing) onError("experiments", error)
      this.#isFailing = true
    }
  }
}

async function sampleOne(tx: Queryable, projectId: string, held: HeldExperiment): Promise<void> {
  const { name, definition, basis } = held
  const { sampling } = definition
  if (!sampling) return
  if (!(await experimentStates.tryLockSampling(tx, projectId, name))) return
  const state = await experimentStates.lockState(tx, projectId, name, basis)
  if (!(await experimentStates.noteSampling(tx, projectId, name, sampling.everyMs))) return
  const now = inState(held, state)
  if (now.fixed) return
  const scores = await experimentScores.scoresOf(tx, projectId, name)
  const variants = now.variants.map((variant): SampledVariant => ({ ...variant, scores: sumsOf(scores, variant, sampling.score) }))
  const outcome = sample(sampling, variants, `${projectId} ${name}`)
  if (outcome.kind !== "shifted") return
  const after = Object.fromEntries(variants.map((variant, index) => [variant.name, outcome.weights[index] ?? 0]))
  await experimentStates.putState(tx, projectId, { name, status: "running", winner: null, weights: after, basis })
  const posterior = Object.fromEntries(Object.entries(outcome.posterior).map(([variant, known]) => [variant, { ...known }]))
  const entry = { kind: "sampled", reason: outcome.reason, principal: null, before: weightsOf(now), after, posterior }
  await experimentLog.addEntry(tx, projectId, name, entry)
}

const noScores: ScoreSums = { count: 0, sum: 0, squares: 0, outside: 0 }

/** Of the variant as it is now. */
export function sumsOf(
  scores: readonly StoredScoreSums[],
  { name, content }: { readonly name: string; readonly content: string },
  score: string,
): ScoreSums {
  return scores.find((each) => each.variant === name && each.content === content && each.score === score) ?? noScores
}
