// Hybrid search inside one scope: the words by BM25, the vectors exactly, both fused. Statistics and candidates never leave the scope.
import { embeddings, wordIndex, type Queryable } from "../../store/index.ts"
import { countTerms } from "./analyze.ts"
import { placeKey, placeOf, scoreWords, type Bm25Parameters, type WordScores } from "./bm25.ts"
import { fuse, type Arms, type Fused } from "./fuse.ts"
import type { Lane } from "./lanes.ts"
import type { ScopeWords } from "./scope-words.ts"
import { hashedTerm, type TermKeyOf } from "./term-hash.ts"
import type { WordCache } from "./word-cache.ts"

export interface ScopeQuery {
  projectId: string
  scopeId: string
  text: string
  /** The embedded query; undefined when vectors cannot be searched. */
  vector: Float32Array | undefined
  model: string
  /** Only these documents; null is all of the scope. */
  documentIds: ReadonlySet<string> | null
  /** The lanes that are searched, and how. */
  lanes: ReadonlyMap<Lane, Bm25Parameters>
  /** Candidates taken from each arm. */
  candidatesMax: number
  wordCache: WordCache
  termKeyOf: TermKeyOf
}

/** The candidates of the word arm, and the scores of others. */
interface WordArm extends NonNullable<Arms["words"]> {
  scores: Map<string, number>
  /** Adds the scores of those parts, where they have one. */
  addScores(db: Queryable, parts: readonly { documentId: string; part: number }[]): Promise<void>
}

/** Candidates in order, best first. Call it in one transaction, so that both arms see the same state. */
export async function searchScope(db: Queryable, query: ScopeQuery): Promise<Fused[]> {
  const words = await wordArm(db, query)
  const vectors = query.vector === undefined ? undefined : await vectorArm(db, query, query.vector, words)
  return fuse({ words, vectors })
}

async function wordArm(db: Queryable, query: ScopeQuery): Promise<WordArm> {
  const repetitions = countTerms(query.text).frequencies
  if (repetitions.size === 0) return { scores: new Map(), ceiling: 0, addScores: () => Promise.resolve() }
  const key = await query.termKeyOf(db, query.projectId, query.scopeId)
  const terms = [...repetitions].map(([term, weight]) => ({ term: hashedTerm(key, term), weight }))
  const words = await query.wordCache.load(
    db,
    query,
    terms.map(({ term }) => term),
  )
  const scored = scoreWords(words, terms, query.lanes)
  const only = query.documentIds === null ? undefined : await allowedPlaces(db, query, query.documentIds)
  const scores = await keyed(db, query, words, bestOf(scored, only, query.candidatesMax))
  return {
    scores,
    ceiling: Math.max(...scored.ceilings.values()),
    addScores: async (from, parts) => {
      const begins = new Map(
        (await wordIndex.placesOf(from, query, [...new Set(parts.map(({ documentId }) => documentId))])).map((each) => [
          each.documentId,
          each.place,
        ]),
      )
      for (const { documentId, part } of parts) {
        const place = begins.get(documentId)
        const score = place === undefined ? 0 : (scored.scores[place + part] ?? 0)
        if (score > 0) scores.set(placeKey(documentId, part), score)
      }
    },
  }
}

/** By place: 1 where a document of the filter stands. */
async function allowedPlaces(db: Queryable, query: ScopeQuery, documentIds: ReadonlySet<string>): Promise<(place: number) => boolean> {
  const ranges = await wordIndex.placesOf(db, query, [...documentIds])
  const allowed = new Set<number>()
  for (const { place, parts } of ranges) for (let each = place; each < place + parts; each++) allowed.add(each)
  return (place) => allowed.has(place)
}

/** The best places; equal scores go by place, so that the order never depends on what was cached. */
function bestOf({ scores, places }: WordScores, allowed: ((place: number) => boolean) | undefined, limit: number): [number, number][] {
  const found = allowed === undefined ? places : places.filter(allowed)
  const ranked = found.map((place): [number, number] => [place, scores[place] ?? 0])
  ranked.sort(([a, x], [b, y]) => y - x || a - b)
  return ranked.slice(0, limit)
}

async function keyed(
  db: Queryable,
  query: ScopeQuery,
  words: ScopeWords,
  ranked: readonly [number, number][],
): Promise<Map<string, number>> {
  const unknown = ranked.map(([place]) => place).filter((place) => !words.parts.has(place))
  if (unknown.length > 0) {
    for (const { place, documentId, part } of await wordIndex.partsAt(db, query, unknown)) words.parts.set(place, { documentId, part })
  }
  const scores = new Map<string, number>()
  for (const [place, score] of ranked) {
    const found = words.parts.get(place)
    if (found !== undefined) scores.set(placeKey(found.documentId, found.part), score)
  }
  return scores
}

/** The nearest parts. Both arms then score the candidates of the other: one without its second score would be ranked as if it had none. */
async function vectorArm(db: Queryable, query: ScopeQuery, vector: Float32Array, words: WordArm): Promise<{ scores: Map<string, number> }> {
  const only = query.documentIds === null ? null : [...query.documentIds]
  const nearest = await embeddings.nearestParts(db, query, vector, only, query.candidatesMax)
  const missing = new Set(words.scores.keys())
  const added = nearest.filter(({ documentId, part }) => !missing.delete(placeKey(documentId, part)))
  if (added.length > 0) await words.addScores(db, added)
  const others = missing.size === 0 ? [] : await embeddings.similaritiesOf(db, query, vector, [...missing].map(placeOf))
  return { scores: new Map([...nearest, ...others].map(({ documentId, part, similarity }) => [placeKey(documentId, part), similarity])) }
}
