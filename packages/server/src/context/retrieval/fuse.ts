// Joins the ranking by words with the ranking by vectors into one, and keeps why each result stands where it does.

/** Weight of each arm when both are there. They belong to this embedding model and to documents; fitted on public sets, see the design. */
export const armWeights = { words: 0.4, vectors: 0.6 } as const

export interface ArmScore {
  /** 1 is the best; among the candidates of both arms. */
  rank: number
  /** BM25 for words, cosine for vectors. */
  score: number
}

/** Why a result was found; an arm that did not find it, or did not run, is null. */
export interface Why {
  words: ArmScore | null
  vectors: ArmScore | null
}

export interface Fused {
  key: string
  /** 0 to 1, comparable between queries. */
  score: number
  why: Why
}

export interface Arms {
  /** BM25 by key, and the highest value that the query could reach. Undefined when the arm did not run. */
  words: { scores: ReadonlyMap<string, number>; ceiling: number } | undefined
  /** Cosine by key, complete for the candidates of both arms. Undefined when the arm did not run. */
  vectors: { scores: ReadonlyMap<string, number> } | undefined
}

/** Orders the candidates of both arms by the weighted sum of their min-max scaled scores; with one arm, by that arm. */
export function fuse(arms: Arms): Fused[] {
  const words = ranked(arms.words?.scores)
  const vectors = ranked(arms.vectors?.scores)
  const scaleWords = scaler(arms.words?.scores, 0)
  const scaleVectors = scaler(arms.vectors?.scores)
  const keys = new Set([...words.keys(), ...vectors.keys()])
  const entries = [...keys].map((key) => {
    const why: Why = { words: words.get(key) ?? null, vectors: vectors.get(key) ?? null }
    const order =
      arms.words !== undefined && arms.vectors !== undefined
        ? armWeights.words * scaleWords(why.words?.score) + armWeights.vectors * scaleVectors(why.vectors?.score)
        : scaleWords(why.words?.score) + scaleVectors(why.vectors?.score)
    return { key, order, score: absolute(arms, why), why }
  })
  entries.sort((a, b) => b.order - a.order || (a.key < b.key ? -1 : 1))
  // The order decides; the reported score may not contradict it.
  let lowest = 1
  return entries.map(({ key, score, why }) => ({ key, score: (lowest = Math.min(lowest, score)), why }))
}

/** A score that means the same for every query: the share of the query's word weight that was found, and the cosine. */
function absolute(arms: Arms, why: Why): number {
  const words = arms.words === undefined ? undefined : (why.words?.score ?? 0) / Math.max(arms.words.ceiling, Number.MIN_VALUE)
  const vectors = arms.vectors === undefined ? undefined : Math.max(why.vectors?.score ?? 0, 0)
  if (words === undefined) return clamp(vectors ?? 0)
  if (vectors === undefined) return clamp(words)
  return clamp(armWeights.words * words + armWeights.vectors * vectors)
}

function ranked(scores: ReadonlyMap<string, number> | undefined): Map<string, ArmScore> {
  const sorted = [...(scores ?? [])].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  return new Map(sorted.map(([key, score], index) => [key, { rank: index + 1, score }]))
}

/** Min-max scaling to 0–1 over what the arm found; `floor` replaces the minimum where the arm has a natural zero. */
function scaler(scores: ReadonlyMap<string, number> | undefined, floor?: number): (score: number | undefined) => number {
  const values = [...(scores?.values() ?? [])]
  const low = floor ?? values.reduce((a, b) => Math.min(a, b), Infinity)
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity)
  return (score) => (score === undefined ? 0 : high > low ? (score - low) / (high - low) : 1)
}

function clamp(score: number): number {
  return Math.min(Math.max(score, 0), 1)
}
