// An experiment as it is told: what is known of each variant, by sums of its runs and scores, and the log of its changes.
import type { Experiment, ExperimentLogEntry, ExperimentSummary, ExperimentVariant } from "@perdure/contract"
import {
  experimentArms,
  experimentLog,
  experimentScores,
  experimentStates,
  type Queryable,
  type StoredArm,
  type StoredExperimentEntry,
  type StoredScoreSums,
} from "../../store/index.ts"
import { weightsOf } from "./experiments.ts"
import { intervals, meanOf } from "./posterior.ts"
import { seededRandom } from "./random.ts"
import { sumsOf } from "./sampler.ts"
import { bestOf } from "./sampling.ts"
import type { HeldExperiment, HeldVariant } from "./types.ts"

const entriesShown = 200
const draws = 2_000

export function experimentSummary(held: HeldExperiment): ExperimentSummary {
  const { definition } = held
  return { ...headOf(held), models: definition.models, prompts: definition.prompts }
}

export async function readExperiment(db: Queryable, projectId: string, held: HeldExperiment): Promise<Experiment> {
  const { name, definition, variants } = held
  const arms = await experimentArms.armsOf(db, projectId, name)
  const scores = await experimentScores.scoresOf(db, projectId, name)
  const log = await experimentLog.entriesOf(db, projectId, name, entriesShown)
  const best = probabilitiesOf(held, scores)
  const scored = scoresByVariant(held, scores)
  return {
    ...headOf(held),
    definition: definition as unknown as Experiment["definition"], // plain JSON by its schema
    variants: variants.map((variant, index) => wireVariant(variant, { arms, scores: scored[index] ?? [], best: best?.[index] ?? null })),
    sampledAt: await experimentStates.lastSampling(db, projectId, name),
    log: log.map(wireEntry),
  }
}

function headOf(held: HeldExperiment): Omit<ExperimentSummary, "models" | "prompts"> {
  const { name, origin, definition, state } = held
  const { status, winner } = state
  const sampled = definition.sampling !== undefined
  return { name, description: definition.description ?? null, origin, status, winner, weights: weightsOf(held), sampled }
}

/** Null where nothing is sampled, or nothing is known. */
function probabilitiesOf({ definition, variants, name }: HeldExperiment, scores: readonly StoredScoreSums[]): number[] | null {
  const { sampling } = definition
  if (!sampling) return null
  const known = variants.map((variant) => ({ scores: sumsOf(scores, variant, sampling.score) }))
  return known.some((each) => each.scores.count === 0) ? null : bestOf(sampling, known, name)
}

function scoresByVariant({ variants, name }: HeldExperiment, scores: readonly StoredScoreSums[]): ExperimentVariant["scores"][] {
  const byVariant: ExperimentVariant["scores"][] = variants.map(() => [])
  for (const score of new Set(scores.map((each) => each.score))) {
    const sums = variants.map((variant) => sumsOf(scores, variant, score))
    const bounds = intervals(sums, seededRandom(`${name} ${score}`), draws)
    for (const [index, each] of sums.entries()) {
      const { low = null, high = null } = bounds[index] ?? {}
      byVariant[index]?.push({ name: score, count: each.count, mean: each.count === 0 ? null : meanOf(each), low, high })
    }
  }
  return byVariant
}

function wireVariant(
  { name, content, model, prompt, declaredWeight, weight }: HeldVariant,
  { arms, scores, best }: { arms: readonly StoredArm[]; scores: ExperimentVariant["scores"]; best: number | null },
): ExperimentVariant {
  const arm = arms.find((each) => each.variant === name && each.content === content)
  const { requests = 0, completed = 0, failed = 0, costMicroUsd = 0, costUnknown = 0, latencyMs = 0, outputTokens = 0 } = arm ?? {}
  return {
    name,
    model: model ?? null,
    prompt: prompt ? { id: prompt.id, version: prompt.version ?? null, label: prompt.label ?? null } : null,
    declaredWeight,
    weight,
    requests,
    failed,
    costMicroUsd,
    costKnown: costUnknown === 0,
    latencyMs: completed === 0 ? null : latencyMs / completed,
    outputTokens,
    scores,
    probabilityBest: best,
  }
}

function wireEntry({ id, at, kind, reason, principal, before, after, posterior }: StoredExperimentEntry): ExperimentLogEntry {
  // Written by this server from values of these types.
  const told = { kind, before, after, posterior } as Pick<ExperimentLogEntry, "kind" | "before" | "after" | "posterior">
  return { id, at, reason, principal, ...told }
}
