// Maximal marginal relevance: of candidates that say nearly the same, the first one counts in full and the next ones less.
export interface DiversityOptions<T> {
  /** 0 keeps the order; 1 looks at difference alone. */
  diversity: number
  /** How well a candidate fits, 0 to 1. */
  scoreOf: (each: T) => number
  /** Cosine of two candidates; undefined where it is not known, which counts as nothing in common. */
  alike: (a: T, b: T) => number | undefined
}

/** The same candidates, the one first that adds most to those before it. Equal ones stay in their order. */
export function diversified<T>(candidates: readonly T[], { diversity, scoreOf, alike }: DiversityOptions<T>): T[] {
  if (diversity <= 0 || candidates.length < 3) return [...candidates]
  const best = Math.max(...candidates.map(scoreOf), Number.MIN_VALUE)
  const left = candidates.map((candidate) => ({ candidate, fits: scoreOf(candidate) / best, nearest: 0 }))
  const ordered: T[] = []
  while (left.length > 0) {
    let at = 0
    let most = -Infinity
    for (const [index, { fits, nearest }] of left.entries()) {
      const gain = (1 - diversity) * fits - diversity * nearest
      if (gain > most) [at, most] = [index, gain]
    }
    const [taken] = left.splice(at, 1)
    if (taken === undefined) break
    ordered.push(taken.candidate)
    for (const other of left) other.nearest = Math.max(other.nearest, alike(other.candidate, taken.candidate) ?? 0)
  }
  return ordered
}

/** Of unit vectors. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0)
  return sum
}
