// Searches vector stores: chunks by words and vectors, filtered by attributes, each result with its label and the reason why it was found.
import { AppError, type Clock, type JsonObject, type Limits } from "../../core/index.ts"
import type { Label } from "../../security/index.ts"
import {
  chunks,
  embeddings,
  segments,
  vectorStores,
  type ChunkHit,
  type ModelKey,
  type Queryable,
  type Store,
  type StoredVectorStore,
} from "../../store/index.ts"
import { isExpired } from "../expiry.ts"
import type { ActingCaller } from "../owners.ts"
import type { Caller, EmbedAs } from "../types.ts"
import { requireVectorStore } from "../vector-stores.ts"
import { placeKey, placeOf } from "./bm25.ts"
import { cosine, diversified } from "./diversity.ts"
import { matches, type AttributeFilter } from "./filters.ts"
import { calibrated, type Fused, type Why } from "./fuse.ts"
import { inTime } from "./in-time.ts"
import { parametersOf } from "./lanes.ts"
import { wordsOnlyReason } from "./reader.ts"
import { searchScope } from "./scope-search.ts"
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
  /** Results below it are left out; 0 to 1. */
  scoreThreshold?: number | undefined
  /** How words and vectors are weighed, instead of what fits the embedding model. */
  weights?: SearchWeights | undefined
  /** How much chunks that are like better ones give way to others, 0 to 1: for what goes before a model. Not at all when absent. */
  diversity?: number | undefined
  /** How long the embedding of the query is waited for; `questionEmbedMsMax` when absent. */
  embedWaitMs?: number | undefined
}

export interface SearchWeights {
  words: number
  vectors: number
}

export interface SearchResult {
  chunkId: string
  vectorStoreId: string
  fileId: string
  filename: string
  attributes: JsonObject
  /** Titles of the sections that the chunk stands in, outermost first. */
  heading: readonly string[]
  text: string
  /** Where the chunk stands in the decoded file, in UTF-16 units. */
  span: { start: number; end: number }
  /** First and last page, where the file has pages. */
  pages: readonly [number, number] | null
  score: number
  /** The file's label: what this text may influence. */
  label: Label
  why: Why
}

export interface SearchAnswer {
  results: SearchResult[]
  /** There are results after these. */
  hasMore: boolean
  /** Why vectors were not searched; null when they were. */
  wordsOnly: string | null
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
}

const candidatesMax = 100
const queriesMax = 16
const documentLane = parametersOf(["document"])

