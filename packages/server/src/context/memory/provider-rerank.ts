// The best candidates of a recall in the order of a provider's reranker: within a time limit, and without it when it fails.
import type { Queryable } from "../../store/index.ts"
import { clamp } from "../retrieval/fuse.ts"
import { providerScores, type ProviderReranking } from "../retrieval/provider-reranking.ts"
import type { Caller } from "../types.ts"
import { isTellable, refusalOf, type Candidate, type Choice, type Wanted } from "./choose.ts"
import { rowsByIds } from "./entries.ts"
import type { RecallQuery } from "./recall-query.ts"
import type { Recall } from "./types.ts"

/** Candidates, best first, and what is wanted of them. */
export interface Ranked {
  candidates: Candidate[]
  wanted: Wanted
}

export function rerankModel(reranking: ProviderReranking | undefined, asked: RecallQuery["rerank"]): string | null {
  if (reranking === undefined || asked === false) return null
  return typeof asked === "object" ? asked.model : reranking.model
}

export async function orderedByProvider(
  reranking: ProviderReranking,
  caller: Caller,
  { model, query }: { model: string; query: string },
  { candidates, wanted }: Ranked,
  signal: AbortSignal,
): Promise<{ candidates: Candidate[]; reranked: Recall["reranked"] }> {
  const sent = candidates.filter((each) => isTellable(each, wanted)).slice(0, reranking.candidatesMax)
  const texts = sent.map(({ entry }) => entry.text ?? "")
  const { scores, reranked } = await providerScores(reranking, caller, { model, query }, texts, signal)
  return { candidates: reranked.failed === null ? inOrder(candidates, sent, scores, model) : [...candidates], reranked }
}

/** What it read first, by its scores; what it did not read stays behind in the order that it had. */
function inOrder(
  candidates: readonly Candidate[],
  sent: readonly Candidate[],
  scores: ReadonlyMap<number, number>,
  model: string,
): Candidate[] {
  const scored = sent.flatMap((candidate, index) => {
    const score = scores.get(index)
    return score === undefined ? [] : [{ candidate, score }]
  })
  scored.sort((a, b) => b.score - a.score) // stable: equal ones stay
  const lowest = clamp(scored.at(-1)?.score ?? 1)
  const read = new Set(scored.map(({ candidate }) => candidate))
  const first = scored.map(({ candidate, score }, index): Candidate => {
    return { ...candidate, score: clamp(score), why: { ...candidate.why, rerank: { rank: index + 1, score, model } } }
  })
  const rest = candidates.filter((each) => !read.has(each)).map((each) => ({ ...each, score: Math.min(each.score, lowest) }))
  return [...first, ...rest]
}

/** Without what may not be told any more since it was found. */
export async function stillTold(tx: Queryable, projectId: string, choice: Choice, wanted: Wanted): Promise<Choice> {
  const rows = await rowsByIds(
    tx,
    projectId,
    choice.entries.map(({ id, versionId }) => versionId ?? id),
  )
  const entries = choice.entries.filter((entry) => {
    const row = rows.get(entry.versionId ?? entry.id)
    return row !== undefined && refusalOf({ entry, row }, wanted) === undefined
  })
  return { ...choice, entries }
}
