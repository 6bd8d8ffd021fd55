// What the page of an experiment draws: its weights over time from the log of its changes, and where means and bounds lie on one line.
import type { Experiment, ExperimentLogEntry } from "@perdure/client"

export interface WeightSlice {
  at: number
  /** In the order of the variants. */
  weights: readonly number[]
}

/** Equal pieces of the time from the oldest known change until now, each with the weights at its end. */
export function weightsOverTime({ variants, log }: Pick<Experiment, "variants" | "log">, now: number, slices: number): WeightSlice[] {
  const changes = log.filter(({ after, kind }) => after !== null && kind !== "promoted").toReversed()
  const [first] = changes
  const names = variants.map(({ name }) => name)
  const orderOf = (weights: ExperimentLogEntry["after"]): number[] => names.map((name) => weights?.[name] ?? 0)
  const oldest = Math.min(first?.at ?? now, now - 1)
  // Where there was something before the oldest known change, a little of that is shown too.
  const since = first?.before ? oldest - (2 * (now - oldest)) / slices : oldest
  let weights = first ? orderOf(first.before ?? first.after) : variants.map(({ weight }) => weight)
  let next = 0
  return Array.from({ length: slices }, (_, index) => {
    const at = since + ((index + 1) * (now - since)) / slices
    for (; next < changes.length && (changes[next]?.at ?? 0) <= at; next += 1) weights = orderOf(changes[next]?.after ?? null)
    return { at, weights }
  })
}

export interface ScoreLine {
  variant: string
  count: number
  mean: number | null
  /** Percent of the line's width. */
  from: number
  to: number
  point: number
}

/** One line for each variant that has the score, all on one scale. */
export function scoreLines(variants: Experiment["variants"], score: string): ScoreLine[] {
  const known = variants.flatMap(({ name, scores }) =>
    scores.filter((each) => each.name === score).map((each) => ({ variant: name, ...each })),
  )
  const bounds = known.flatMap(({ low, high, mean }) => [low, high, mean].filter((each) => each !== null))
  const [least, most] = [Math.min(...bounds), Math.max(...bounds)]
  const place = (value: number | null): number => (value === null || most === least ? 50 : ((value - least) / (most - least)) * 100)
  return known.map(({ variant, count, mean, low, high }) => ({
    variant,
    count,
    mean,
    from: place(low),
    to: place(high),
    point: place(mean),
  }))
}

export function scoreNames(variants: Experiment["variants"]): string[] {
  return [...new Set(variants.flatMap(({ scores }) => scores.map(({ name }) => name)))].toSorted()
}

export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`
}

/** Three digits that tell something. */
export function scoreText(value: number | null): string {
  return value === null ? "–" : String(Number(value.toPrecision(3)))
}
