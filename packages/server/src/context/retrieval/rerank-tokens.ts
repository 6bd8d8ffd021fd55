// Orders the best candidates anew by late interaction: how well each word of the question, read in its sentence, is met by some word of the text.
import { tokenVectors, type Queryable, type ScopeKey } from "../../store/index.ts"
import type { PassageModel, TokenVectors } from "../types.ts"
import { placeKey, placeOf } from "./bm25.ts"
import { clamp, levelled, ranked, type Fused } from "./fuse.ts"
import { createTokenReranker } from "./reranker.ts"
import { kindOf, type Fusion } from "./weights.ts"

export interface TokenReranking {
  query: TokenVectors
  similarity: PassageModel["similarity"]
}

/** Each costs some 40 tokens × those of the question; what stands further down would seldom come up. */
export const rerankedMax = 50

/** It reads what lies in memory, and is done at once. */
const never = new AbortController().signal

export interface TokenSignals {
  similarity: number
  asks: boolean
}

/** Candidates without token vectors stay about where they are. */
export async function rerankByTokens(
  db: Queryable,
  key: ScopeKey & { model: string },
  candidates: readonly Fused[],
  fusion: Fusion,
  { query, similarity }: TokenReranking,
): Promise<Fused[]> {
  const top = candidates.slice(0, rerankedMax)
  const stored = await tokenVectors.tokensOf(
    db,
    key,
    top.map((each) => placeOf(each.key)),
  )
  const read = stored.map(({ documentId, part, vectors: tokens }) => ({ key: placeKey(documentId, part), text: "", tokens }))
  const scores = await createTokenReranker(similarity).scores({ text: "", tokens: query }, read, never)
  const signals = new Map<string, TokenSignals>()
  for (const { documentId, part, asks } of stored) {
    const key = placeKey(documentId, part)
    signals.set(key, { asks, similarity: scores.get(key) ?? 0 })
  }
  return [...reranked(top, signals, fusion), ...candidates.slice(rerankedMax)]
}

export function reranked(top: readonly Fused[], signals: ReadonlyMap<string, TokenSignals>, fusion: Fusion): Fused[] {
  const arm = ranked(top, ({ key }) => signals.get(key)?.similarity)
  if (arm.size === 0) return [...top]
  const values = [...arm.values()].map(({ score }) => score)
  const best = values[0] ?? 0
  const spread = best - (values.at(-1) ?? 0) || 1
  const scaled = (key: string): number => 1 - (best - (arm.get(key)?.score ?? best)) / spread
  const middle = values.reduce((sum, value) => sum + 1 - (best - value) / spread, 0) / values.length
  const entries = top.map((each) => {
    const weights = fusion.weights[kindOf(each.lane)]
    const tokens = arm.get(each.key)
    const order = each.order + weights.tokens * (tokens === undefined ? middle : scaled(each.key))
    if (tokens === undefined) return { ...each, order }
    const asks = signals.get(each.key)?.asks === true
    const share = weights.tokens / (1 + weights.tokens)
    return {
      ...each,
      order: order + (asks ? weights.asks : 0),
      score: (1 - share) * each.score + share * clamp(tokens.score),
      why: { ...each.why, tokens, ...(asks ? { asks: true as const } : {}) },
    }
  })
  entries.sort((a, b) => b.order - a.order || (a.key < b.key ? -1 : 1))
  return levelled(entries)
}
