// How far time lowers the rank of what is derived: within a bound, and by salience.

export interface Decaying {
  salience: number
  /** When it was recorded. */
  at: number
}

/** The lowest factor: what is old and of no salience is still found where nothing else answers. */
export const decayFloor = 0.8
const halfLifeMs = 90 * 86_400_000

/** A factor for its score, from `decayFloor` to 1. */
export function decayFactor({ salience, at }: Decaying, now: number): number {
  const recency = 2 ** (-Math.max(0, now - at) / halfLifeMs)
  const kept = Math.min(1, Math.max(0, salience)) * (1 - recency) + recency
  return decayFloor + (1 - decayFloor) * kept
}
