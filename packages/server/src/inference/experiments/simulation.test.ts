// Sampling over simulated experiments with a seed: the better variant wins, bounds hold, and equal variants stay near each other.
import { experimentSamplingSchema, type ExperimentSampling } from "@perdure/contract"
import { describe, expect, it } from "vitest"
import type { ScoreSums } from "./posterior.ts"
import { seededRandom, type Random } from "./random.ts"
import { sample } from "./sampling.ts"

const names = ["a", "b", "c", "d"]
interface World {
  sampling?: Partial<ExperimentSampling>
  /** The score of one request of each variant. */
  scores: readonly ((random: Random) => number)[]
  looks: number
  perLook?: number
  seed: string
}

/** The weights after each look at the scores. */
function weightsOver({ sampling, scores, looks, perLook = 200, seed }: World): number[][] {
  const options = experimentSamplingSchema.parse({ score: "helpful", ...sampling })
  const random = seededRandom(seed)
  const sums: ScoreSums[] = scores.map(() => ({ count: 0, sum: 0, squares: 0, outside: 0 }))
  let weights = scores.map(() => 1 / scores.length)
  const history: number[][] = []
  for (let look = 0; look < looks; look += 1) {
    for (let request = 0; request < perLook; request += 1) {
      const index = pick(weights, random.uniform())
      const value = scores[index]?.(random) ?? 0
      const { count, sum, squares, outside } = sums[index] as ScoreSums
      const isOutside = value < 0 || value > 1 ? 1 : 0
      sums[index] = { count: count + 1, sum: sum + value, squares: squares + value * value, outside: outside + isOutside }
    }
    const variants = weights.map((weight, index) => ({ name: names[index] ?? "", weight, scores: sums[index] as ScoreSums }))
    const outcome = sample(options, variants, `${seed} ${look}`)
    if (outcome.kind !== "waiting") weights = [...outcome.weights]
    history.push(weights)
  }
  return history
}

function pick(weights: readonly number[], at: number): number {
  let reached = 0
  return Math.max(
    0,
    weights.findIndex((weight) => (reached += weight) > at),
  )
}

const chance =
  (probability: number) =>
  (random: Random): number =>
    random.uniform() < probability ? 1 : 0
const normal =
  (mean: number, deviation: number) =>
  (random: Random): number =>
    mean + deviation * random.normal()
const seeds = Array.from({ length: 8 }, (_, index) => `seed ${index}`)
const last = (history: number[][]): number[] => history.at(-1) ?? []

describe("sampling", () => {
  it.each([
    ["true and false", [chance(0.6), chance(0.7), chance(0.6)], "max"],
    ["numbers", [normal(100, 40), normal(120, 40), normal(100, 40)], "max"],
    ["numbers of which less is better", [normal(900, 300), normal(700, 300), normal(900, 300)], "min"],
  ] as const)("gives the better variant most of the requests by %s", (_, scores, goal) => {
    const ends = seeds.map((seed) => last(weightsOver({ scores, looks: 30, seed, sampling: { goal } })))
    const better = ends.map(([, weight = 0]) => weight)
    expect(better.filter((weight) => weight > 0.7).length).toBeGreaterThanOrEqual(7)
    expect(Math.min(...better)).toBeGreaterThan(1 / 3)
  })

  it("keeps every weight within its bounds and every change within a step, whatever the scores are", () => {
    const bounds = { min: 0.1, max: 0.6, step: 0.07, minimumSamples: 10 }
    for (const seed of seeds) {
      const scores = [chance(0.2), chance(0.9), chance(0.5), chance(0.5)]
      let before = [0.25, 0.25, 0.25, 0.25]
      for (const weights of weightsOver({ scores, looks: 20, perLook: 60, seed, sampling: bounds })) {
        expect(weights.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 3)
        expect(Math.min(...weights)).toBeGreaterThanOrEqual(bounds.min - 1e-4)
        expect(Math.max(...weights)).toBeLessThanOrEqual(bounds.max + 1e-4)
        const changes = weights.map((weight, index) => Math.abs(weight - (before[index] ?? 0)))
        expect(Math.max(...changes)).toBeLessThanOrEqual(bounds.step + 2e-4)
        before = weights
      }
    }
  })

  it("lets no variant run away from one that is as good", () => {
    const histories = seeds.map((seed) => weightsOver({ scores: [chance(0.5), chance(0.5)], looks: 60, seed }))
    const ends = histories.map((history) => last(history)[0] ?? 0)
    const mean = ends.reduce((sum, each) => sum + each, 0) / ends.length
    expect(mean).toBeGreaterThan(0.4)
    expect(mean).toBeLessThan(0.6)
    // Nobody ends at a bound, and after so many scores all are near each other.
    expect(Math.min(...ends)).toBeGreaterThan(0.2)
    expect(Math.max(...ends)).toBeLessThan(0.8)
    const all = histories.flat().map(([weight = 0]) => weight)
    expect(all.filter((weight) => weight < 0.15 || weight > 0.85).length / all.length).toBeLessThan(0.02)
  })

  it("changes nothing before each variant has enough scores, and says which has not", () => {
    const none = { count: 0, sum: 0, squares: 0, outside: 0 }
    const options = experimentSamplingSchema.parse({ score: "helpful", minimumSamples: 30 })
    const outcome = sample(
      options,
      [
        { name: "a", weight: 0.5, scores: { count: 200, sum: 200, squares: 200, outside: 0 } },
        { name: "b", weight: 0.5, scores: none },
      ],
      "s",
    )
    expect(outcome).toEqual({ kind: "waiting", reason: 'Each variant needs 30 scores "helpful" first: b has 0.' })
  })

  it("says why in a sentence, and comes to the same from the same sums", () => {
    const options = experimentSamplingSchema.parse({ score: "helpful" })
    const variants = [
      { name: "small", weight: 0.5, scores: { count: 400, sum: 240, squares: 240, outside: 0 } },
      { name: "large", weight: 0.5, scores: { count: 400, sum: 300, squares: 300, outside: 0 } },
    ]
    const outcome = sample(options, variants, "s")
    expect(outcome).toMatchObject({ kind: "shifted", weights: [0.4, 0.6] })
    expect(outcome.reason).toBe(
      '"helpful" is highest with large at a probability of 100 %: 0.75 of 400 scores; small 0.6 of 400 (0 %). Shares: small 50 % → 40 %, large 50 % → 60 %. 10 % is the most at once.',
    )
    expect(sample(options, variants, "s")).toEqual(outcome)
  })
})
