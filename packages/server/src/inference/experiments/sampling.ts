// One look at the scores of an experiment: how probably each variant is the best, which weights follow from that, and why, in a sentence.
import type { ExperimentSampling } from "@perdure/contract"
import { beliefs, meanOf, probabilitiesBest, spreadOf, type ScoreSums } from "./posterior.ts"
import { seededRandom } from "./random.ts"
import { allowedWeights, wantedWeights } from "./weights.ts"

export interface SampledVariant {
  readonly name: string
  readonly weight: number
  readonly scores: ScoreSums
}

export interface VariantPosterior {
  readonly count: number
  readonly mean: number
  readonly probabilityBest: number
}

export type SamplingOutcome =
  | { readonly kind: "waiting"; readonly reason: string }
  /** `weights` in the order of the variants; the same as before where nothing is worth changing. */
  | {
      readonly kind: "held" | "shifted"
      readonly weights: readonly number[]
      readonly posterior: Readonly<Record<string, VariantPosterior>>
      readonly reason: string
    }

const draws = 2_000
/** A smaller change of the largest weight is no change. */
const changeMin = 0.005

/** The same for the same sums, so that every entry of a log can be worked out again. */
export function sample(sampling: ExperimentSampling, variants: readonly SampledVariant[], seed: string): SamplingOutcome {
  const { score, minimumSamples } = sampling
  const missing = variants.filter(({ scores }) => scores.count < minimumSamples)
  if (missing.length > 0) {
    const counts = missing.map(({ name, scores }) => `${name} has ${scores.count}`).join(", ")
    return { kind: "waiting", reason: `Each variant needs ${minimumSamples} scores "${score}" first: ${counts}.` }
  }
  const probabilities = bestOf(sampling, variants, seed)
  const current = variants.map(({ weight }) => weight)
  const weights = allowedWeights(wantedWeights(probabilities), current, sampling).map((weight) => Math.round(weight * 1e4) / 1e4)
  const change = Math.max(...weights.map((weight, index) => Math.abs(weight - (current[index] ?? 0))))
  const posterior = Object.fromEntries(
    variants.map(({ name, scores }, index) => [
      name,
      { count: scores.count, mean: meanOf(scores), probabilityBest: probabilities[index] ?? 0 },
    ]),
  )
  const kind = change < changeMin ? "held" : "shifted"
  return { kind, weights: kind === "held" ? current : weights, posterior, reason: reasonOf(sampling, variants, { probabilities, weights }) }
}

/** How probably each is the best by the score that sampling goes by. */
export function bestOf(
  { goal, indifference }: Pick<ExperimentSampling, "goal" | "indifference">,
  variants: readonly Pick<SampledVariant, "scores">[],
  seed: string,
): number[] {
  const scores = variants.map((each) => each.scores)
  const isShare = scores.every(({ outside }) => outside === 0)
  const options = { goal, indifference: indifference ?? (isShare ? 0.01 : spreadOf(scores) / 20), draws }
  return probabilitiesBest(beliefs(scores), seededRandom(`${seed} ${JSON.stringify(scores)}`), options)
}

function reasonOf(
  { score, goal, min, max, step }: ExperimentSampling,
  variants: readonly SampledVariant[],
  { probabilities, weights }: { probabilities: readonly number[]; weights: readonly number[] },
): string {
  const known = variants.map(({ name, scores, weight }, index) => ({
    name,
    probability: probabilities[index] ?? 0,
    text: `${numberText(meanOf(scores))} of ${scores.count}`,
    before: weight,
    after: weights[index] ?? weight,
  }))
  const [first, ...others] = known.toSorted((a, b) => b.probability - a.probability)
  if (!first) return ""
  const rest = others.map(({ name, text, probability }) => `${name} ${text} (${percent(probability)})`).join(", ")
  const change = known.map(({ name, before, after }) => `${name} ${percent(before)} → ${percent(after)}`).join(", ")
  const moved = Math.max(...known.map(({ before, after }) => Math.abs(after - before)))
  const limit =
    moved >= step - changeMin
      ? ` ${percent(step)} is the most at once.`
      : known.some(({ after }) => after <= min + changeMin / 10 || after >= max)
        ? ` No share is below ${percent(min)} or above ${percent(max)}.`
        : ""
  const better = goal === "max" ? "highest" : "lowest"
  return `"${score}" is ${better} with ${first.name} at a probability of ${percent(first.probability)}: ${first.text} scores; ${rest}. Shares: ${change}.${limit}`
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`
}

function numberText(value: number): string {
  return String(Number(value.toPrecision(3)))
}
