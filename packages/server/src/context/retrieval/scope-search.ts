// Hybrid search inside one scope: the words by BM25, the vectors exactly, both fused. Statistics and candidates never leave the scope.
import { embeddings, postings, type Queryable } from "../../store/index.ts"
import { analyze } from "./analyze.ts"
import { placeOf, scoreWords, type Bm25Parameters, type WordScores } from "./bm25.ts"
import { fuse, type Fused } from "./fuse.ts"

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
}

/** Candidates in order, best first. Call it in one transaction, so that both arms see the same state. */
export async function searchScope(db: Queryable, query: ScopeQuery): Promise<Fused[]> {
  const words = await wordArm(db, query)
  const vectors = query.vector === undefined ? undefined : await vectorArm(db, query, query.vector, words)
  return fuse({ words, vectors })
}

async function wordArm(db: Queryable, query: ScopeQuery): Promise<WordScores> {
  const repetitions = new Map<string, number>()
  for (const term of analyze(query.text)) repetitions.set(term, (repetitions.get(term) ?? 0) + 1)
  if (repetitions.size === 0) return { scores: new Map(), ceiling: 0 }
  const statistics = await postings.scopeStatistics(db, query.projectId, query.scopeId)
  const found = await postings.postingsOf(db, query.projectId, query.scopeId, [...repetitions.keys()])
  const { scores, ceiling } = scoreWords(found, statistics, repetitions, query.parameters)
  const allowed = [...scores].filter(([key]) => query.documentIds === null || query.documentIds.has(placeOf(key).documentId))
  allowed.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  return { scores: new Map(allowed.slice(0, query.candidatesMax)), ceiling }
}

/** The nearest parts, and the similarity of the word arm's candidates too: a candidate without its vector score would be ranked as if it were far away. */
async function vectorArm(
  db: Queryable,
  query: ScopeQuery,
  vector: Float32Array,
  words: WordScores,
): Promise<{ scores: Map<string, number> }> {
  const only = query.documentIds === null ? null : [...query.documentIds]
  const nearest = await embeddings.nearestParts(db, query, vector, only, query.candidatesMax)
  const scores = new Map(nearest.map((part) => [`${part.documentId} ${part.part}`, part.similarity]))
  const missing = [...words.scores.keys()].filter((key) => !scores.has(key))
  if (missing.length > 0) {
    for (const part of await embeddings.similaritiesOf(db, query, vector, missing.map(placeOf))) {
      scores.set(`${part.documentId} ${part.part}`, part.similarity)
    }
  }
  return { scores }
}
