// Weights as shares of 1: from probabilities to weights that are wanted, and those that bounds and the length of a step allow.

export interface WeightBounds {
  readonly min: number
  readonly max: number
  /** By how much a weight may change at once. */
  readonly step: number
}

/** Shares of the same proportions. */
export function sharesOf(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, each) => sum + each, 0)
  return weights.map((each) => (total > 0 ? each / total : 1 / weights.length))
}

/**
 * Roots of the probabilities: between variants that are equally good the probability wanders over all of its range however many scores
 * there are, and weights that followed it would too.
 */
export function wantedWeights(probabilities: readonly number[]): number[] {
  return sharesOf(probabilities.map((each) => Math.sqrt(each)))
}

/** The nearest weights to the wanted ones within the bounds and a step of those that are. Bounds go before steps. */
export function allowedWeights(wanted: readonly number[], current: readonly number[], { min, max, step }: WeightBounds): number[] {
  const within = (weight: number): number => Math.min(max, Math.max(min, weight))
  const low = current.map((weight) => within(weight - step))
  const high = current.map((weight) => within(weight + step))
  const isPossible = sum(low) <= 1 + rounding && sum(high) >= 1 - rounding
  return isPossible
    ? fitted(wanted, low, high)
    : fitted(
        wanted,
        current.map(() => min),
        current.map(() => max),
      )
}

const rounding = 1e-9

/** All are moved by one amount, as far as each may go, so that they are 1 together. */
function fitted(wanted: readonly number[], low: readonly number[], high: readonly number[]): number[] {
  const movedBy = (amount: number): number[] =>
    wanted.map((weight, index) => Math.min(high[index] ?? 1, Math.max(low[index] ?? 0, weight + amount)))
  let [less, more] = [-1, 1]
  for (let halving = 0; halving < 50; halving += 1) {
    const middle = (less + more) / 2
    if (sum(movedBy(middle)) < 1) less = middle
    else more = middle
  }
  return movedBy(more)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
