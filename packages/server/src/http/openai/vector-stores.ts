// OpenAI's Vector stores API: the stores themselves, and search in them.
import { Hono } from "hono"
import type { z } from "zod"
import {
  expiresAt,
  isExpired,
  parseFilter,
  rewriteQuery,
  type FileBatches,
  type Rankers,
  type Search,
  type SearchResult,
  type VectorStores,
  type VectorStoreWithCounts,
} from "../../context/index.ts"
import type { JsonValue, Limits } from "../../core/index.ts"
import { joinLabels, requireModel } from "../../security/index.ts"
import { recordLightRun } from "../context-record.ts"
import type { HttpEnv } from "../env.ts"
import { readBody, readQuery } from "../request-body.ts"
import { cursorPage, jsonAnswer, pageQuery, seconds, wireOwner } from "./files-answers.ts"
import { callerOf, createWrite, newTarget, type FileWriteOptions } from "./files-gate.ts"
import { vectorStoreBatchRoutes } from "./vector-stores-batches.ts"
import { vectorStoreFileRoutes } from "./vector-stores-files.ts"
import { offsetOf, pageToken } from "./search-page.ts"
import { chunkingOf, createBody, listQuery, objectOrNull, searchBody, updateBody } from "./vector-stores-schemas.ts"

export interface VectorStoreRoutesOptions extends FileWriteOptions {
  vectorStores: VectorStores
  fileBatches: FileBatches
  search: Search
  rankers: Pick<Rankers, "modelNamed">
  limits: Pick<Limits, "pageRowsMax">
}

const resultsDefault = 10

export function vectorStoreRoutes(options: VectorStoreRoutesOptions): Hono<HttpEnv> {
  const { vectorStores, clock, limits } = options
  const write = createWrite(options)
  const wire = (store: VectorStoreWithCounts): { id: string } & Record<string, unknown> => wireStore(store, clock.now())
  const routes = new Hono<HttpEnv>()
  routes.post("/v1/vector_stores", async (context) => {
    const body = await readBody(context, createBody)
    const request = {
      name: body.name ?? null,
      description: body.description ?? null,
      metadata: objectOrNull(body.metadata),
      expiresAfterDays: body.expires_after?.days ?? null,
      fileIds: body.file_ids ?? [],
      chunking: chunkingOf(body.chunking_strategy),
      owner: body.perdure?.owner,
    }
    const change = { name: "vector_store.create", target: newTarget }
    return jsonAnswer(wire(await write(context, change, () => vectorStores.create(callerOf(context), request))))
  })
  routes.get("/v1/vector_stores", async (context) => {
    const page = pageQuery(readQuery(context, listQuery), limits.pageRowsMax)
    const rows = await vectorStores.list(callerOf(context), { ...page, limit: page.limit + 1 })
    return jsonAnswer(cursorPage(rows.map(wire), page.limit))
  })
  routes.get("/v1/vector_stores/:id", async (context) => {
    return jsonAnswer(wire(await vectorStores.get(callerOf(context), context.req.param("id"))))
  })
  routes.post("/v1/vector_stores/:id", async (context) => {
    const id = context.req.param("id")
    const body = await readBody(context, updateBody)
    const change = {
      name: body.name,
      metadata: body.metadata === undefined ? undefined : objectOrNull(body.metadata),
      expiresAfterDays: body.expires_after === undefined ? undefined : (body.expires_after?.days ?? null),
    }
    const update = (): Promise<VectorStoreWithCounts> => vectorStores.update(callerOf(context), id, change)
    return jsonAnswer(wire(await write(context, { name: "vector_store.update", target: id }, update)))
  })
  routes.delete("/v1/vector_stores/:id", async (context) => {
    const id = context.req.param("id")
    await write(context, { name: "vector_store.delete", target: id }, () => vectorStores.delete(callerOf(context), id))
    return jsonAnswer({ id, object: "vector_store.deleted", deleted: true })
  })
  routes.post("/v1/vector_stores/:id/search", async (context) => {
    const body = await readBody(context, searchBody)
    return jsonAnswer(await searched(options, context.get("principal"), context.req.param("id"), body, context.req.raw.signal))
  })
  routes.route("/", vectorStoreFileRoutes(options))
  routes.route("/", vectorStoreBatchRoutes(options))
  return routes
}

