// Joins what words, vectors, sessions and speakers say of each candidate into one order, and keeps why each stands where it does.
import { likelihood, type Curve } from "./calibration.ts"
import type { Lane } from "./lanes.ts"
import { kindOf, type Fusion, type FusionWeights } from "./weights.ts"

export interface ArmScore {
  /** 1 is the best; among the candidates of both arms. */
  rank: number
  /** BM25 for words, cosine for vectors, the mean cosine of tokens for tokens. */
  score: number
}

/** Why a result was found; an arm that did not find it, or did not run, is null. */
export interface Why {
  words: ArmScore | null
  vectors: ArmScore | null
  /** How well its whole session fits by words, the best session being 1; absent where it has none. */
  session?: number
  /** It is by the speaker whom the query names. */
  speaker?: true
  /** Late interaction, where the candidate was reranked. */
  tokens?: ArmScore
  /** It ends by asking something, where the candidate was reranked. */
  asks?: true
}

export interface Fused {
  key: string
  lane: Lane
  /** 0 to 1, comparable between queries. */
  score: number
  /** From the score to how likely it answers; as it is where there is none. */
  curve?: Curve | undefined
  /** What the order is by; only to be compared within one query and scope. */
  order: number
  why: Why
}

export interface Candidate {
  key: string
  lane: Lane
  /** BM25; 0 where no word of the query is. */
  words: number
  cosine: number | undefined
  /** Best 1; undefined where there is no session. */
  session: number | undefined
  isNamed: boolean
}

export interface FuseOptions {
  /** The highest score by words that the query could reach. */
  ceiling: number
  fusion: Fusion
}

/** Cosines of texts that have nothing in common: differences below it say nothing. */
const cosineFloor = 0.1
/** How fast a rank loses: the second of an arm has 11/12 of the first. */
const rankConstant = 10

/** Orders the candidates by the weighted sum of their scaled signals. */
export function fuse(candidates: readonly Candidate[], { ceiling, fusion }: FuseOptions): Fused[] {
  const words = ranked(candidates, (each) => (each.words > 0 ? each.words : undefined))
  const vectors = ranked(candidates, (each) => each.cosine)
  const scaleWords = scaler(words, 0, fusion.scale)
  const scaleVectors = scaler(vectors, cosineFloor, fusion.scale)
  const entries = candidates.map((each): Fused => {
    const weights = fusion.weights[kindOf(each.lane)]
    const why = whyOf(each, words.get(each.key), vectors.get(each.key))
    const byWords = scaleWords(why.words)
    // What has no session is its own.
    const context = weights.session * (each.session ?? byWords) + (each.isNamed ? weights.speaker : 0)
    const order = weights.words * byWords + weights.vectors * scaleVectors(why.vectors) + context
    const curve = fusion.curves?.[kindOf(each.lane)]
    return { key: each.key, lane: each.lane, order, score: absolute(each, ceiling, weights), curve, why }
  })
  entries.sort((a, b) => b.order - a.order || (a.key < b.key ? -1 : 1))
  return levelled(entries)
}

function whyOf(candidate: Candidate, words: ArmScore | undefined, vectors: ArmScore | undefined): Why {
  return {
    words: words ?? null,
    vectors: vectors ?? null,
    ...(candidate.session === undefined ? {} : { session: candidate.session }),
    ...(candidate.isNamed ? { speaker: true as const } : {}),
  }
}

/** A score that means the same for every query: the share of the query's word weight that was found, and the cosine, by the weights of both. */
function absolute({ words, cosine }: Candidate, ceiling: number, weights: FusionWeights): number {
  const share = words / Math.max(ceiling, Number.MIN_VALUE)
  const both = weights.words + weights.vectors
  if (both === 0 || weights.vectors === 0) return clamp(share)
  return clamp((weights.words * share + weights.vectors * Math.max(cosine ?? 0, 0)) / both)
}

/** Scores that contradict the order are averaged with their neighbours until none does: the nearest falling sequence. */
export function levelled<T extends { score: number }>(entries: readonly T[]): T[] {
  const blocks: { sum: number; count: number }[] = []
  for (const { score } of entries) {
    let block = { sum: score, count: 1 }
    for (let last = blocks.at(-1); last !== undefined && last.sum / last.count < block.sum / block.count; last = blocks.at(-1)) {
      blocks.pop()
      block = { sum: last.sum + block.sum, count: last.count + block.count }
    }
    blocks.push(block)
  }
  const scores = blocks.flatMap(({ sum, count }) => Array.from({ length: count }, () => clamp(sum / count)))
  return entries.map((entry, index) => ({ ...entry, score: scores[index] ?? 0 }))
}

/** The same with likelihoods for scores, in their order: between texts of two kinds neighbours are averaged where their curves contradict it. */
export function calibrated<T extends { score: number; curve?: Curve | undefined }>(entries: readonly T[]): T[] {
  return levelled(entries.map((each) => ({ ...each, score: likelihood(each.score, each.curve) })))
}

/** The candidates of one arm, best first; equal ones by key, so that no order depends on how they were listed. */
export function ranked<T extends { key: string }>(
  candidates: readonly T[],
  scoreOf: (each: T) => number | undefined,
): Map<string, ArmScore> {
  const scored = candidates.flatMap((each): [string, number][] => {
    const score = scoreOf(each)
    return score === undefined ? [] : [[each.key, score]]
  })
  scored.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  return new Map(scored.map(([key, score], index) => [key, { rank: index + 1, score }]))
}

/** To 0–1: by value between the floor and the best, or by rank. */
function scaler(arm: ReadonlyMap<string, ArmScore>, floor: number, scale: Fusion["scale"]): (entry: ArmScore | null) => number {
  const best = arm.values().next().value?.score ?? 0
  if (scale === "rank") return (entry) => (entry === null ? 0 : (rankConstant + 1) / (rankConstant + entry.rank))
  return (entry) => scaledValue(entry?.score, best, floor)
}

export function scaledValue(score: number | undefined, best: number, floor = cosineFloor): number {
  return score === undefined || best <= floor ? 0 : Math.max((score - floor) / (best - floor), 0)
}

export function clamp(score: number): number {
  return Math.min(Math.max(score, 0), 1)
}
