// What is believed of each variant's mean score, and how probably each is the best: by drawing from the beliefs.
import type { Random } from "./random.ts"

/** Sums of the scores of one variant. */
export interface ScoreSums {
  readonly count: number
  readonly sum: number
  readonly squares: number
  /** Those that are not from 0 to 1. */
  readonly outside: number
}

/** One possible mean of each variant, in their order. */
export type DrawMeans = (random: Random) => number[]

/**
 * Scores from 0 to 1 (true and false among them) are successes and failures: Beta after a flat prior. All others are normal with an
 * unknown mean and spread.
 */
export function beliefs(all: readonly ScoreSums[]): DrawMeans {
  if (all.every(({ outside }) => outside === 0)) {
    return (random) =>
      all.map(({ count, sum }) => {
        const successes = random.gamma(1 + sum)
        return successes / (successes + random.gamma(1 + Math.max(0, count - sum)))
      })
  }
  const whole = pooled(all)
  return (random) => all.map((sums) => normalMean(sums, whole, random))
}

export function meanOf({ count, sum }: ScoreSums): number {
  return count === 0 ? 0 : sum / count
}

/** Standard deviation of the scores, whichever variant they are of. */
export function spreadOf(all: readonly ScoreSums[]): number {
  const whole = pooled(all)
  return Math.sqrt(varianceOf(whole))
}

export interface BestOptions {
  goal: "max" | "min"
  /** Means closer than this are equally good. */
  indifference: number
  draws: number
}

/** Variants that are equally good in a draw share it. */
export function probabilitiesBest(draw: DrawMeans, random: Random, { goal, indifference, draws }: BestOptions): number[] {
  const wins: number[] = []
  const sign = goal === "max" ? 1 : -1
  for (let turn = 0; turn < draws; turn += 1) {
    const means = draw(random).map((mean) => mean * sign)
    const best = Math.max(...means)
    const good = means.flatMap((mean, index) => (best - mean <= indifference ? [index] : []))
    for (const index of good) wins[index] = (wins[index] ?? 0) + 1 / good.length
  }
  return Array.from({ length: draw(random).length }, (_, index) => (wins[index] ?? 0) / draws)
}

/** The bounds that a mean lies between with a probability of 95 %; null for what has no scores. */
export function intervals(all: readonly ScoreSums[], random: Random, draws: number): ({ low: number; high: number } | null)[] {
  const draw = beliefs(all)
  const columns = all.map((): number[] => [])
  for (let turn = 0; turn < draws; turn += 1) for (const [index, mean] of draw(random).entries()) columns[index]?.push(mean)
  return columns.map((column, index) => {
    const sorted = column.toSorted((a, b) => a - b)
    if (all[index]?.count === 0) return null
    return { low: sorted[Math.floor(draws * 0.025)] ?? 0, high: sorted[Math.ceil(draws * 0.975) - 1] ?? 0 }
  })
}

/** Student's t, by way of a draw of the variance; what has fewer than two scores is believed to be anywhere among the others. */
function normalMean(sums: ScoreSums, whole: ScoreSums, random: Random): number {
  const { count } = sums
  if (count < 2) return meanOf(count === 0 ? whole : sums) + random.normal() * Math.sqrt(varianceOf(whole))
  const variance = ((count - 1) * varianceOf(sums)) / (2 * random.gamma((count - 1) / 2))
  return meanOf(sums) + random.normal() * Math.sqrt(variance / count)
}

function varianceOf(sums: ScoreSums): number {
  const { count, squares } = sums
  return count < 2 ? 0 : Math.max(0, (squares - count * meanOf(sums) ** 2) / (count - 1))
}

function pooled(all: readonly ScoreSums[]): ScoreSums {
  const total = (key: keyof ScoreSums): number => all.reduce((sum, each) => sum + each[key], 0)
  return { count: total("count"), sum: total("sum"), squares: total("squares"), outside: total("outside") }
}