async function searched(
  { search, rankers, clock, newId, record }: VectorStoreRoutesOptions,
  principal: HttpEnv["Variables"]["principal"],
  id: string,
  body: z.output<typeof searchBody>,
  signal: AbortSignal,
): Promise<unknown> {
  const given = typeof body.query === "string" ? [body.query] : body.query
  const queries = body.rewrite_query === true ? given.map(rewriteQuery) : given
  const { ranker, score_threshold: scoreThreshold, diversity, hybrid_search: hybrid } = body.ranking_options ?? {}
  const reranker = ranker === undefined ? null : rankers.modelNamed(ranker, { mayBeNamed: principal.scope?.allowsModel })
  if (reranker !== null) requireModel(principal, reranker)
  const limit = body.max_num_results ?? resultsDefault
  const { page, ...asked } = body
  const bound = { id, ...asked } as JsonValue // a body is JSON
  const offset = offsetOf(page, bound)
  const query = {
    vectorStoreIds: [id],
    query: queries,
    limit,
    offset,
    filters: body.filters === undefined || body.filters === null ? undefined : parseFilter(body.filters),
    scoreThreshold,
    ranker,
    diversity,
    weights: hybrid ? { words: hybrid.text_weight, vectors: hybrid.embedding_weight } : undefined,
  }
  const call = { id: newId("run"), kind: "retrieval", name: "vector_store.search", principal } as const
  const found = await recordLightRun({ clock, record }, call, async () => {
    const answer = await search({ projectId: principal.projectId, principal: principal.id, user: principal.user }, query, signal)
    const results = answer.results.map(({ chunkId, fileId, score, why }) => ({ chunkId, fileId, score, why: whyJson(why) }))
    const label = joinLabels(answer.results.map((result) => result.label))
    const { wordsOnly, reranked } = answer
    return {
      value: answer,
      label,
      data: { vectorStoreId: id, results, wordsOnly, ...(reranked === null ? {} : { reranked: { ...reranked } }) },
    }
  })
  return {
    object: "vector_store.search_results.page",
    search_query: queries,
    data: found.results.map(wireResult),
    has_more: found.hasMore,
    next_page: found.hasMore ? pageToken(offset + limit, bound) : null,
    perdure: { words_only: found.wordsOnly, reranked: found.reranked },
  }
}

function whyJson({ words, vectors, rerank }: SearchResult["why"]): JsonValue {
  return { words: words && { ...words }, vectors: vectors && { ...vectors }, ...(rerank === undefined ? {} : { rerank: { ...rerank } }) }
}

/** OpenAI's fields, and under `perdure` what lets a reader check the result. */
function wireResult(result: SearchResult): unknown {
  return {
    file_id: result.fileId,
    filename: result.filename,
    score: result.score,
    attributes: result.attributes,
    content: [{ type: "text", text: result.text }],
    perdure: {
      chunk_id: result.chunkId,
      heading: result.heading,
      span: result.span,
      pages: result.pages,
      label: result.label,
      why: result.why,
    },
  }
}

function wireStore({ store, counts }: VectorStoreWithCounts, now: number): { id: string } & Record<string, unknown> {
  const at = expiresAt(store)
  return {
    id: store.id,
    object: "vector_store",
    created_at: seconds(store.createdAt),
    name: store.name ?? "",
    ...(store.description === null ? {} : { description: store.description }),
    usage_bytes: counts.usageBytes,
    file_counts: {
      in_progress: counts.inProgress,
      completed: counts.completed,
      failed: counts.failed,
      cancelled: counts.cancelled,
      total: counts.total,
    },
    status: isExpired(store, now) ? "expired" : counts.inProgress > 0 ? "in_progress" : "completed",
    expires_after: store.expiresAfterDays === null ? null : { anchor: "last_active_at", days: store.expiresAfterDays },
    expires_at: at === null ? null : seconds(at),
    last_active_at: seconds(store.lastActiveAt),
    metadata: store.metadata,
    ...wireOwner(store),
  }
}
