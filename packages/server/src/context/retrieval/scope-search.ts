// Hybrid search inside one scope: the words by BM25, the vectors exactly, both fused. Statistics and candidates never leave the scope.
import { embeddings, type Queryable } from "../../store/index.ts"
import { countTerms } from "./analyze.ts"
import { placeKey, placeOf, scoreWords, type Bm25Parameters } from "./bm25.ts"
import { fuse, type Arms, type Fused } from "./fuse.ts"
import { placeIn, splitPlace, type ScopeWords, type WordCache } from "./word-cache.ts"

export interface ScopeQuery {
  projectId: string
  scopeId: string
  text: string
  /** The embedded query; undefined when vectors cannot be searched. */
  vector: Float32Array | undefined
  model: string
  /** Only these documents; null is all of the scope. */
  documentIds: ReadonlySet<string> | null
  parameters: Bm25Parameters
  /** Candidates taken from each arm. */
  candidatesMax: number
  wordCache: WordCache
}

/** The candidates of the word arm, and the score of any other part. */
interface WordArm extends NonNullable<Arms["words"]> {
  scores: Map<string, number>
  scoreOf(documentId: string, part: number): number | undefined
}

/** Candidates in order, best first. Call it in one transaction, so that both arms see the same state. */
export async function searchScope(db: Queryable, query: ScopeQuery): Promise<Fused[]> {
  const words = await wordArm(db, query)
  const vectors = query.vector === undefined ? undefined : await vectorArm(db, query, query.vector, words)
  return fuse({ words, vectors })
}

async function wordArm(db: Queryable, query: ScopeQuery): Promise<WordArm> {
  const repetitions = countTerms(query.text).frequencies
  if (repetitions.size === 0) return { scores: new Map(), ceiling: 0, scoreOf: () => undefined }
  const words = await query.wordCache.load(db, query.projectId, query.scopeId, [...repetitions.keys()])
  const { scores, ceiling } = scoreWords(words, repetitions, query.parameters)
  return {
    scores: bestOf(scores, words, query),
    ceiling,
    scoreOf: (documentId, part) => scores.get(placeIn(words, documentId, part) ?? -1),
  }
}

/** The best candidates by key; equal scores go by key, so that the order never depends on what was cached. */
function bestOf(scores: ReadonlyMap<number, number>, words: ScopeWords, { documentIds, candidatesMax }: ScopeQuery): Map<string, number> {
  const idOf = (place: number): string => words.documentIds[splitPlace(place).document] ?? ""
  const allowed = [...scores].filter(([place]) => documentIds === null || documentIds.has(idOf(place)))
  allowed.sort(([, x], [, y]) => y - x)
  const cut = allowed[candidatesMax - 1]?.[1] ?? 0
  const keyed = allowed
    .filter(([, score]) => score >= cut)
    .map(([place, score]) => [placeKey(idOf(place), splitPlace(place).part), score] as const)
  keyed.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  return new Map(keyed.slice(0, candidatesMax))
}

/** The nearest parts. Both arms then score the candidates of the other: one without its second score would be ranked as if it had none. */
async function vectorArm(db: Queryable, query: ScopeQuery, vector: Float32Array, words: WordArm): Promise<{ scores: Map<string, number> }> {
  const only = query.documentIds === null ? null : [...query.documentIds]
  const nearest = await embeddings.nearestParts(db, query, vector, only, query.candidatesMax)
  const missing = new Set(words.scores.keys())
  for (const { documentId, part } of nearest) {
    const key = placeKey(documentId, part)
    const score = words.scoreOf(documentId, part)
    if (!missing.delete(key) && score !== undefined) words.scores.set(key, score)
  }
  const others = missing.size === 0 ? [] : await embeddings.similaritiesOf(db, query, vector, [...missing].map(placeOf))
  return { scores: new Map([...nearest, ...others].map(({ documentId, part, similarity }) => [placeKey(documentId, part), similarity])) }
}
