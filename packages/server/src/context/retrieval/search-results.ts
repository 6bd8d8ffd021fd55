// From ranked chunks to results: what is read of them, in the order of a reranking model where one is asked, and not all alike where that is wanted.
import type { JsonObject } from "../../core/index.ts"
import type { Label } from "../../security/index.ts"
import { chunks, embeddings, type ChunkHit, type Queryable } from "../../store/index.ts"
import type { Caller } from "../types.ts"
import { placeKey, placeOf } from "./bm25.ts"
import { cosine, diversified } from "./diversity.ts"
import { clamp, type ArmScore, type Fused, type Why } from "./fuse.ts"
import { providerScores, type ProviderReranking, type Reranked } from "./provider-reranking.ts"

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
  /** 0 to 1: of the fitted order, or of the reranking model where one ordered. */
  score: number
  /** The file's label: what this text may influence. */
  label: Label
  why: SearchWhy
}

export interface SearchWhy extends Why {
  /** By the reranking model. */
  rerank?: ArmScore & { model: string }
}

/** A result with its key in the index. */
export interface Found {
  key: string
  result: SearchResult
}

/** Those of the entries that may still be told, in their order. */
export async function readResults(
  db: Queryable,
  { projectId, vectorStoreId, now }: { projectId: string; vectorStoreId: string; now: number },
  entries: readonly Pick<Fused, "key" | "score" | "why">[],
): Promise<Found[]> {
  const places = entries.map(({ key }) => placeOf(key))
  const hits = await chunks.chunksAt(db, projectId, vectorStoreId, now, places)
  const byKey = new Map(hits.map((hit) => [placeKey(hit.documentId, hit.part), hit]))
  return entries.flatMap((entry) => {
    const hit = byKey.get(entry.key)
    return hit === undefined ? [] : [{ key: entry.key, result: resultOf(vectorStoreId, hit, entry) }]
  })
}

function resultOf(vectorStoreId: string, hit: ChunkHit, { score, why }: Pick<Fused, "score" | "why">): SearchResult {
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

/** What the model read comes first, by its scores; the rest stays behind in its order, with no better score. Where it fails everything stays. */
export async function rerankedResults(
  reranking: ProviderReranking,
  caller: Caller,
  question: { model: string; query: string },
  found: readonly Found[],
  signal: AbortSignal,
): Promise<{ found: readonly Found[]; reranked: Reranked }> {
  const sent = found.slice(0, reranking.candidatesMax)
  const { scores, reranked } = await providerScores(reranking, caller, question, sent.map(textOf), signal)
  if (reranked.failed !== null) return { found, reranked }
  const scored = sent.flatMap((each, index) => {
    const score = scores.get(index)
    return score === undefined ? [] : [{ each, score }]
  })
  scored.sort((a, b) => b.score - a.score) // stable: equal ones stay
  const read = new Set(scored.map(({ each }) => each))
  const lowest = clamp(scored.at(-1)?.score ?? 1)
  const first = scored.map(({ each, score }, index) => {
    const why = { ...each.result.why, rerank: { rank: index + 1, score, model: question.model } }
    return { ...each, result: { ...each.result, score: clamp(score), why } }
  })
  const rest = found.filter((each) => !read.has(each))
  const behind = rest.map((each) => ({ ...each, result: { ...each.result, score: Math.min(each.result.score, lowest) } }))
  return { found: [...first, ...behind], reranked }
}

/** A chunk as its reader sees it: under its titles. */
function textOf({ result: { heading, text } }: Found): string {
  return heading.length === 0 ? text : `${heading.join(" › ")}\n${text}`
}

/** What stands further down is not worth comparing with what stands above. */
const comparedMax = 60

/**
 * The same results, so that each page has the best that are not like what it or a page before has (maximal marginal relevance);
 * within a page the best come first.
 */
export async function variedResults(
  db: Queryable,
  { projectId, model }: { projectId: string; model: string },
  found: readonly Found[],
  { diversity, limit, offset }: { diversity: number; limit: number; offset: number },
): Promise<readonly Found[]> {
  if (diversity === 0 || found.length <= 1) return found
  const compared = found.slice(0, Math.max(comparedMax, offset + limit))
  const places = compared.map(({ key, result }) => ({ scopeId: result.vectorStoreId, ...placeOf(key) }))
  const read = await embeddings.firstVectors(db, { projectId, model }, places)
  const vectors = new Map(read.map(({ scopeId, documentId, part, vector }) => [`${scopeId} ${placeKey(documentId, part)}`, vector]))
  const vectorOf = ({ key, result }: Found): Float32Array | undefined => vectors.get(`${result.vectorStoreId} ${key}`)
  const alike = (a: Found, b: Found): number | undefined => {
    const [one, other] = [vectorOf(a), vectorOf(b)]
    return one === undefined || other === undefined ? undefined : cosine(one, other)
  }
  const ordered = diversified(compared, { diversity, scoreOf: ({ result }) => result.score, alike })
  const page = new Set(ordered.slice(offset, offset + limit))
  const byScore = compared.filter((each) => page.has(each))
  return [...ordered.slice(0, offset), ...byScore, ...ordered.slice(offset + limit), ...found.slice(compared.length)]
}