export function createSearch(dependencies: SearchDependencies): Search {
  return async (caller, query, signal) => {
    const { projectId } = caller
    const queries = queriesOf(query)
    await dependencies.followSpace(projectId)
    const { vectors, wordsOnly } = await embedQueries(dependencies, caller, queries, signal, query.embedWaitMs)
    const found = await dependencies.store.project(projectId).transaction(async (db) => {
      const hits: SearchResult[] = []
      for (const vectorStoreId of new Set(query.vectorStoreIds)) {
        requireUsed(await requireVectorStore(db, caller, vectorStoreId, "read"), dependencies.clock.now())
        const documentIds = await allowedDocuments(db, projectId, vectorStoreId, query.filters)
        if (documentIds !== null && documentIds.size === 0) continue
        const rankings: Fused[][] = []
        for (const [index, text] of queries.entries()) {
          const { embedModel: model, wordCache, vectorIndex, termKeyOf } = dependencies
          const scope = { projectId, scopeId: vectorStoreId, model, documentIds, wordCache, vectorIndex, termKeyOf, lanes: documentLane }
          const fusion = query.weights && fusionWith(model, query.weights)
          rankings.push(await searchScope(db, { ...scope, fusion, text, vector: vectors?.[index], candidatesMax }))
        }
        const where = { projectId, scopeId: vectorStoreId, model: dependencies.embedModel }
        const chosen = await varied(db, where, best(rankings, query), query, vectors !== undefined)
        hits.push(...(await resultsOf(db, projectId, vectorStoreId, dependencies.clock.now(), chosen)))
      }
      await vectorStores.touchVectorStores(db, projectId, query.vectorStoreIds, dependencies.clock.now())
      return hits
    })
    found.sort((a, b) => b.score - a.score) // stable: within one store the order stays

    const from = query.offset ?? 0
    return { results: found.slice(from, from + query.limit), hasMore: found.length > from + query.limit, wordsOnly }
  }
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

/** The segments that may be found, chosen before anything is ranked, so that no match is lost to a cut; null is all that the store has. */
async function allowedDocuments(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  filter: AttributeFilter | undefined,
): Promise<ReadonlySet<string> | null> {
  if (filter === undefined && !(await segments.hasHiddenSegments(db, projectId, vectorStoreId))) return null
  const live = await segments.liveSegments(db, projectId, vectorStoreId)
  const allowed = filter === undefined ? live : live.filter(({ attributes }) => matches(filter, attributes))
  return new Set(allowed.map(({ documentId }) => documentId))
}

/** One ranking of several: each key at its best score. */
function best(rankings: readonly Fused[][], { scoreThreshold = 0 }: SearchQuery): Fused[] {
  const byKey = new Map<string, Fused>()
  for (const entry of rankings.flatMap(calibrated)) {
    const other = byKey.get(entry.key)
    if (other === undefined || entry.score > other.score) byKey.set(entry.key, entry)
  }
  const entries = [...byKey.values()].filter((entry) => entry.score >= scoreThreshold)
  if (rankings.length > 1) entries.sort((a, b) => b.score - a.score)
  return entries
}

/** What stands further down is not worth comparing with what stands above. */
const comparedMax = 60

/** As many as were asked for and one more, best first; with `diversity` the best that are not all alike, and these are not paged through. */
async function varied(
  db: Queryable,
  { projectId, scopeId, model }: ModelKey,
  entries: readonly Fused[],
  { limit, offset = 0, diversity = 0 }: SearchQuery,
  hasVectors: boolean,
): Promise<Fused[]> {
  if (diversity === 0 || !hasVectors || entries.length <= 1) return entries.slice(0, offset + limit + 1)
  const compared = entries.slice(0, Math.max(comparedMax, limit))
  const places = compared.map(({ key }) => ({ scopeId, ...placeOf(key) }))
  const found = await embeddings.firstVectors(db, { projectId, model }, places)
  const vectors = new Map(found.map(({ documentId, part, vector }) => [placeKey(documentId, part), vector]))
  const alike = (a: Fused, b: Fused): number | undefined => {
    const [one, other] = [vectors.get(a.key), vectors.get(b.key)]
    return one === undefined || other === undefined ? undefined : cosine(one, other)
  }
  const kept = new Set(diversified(compared, { diversity, scoreOf: ({ score }) => score, alike }).slice(0, limit))
  return compared.filter((each) => kept.has(each))
}

async function resultsOf(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  now: number,
  entries: readonly Fused[],
): Promise<SearchResult[]> {
  const hits = await chunks.chunksAt(
    db,
    projectId,
    vectorStoreId,
    now,
    entries.map((entry) => placeOf(entry.key)),
  )
  const byKey = new Map(hits.map((hit) => [placeKey(hit.documentId, hit.part), hit]))
  return entries.flatMap((entry) => {
    const hit = byKey.get(entry.key)
    return hit === undefined ? [] : [resultOf(vectorStoreId, hit, entry)]
  })
}

function resultOf(vectorStoreId: string, hit: ChunkHit, { score, why }: Fused): SearchResult {
  return {
    chunkId: hit.id,
    vectorStoreId,
    fileId: hit.fileId,
    filename: hit.filename,
    attributes: hit.attributes,
    heading: hit.heading,
    text: hit.body,
    span: { start: hit.spanStart, end: hit.spanEnd },
    pages: hit.pageFirst === null || hit.pageLast === null ? null : [hit.pageFirst, hit.pageLast],
    score,
    label: hit.label as unknown as Label, // written by us from a Label
    why,
  }
}
