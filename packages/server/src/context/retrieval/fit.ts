// Learns how much each signal shall count from questions whose answers are known, and tells honestly how good that is on what was left out.
import type { FusionWeights } from "./weights.ts"

export const signalNames = ["words", "vectors", "session", "speaker", "tokens", "asks"] as const satisfies (keyof FusionWeights)[]

export interface LabelledQuestion {
  /** What is left out together: a conversation, a scope. */
  group: string
  /** By candidate, in the order of `signalNames`, each 0–1. */
  signals: readonly (readonly number[])[]
  /** Places of the right ones among the candidates. */
  right: readonly number[]
  /** Right ones in all, those too that no arm found. */
  rightInAll: number
}

export interface FitReport {
  questions: number
  groups: number
  weights: FusionWeights
  /** Recall among the first ten, each figure over all questions. */
  recall: {
    /** On the questions that the weights were fitted on. */
    fitted: number
    /** Each group by weights that were fitted on the others. */
    leftOut: number
    /** By the weights that were in force. */
    before: number
    words: number
    vectors: number
  }
  /** Null where the weights are worth having. */
  refusal: string | null
}

export const questionsMin = 20
const foldsOfOneGroup = 5
const steps = 300
const stepSize = 0.1
/** Keeps weights small that the questions say little about. */
const shrinkage = 0.0004
const cut = 10

export function fit(questions: readonly LabelledQuestion[], before: FusionWeights): FitReport {
  const usable = questions.filter(({ right }) => right.length > 0)
  const groups = grouped(questions)
  const weights = learn(usable)
  const leftOut = groups.flatMap((group) => {
    const learned = learn(usable.filter((question) => !group.has(question)))
    return [...group].map((question) => recallOf(question, learned))
  })
  const over = (list: readonly number[]): number => mean(questions.map((question) => recallOf(question, list)))
  const only = (name: keyof FusionWeights): number => over(signalNames.map((each) => (each === name ? 1 : 0)))
  const recall = {
    fitted: over(weights),
    leftOut: mean(leftOut),
    before: over(signalNames.map((name) => before[name])),
    words: only("words"),
    vectors: only("vectors"),
  }
  return { questions: questions.length, groups: groups.length, weights: scaled(weights), recall, refusal: refusalOf(usable, recall) }
}

function refusalOf(usable: readonly LabelledQuestion[], recall: FitReport["recall"]): string | null {
  const figure = (value: number): string => value.toFixed(3)
  const best = Math.max(recall.words, recall.vectors)
  if (usable.length < questionsMin)
    return `Only ${usable.length} questions have an answer among the candidates; it takes ${questionsMin}, better a few hundred.`
  if (recall.leftOut < best)
    return `On what was left out the weights find ${figure(recall.leftOut)}, and ${recall.words > recall.vectors ? "words" : "vectors"} alone ${figure(best)}.`
  if (recall.leftOut < recall.before)
    return `On what was left out the weights find ${figure(recall.leftOut)}, and those in force ${figure(recall.before)}.`
  return null
}

/** By group; where there is but one, by turns. */
function grouped(questions: readonly LabelledQuestion[]): ReadonlySet<LabelledQuestion>[] {
  const byGroup = Map.groupBy(questions, ({ group }) => group)
  if (byGroup.size > 1) return [...byGroup.values()].map((list) => new Set(list))
  const folds = Array.from({ length: foldsOfOneGroup }, () => new Set<LabelledQuestion>())
  for (const [index, question] of questions.entries()) folds[index % foldsOfOneGroup]?.add(question)
  return folds.filter((fold) => fold.size > 0)
}

/** Softmax over the candidates of each question, Adam, from equal weights: always the same result. */
function learn(questions: readonly LabelledQuestion[]): number[] {
  const size = signalNames.length
  const weights = Array.from({ length: size }, () => 1)
  const first = new Float64Array(size)
  const second = new Float64Array(size)
  for (let step = 1; step <= steps; step++) {
    const slope = slopeOf(questions, weights)
    for (let index = 0; index < size; index++) {
      first[index] = 0.9 * first[index]! + 0.1 * slope[index]!
      second[index] = 0.999 * second[index]! + 0.001 * slope[index]! ** 2
      const move = first[index]! / (1 - 0.9 ** step) / (Math.sqrt(second[index]! / (1 - 0.999 ** step)) + 1e-9)
      const moved = weights[index]! - stepSize * move
      // Every signal speaks for a candidate, but for one.
      weights[index] = signalNames[index] === "asks" ? Math.min(moved, 0) : Math.max(moved, 0)
    }
  }
  return weights
}

function slopeOf(questions: readonly LabelledQuestion[], weights: readonly number[]): Float64Array {
  const slope = Float64Array.from(weights, (weight) => 2 * shrinkage * weight)
  for (const { signals, right } of questions) {
    const orders = signals.map((candidate) => orderOf(candidate, weights))
    const top = Math.max(...orders)
    const shares = orders.map((order) => Math.exp(order - top))
    const sum = shares.reduce((total, share) => total + share, 0)
    for (const [place, candidate] of signals.entries()) {
      const pull = (shares[place]! / sum - (right.includes(place) ? 1 / right.length : 0)) / questions.length
      for (const [index, value] of candidate.entries()) slope[index]! += pull * value
    }
  }
  return slope
}

function orderOf(candidate: readonly number[], weights: readonly number[]): number {
  return candidate.reduce((sum, value, index) => sum + value * (weights[index] ?? 0), 0)
}

function recallOf({ signals, right, rightInAll }: LabelledQuestion, weights: readonly number[]): number {
  const ordered = signals.map((candidate, place) => ({ place, order: orderOf(candidate, weights) }))
  ordered.sort((a, b) => b.order - a.order || a.place - b.place)
  const found = ordered.slice(0, cut).filter(({ place }) => right.includes(place)).length
  return rightInAll === 0 ? 0 : found / rightInAll
}

/** Words and vectors together as in the weights that ship, so that the others stay comparable. */
function scaled(weights: readonly number[]): FusionWeights {
  const together = ((weights[0] ?? 0) + (weights[1] ?? 0)) / 0.8 || 1
  const rounded = weights.map((weight) => Math.round((weight / together) * 1_000) / 1_000)
  return Object.fromEntries(signalNames.map((name, index) => [name, rounded[index] ?? 0])) as unknown as FusionWeights
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1)
}
