// Searches vector stores: chunks by words and vectors, filtered by attributes, each result with its label and the reason why it was found.
import { AppError, type Clock, type Limits } from "../../core/index.ts"
import { segments, vectorStores, type Queryable, type Store, type StoredVectorStore } from "../../store/index.ts"
import { isExpired } from "../expiry.ts"
import type { ActingCaller } from "../owners.ts"
import type { Caller, EmbedAs } from "../types.ts"
import { requireVectorStore } from "../vector-stores.ts"
import { matches, type AttributeFilter } from "./filters.ts"
import { calibrated, type Fused } from "./fuse.ts"
import { inTime } from "./in-time.ts"
import { parametersOf } from "./lanes.ts"
import { PlaceFilter } from "./place-filter.ts"
import type { Reranked } from "./provider-reranking.ts"
import type { Rankers } from "./rankers.ts"
import { wordsOnlyReason } from "./reader.ts"
import { searchScope } from "./scope-search.ts"
import { readResults, rerankedResults, variedResults, type Found, type SearchResult } from "./search-results.ts"
import type { FollowSpace } from "./spaces.ts"
import type { TermKeyOf } from "./term-hash.ts"
import type { VectorIndex } from "./vector-index.ts"
import { fusionWith } from "./weights.ts"
import type { WordCache } from "./word-cache.ts"

export interface SearchQuery {
  vectorStoreIds: readonly string[]
  /** Several phrasings are searched one by one; a chunk keeps its best place. */
  query: string | readonly string[]
  limit: number
  /** Results that come before them, of the hundred candidates that are ranked; none when absent. */
  offset?: number | undefined
  filters?: AttributeFilter | undefined
  /** Results with a score below it are left out; 0 to 1. Of the reranking model's scores where one ordered. */
  scoreThreshold?: number | undefined
  /** How words and vectors are weighed, instead of what fits the embedding model. */
  weights?: SearchWeights | undefined
  /** `none`, or the reranking model that orders the best; what is configured when absent. See `rankers.ts`. */
  ranker?: string | undefined
  /** How much chunks that are like better ones give way to others, 0 to 1: for what goes before a model. Not at all when absent. */
  diversity?: number | undefined
  /** How long the embedding of the query is waited for; `questionEmbedMsMax` when absent. */
  embedWaitMs?: number | undefined
}

export interface SearchWeights {
  words: number
  vectors: number
}

export interface SearchAnswer {
  results: SearchResult[]
  /** There are results after these. */
  hasMore: boolean
  /** Why vectors were not searched; null when they were. */
  wordsOnly: string | null
  /** The reranking model that was asked, and why the order is not by it where it failed; null where none was. */
  reranked: Reranked | null
}

export type Search = (caller: ActingCaller, query: SearchQuery, signal: AbortSignal) => Promise<SearchAnswer>

export interface SearchDependencies {
  store: Store
  embedAs: EmbedAs | undefined
  embedModel: string
  clock: Clock
  limits: Pick<Limits, "questionEmbedMsMax">
  wordCache: WordCache
  vectorIndex: VectorIndex
  termKeyOf: TermKeyOf
  followSpace: FollowSpace
  rankers: Pick<Rankers, "modelFor" | "reranking">
}

const candidatesMax = 100
const queriesMax = 16
const documentLane = parametersOf(["document"])

export function createSearch(dependencies: SearchDependencies): Search {
  const { store, clock, embedModel: model, rankers } = dependencies
  return async (caller, query, signal) => {
    const { projectId } = caller
    const { limit, offset = 0, scoreThreshold = 0, diversity = 0 } = query
    const queries = queriesOf(query)
    const reranker = rankers.modelFor(query.ranker)
    await dependencies.followSpace(projectId)
    const { vectors, wordsOnly } = await embedQueries(dependencies, caller, queries, signal, query.embedWaitMs)
    // Whether there is a page after this one shows by one more.
    const wanted = Math.max(
      offset + limit + 1,
      reranker === null ? 0 : (rankers.reranking?.candidatesMax ?? 0),
      diversity > 0 ? candidatesMax : 0,
    )
    const db = store.project(projectId)
    const ranked = await db.transaction(async (tx) => {
      const read: Found[] = []
      for (const vectorStoreId of new Set(query.vectorStoreIds)) {
        requireUsed(await requireVectorStore(tx, caller, vectorStoreId, "read"), clock.now())
        const entries = await rankedIn(dependencies, tx, { projectId, vectorStoreId }, query, queries, vectors)
        read.push(...(await readResults(tx, { projectId, vectorStoreId, now: clock.now() }, entries.slice(0, wanted))))
      }
      await vectorStores.touchVectorStores(tx, projectId, query.vectorStoreIds, clock.now())
      return read
    })
    ranked.sort((a, b) => b.result.score - a.result.score) // stable: within one store the order stays
    const { found, reranked } = await reordered(dependencies, caller, { reranker, query: queries.join("\n") }, ranked, signal)
    const passing = found.filter(({ result }) => result.score >= scoreThreshold)
    const hasVectors = vectors !== undefined && diversity > 0
    const told = hasVectors ? await variedResults(db, { projectId, model }, passing, { diversity, limit, offset }) : passing
    const results = told.slice(offset, offset + limit).map(({ result }) => result)
    return { results, hasMore: told.length > offset + limit, wordsOnly, reranked }
  }
}

/** By the reranking model, if one is asked. Nobody waits for it inside of a transaction, so what was removed meanwhile is left out. */
async function reordered(
  { rankers: { reranking }, store, clock }: SearchDependencies,
  caller: Caller,
  { reranker, query }: { reranker: string | null; query: string },
  ranked: readonly Found[],
  signal: AbortSignal,
): Promise<{ found: readonly Found[]; reranked: Reranked | null }> {
  if (reranking === undefined || reranker === null) return { found: ranked, reranked: null }
  const { found, reranked } = await rerankedResults(reranking, caller, { model: reranker, query }, ranked, signal)
  const { projectId } = caller
  const still = new Set<string>()
  for (const [vectorStoreId, of] of Map.groupBy(found, ({ result }) => result.vectorStoreId)) {
    const entries = of.map(({ key, result: { score, why } }) => ({ key, score, why }))
    const read = await readResults(store.project(projectId), { projectId, vectorStoreId, now: clock.now() }, entries)
    for (const { result } of read) still.add(result.chunkId)
  }
  return { found: found.filter(({ result }) => still.has(result.chunkId)), reranked }
}

/** The chunks of one store, best first; each key at its best score of all queries. */
async function rankedIn(
  dependencies: SearchDependencies,
  db: Queryable,
  { projectId, vectorStoreId }: { projectId: string; vectorStoreId: string },
  query: SearchQuery,
  queries: readonly string[],
  vectors: readonly Float32Array[] | undefined,
): Promise<Fused[]> {
  const { embedModel: model, wordCache, vectorIndex, termKeyOf } = dependencies
  const filter = await placeFilter(db, projectId, vectorStoreId, query.filters)
  if (filter?.kind === "only" && filter.named === 0) return []
  const scope = { projectId, scopeId: vectorStoreId, model, filter, wordCache, vectorIndex, termKeyOf, lanes: documentLane }
  const fusion = query.weights && fusionWith(model, query.weights)
  const rankings: Fused[][] = []
  for (const [index, text] of queries.entries())
    rankings.push(await searchScope(db, { ...scope, fusion, text, vector: vectors?.[index], candidatesMax }))
  return best(rankings)
}

/** Of a longer query (a whole document as the question) the beginning is searched for. */
const queryCharsMax = 16_000

function queriesOf(query: SearchQuery): readonly string[] {
  const queries = typeof query.query === "string" ? [query.query] : query.query
  if (!queries.some((text) => text.trim() !== "")) {
    throw new AppError("invalid_request", "The query is empty.", { param: "query", hint: "Send at least one word to search for." })
  }
  if (queries.length > queriesMax)
    throw new AppError("invalid_request", `A search takes at most ${queriesMax} queries; got ${queries.length}.`, { param: "query" })
  return queries.map((text) => text.slice(0, queryCharsMax))
}

/** The vectors of the queries, or why there are none. An embedding model that fails or is late does not stop the words. */
export async function embedQueries(
  { store, embedAs, limits }: Pick<SearchDependencies, "store" | "embedAs" | "limits">,
  caller: Caller,
  queries: readonly string[],
  signal: AbortSignal,
  waitMs = limits.questionEmbedMsMax,
): Promise<{ vectors: Float32Array[] | undefined; wordsOnly: string | null }> {
  if (embedAs === undefined) return { vectors: undefined, wordsOnly: "no embedding model is configured" }
  if (!store.capabilities.vector) return { vectors: undefined, wordsOnly: "the database has no pgvector" }
  try {
    const embed = embedAs({ ...caller, isPatient: false })
    return { vectors: await inTime(waitMs, signal, (stop) => embed(queries, stop, "query")), wordsOnly: null }
  } catch (error) {
    signal.throwIfAborted()
    return { vectors: undefined, wordsOnly: wordsOnlyReason(error) }
  }
}

function requireUsed(store: StoredVectorStore, now: number): void {
  if (isExpired(store, now)) {
    throw new AppError("invalid_request", `Vector store '${store.id}' expired after ${store.expiresAfterDays} days without use.`, {
      hint: "Update its `expires_after` to use it again.",
    })
  }
}

/** The places that may be found, chosen before anything is ranked, so that no match is lost to a cut; null is all that the store has. */
async function placeFilter(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  filter: AttributeFilter | undefined,
): Promise<PlaceFilter | null> {
  if (filter === undefined) {
    const hidden = await segments.hiddenPlaces(db, projectId, vectorStoreId)
    return hidden.length === 0 ? null : new PlaceFilter("without", hidden)
  }
  const files = await segments.attributesOfFiles(db, projectId, vectorStoreId)
  const fileIds = files.flatMap(({ fileId, attributes }) => (matches(filter, attributes) ? [fileId] : []))
  return new PlaceFilter("only", await segments.livePlaces(db, projectId, vectorStoreId, fileIds))
}

/** One ranking of several: each key at its best score. */
function best(rankings: readonly Fused[][]): Fused[] {
  const byKey = new Map<string, Fused>()
  for (const entry of rankings.flatMap(calibrated)) {
    const other = byKey.get(entry.key)
    if (other === undefined || entry.score > other.score) byKey.set(entry.key, entry)
  }
  const entries = [...byKey.values()]
  if (rankings.length > 1) entries.sort((a, b) => b.score - a.score)
  return entries
}
