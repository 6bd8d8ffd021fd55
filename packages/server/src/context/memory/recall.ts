// Recalling: the best entries of the scopes that were named, each with the reason why it is there, and on request why others are not.
import { AppError, type Clock } from "../../core/index.ts"
import { recalled, scopes, type Queryable, type Store } from "../../store/index.ts"
import { placeOf } from "../retrieval/bm25.ts"
import { parametersOf, type Lane } from "../retrieval/lanes.ts"
import type { Fused } from "../retrieval/fuse.ts"
import type { Reader, ReadQuestion } from "../retrieval/reader.ts"
import { namedSpeakers, searchScope } from "../retrieval/scope-search.ts"
import type { TermKeyOf } from "../retrieval/term-hash.ts"
import type { VectorIndex } from "../retrieval/vector-index.ts"
import type { WordCache } from "../retrieval/word-cache.ts"
import { requireScopeRight, type MemoryCaller } from "../scopes/access.ts"
import { parseScope } from "../scopes/scope-name.ts"
import { choose, type Candidate, type Choice, type Wanted } from "./choose.ts"
import type { DataKeys } from "./data-keys.ts"
import { readRows, rowsByIds } from "./entries.ts"
import { historyScopeId, memoryScopeId } from "./index-scopes.ts"
import { decayFactor } from "./jobs/decay.ts"
import type { Recall } from "./types.ts"

const memoryLanes = ["user", "assistant", "tool", "fact", "summary"] as const satisfies Lane[]
export type MemoryLane = (typeof memoryLanes)[number]

export interface RecallQuery {
  query: string
  /** One or several; nothing is searched that is not named. */
  scopes: readonly string[]
  /** Kinds of text; all when absent. */
  lanes?: readonly MemoryLane[] | undefined
  /** What was known then; now when absent. */
  asOf?: number | undefined
  /** What held in the world then; now when absent. */
  validAt?: number | undefined
  levelMin?: number | undefined
  limit?: number | undefined
  /** Entries are added as long as their tokens fit. */
  budgetTokens?: number | undefined
  /** Whether directives of low trust come too, as data; otherwise they are only counted. */
  directives?: "withhold" | "include" | undefined
  /** Whether the best candidates are ordered anew by the tokens of the question, where the model gives them; so when absent. */
  rerank?: boolean | undefined
  /** Tell of candidates that were left out, and why. */
  explain?: boolean | undefined
  /** The run that is given the entries: it is remembered that they influenced it. */
  runId?: string | undefined
}

export interface RecallDependencies {
  store: Store
  keys: DataKeys
  reader: Reader
  embedModel: string
  wordCache: WordCache
  vectorIndex: VectorIndex
  termKeyOf: TermKeyOf
  clock: Clock
}

const limitDefault = 10
const candidatesFirst = 100
const candidatesMax = 6_400
const scopesMax = 16

export async function recall(
  dependencies: RecallDependencies,
  caller: MemoryCaller,
  query: RecallQuery,
  signal: AbortSignal,
): Promise<Recall> {
  const { store } = dependencies
  if (query.query.trim() === "")
    throw new AppError("invalid_request", "The query is empty.", { param: "query", hint: "Say what is looked for." })
  const db = store.project(caller.projectId)
  const text = await withoutSpeakers(dependencies, db, caller, query.query, await readableScopes(db, caller, query.scopes))
  const { wordsOnly, ...question } = await dependencies.reader.question(caller, text, signal)
  const choice = await db.transaction(async (tx) => {
    const paths = await readableScopes(tx, caller, query.scopes)
    const found = await search(dependencies, tx, caller, query, paths, question)
    if (query.runId !== undefined && found.entries.length > 0) await noteRecall(dependencies, tx, caller, query.runId, found)
    return found
  })
  return { ...choice, leftOut: query.explain === true ? choice.leftOut : [], wordsOnly }
}

type Question = Omit<ReadQuestion, "wordsOnly">

interface ReadableScope {
  path: string
  levelMin: number
}

/** Those that exist; throws for one that the caller may not read. */
async function readableScopes(tx: Queryable, caller: MemoryCaller, wanted: readonly string[]): Promise<ReadableScope[]> {
  if (wanted.length === 0 || wanted.length > scopesMax) {
    throw new AppError("invalid_request", `A recall names 1 to ${scopesMax} scopes; got ${wanted.length}.`, { param: "scopes" })
  }
  const names = wanted.map((text) => parseScope(text, "scopes"))
  const stored = await scopes.scopesByPath(
    tx,
    caller.projectId,
    names.map(({ path }) => path),
  )
  const byPath = new Map(stored.map((scope) => [scope.path, scope]))
  for (const name of names) requireScopeRight(caller, name, byPath.get(name.path), "read")
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** The query as it is embedded: what speakers said seldom contains their own names, so these only lead astray. */
async function withoutSpeakers(
  { wordCache, termKeyOf }: RecallDependencies,
  db: Queryable,
  { projectId }: MemoryCaller,
  query: string,
  paths: readonly ReadableScope[],
): Promise<string> {
  let text = query
  for (const { path } of paths)
    text = (await namedSpeakers(db, { projectId, scopeId: memoryScopeId(path), text, wordCache, termKeyOf })).text
  return text
}

/** Takes more candidates until enough of them may be told, or there are no more. */
async function search(
  dependencies: RecallDependencies,
  tx: Queryable,
  caller: MemoryCaller,
  query: RecallQuery,
  paths: readonly ReadableScope[],
  question: Question,
): Promise<Choice> {
  const limit = query.limit ?? limitDefault
  const now = dependencies.clock.now()
  const past = query.asOf !== undefined || query.validAt !== undefined
  const wanted: Wanted = {
    now,
    limit,
    asOf: query.asOf ?? null,
    validAt: query.validAt ?? query.asOf ?? now,
    lanes: query.lanes === undefined ? null : new Set(query.lanes),
    levelMin: new Map(paths.map(({ path, levelMin }) => [path, Math.max(levelMin, query.levelMin ?? 0)])),
    budgetTokens: query.budgetTokens ?? Infinity,
    directives: query.directives ?? "withhold",
  }
  for (let size = Math.max(candidatesFirst, limit); ; size *= 4) {
    const ranked: Fused[] = []
    let cut = false
    for (const { path } of paths) {
      for (const scopeId of past ? [memoryScopeId(path), historyScopeId(path)] : [memoryScopeId(path)]) {
        const found = await searchScope(tx, { ...scopeQuery(dependencies, caller, query, question), scopeId, candidatesMax: size })
        ranked.push(...found)
        cut ||= found.length >= size
      }
    }
    const choice = choose(await candidatesOf(dependencies, tx, caller.projectId, ranked, past ? null : now), wanted)
    if (choice.full || !cut || size * 4 > candidatesMax) return choice
  }
}

function scopeQuery(
  { embedModel, wordCache, vectorIndex, termKeyOf, reader: { similarity } }: RecallDependencies,
  { projectId }: MemoryCaller,
  { query: text, lanes: wanted = memoryLanes, rerank = true }: RecallQuery,
  { vector, tokens }: Question,
): Omit<Parameters<typeof searchScope>[1], "scopeId" | "candidatesMax"> {
  const reranking = rerank && tokens !== undefined && similarity !== undefined ? { query: tokens, similarity } : undefined
  const shared = { projectId, wordCache, vectorIndex, termKeyOf, model: embedModel }
  return { ...shared, text, vector, tokens: reranking, documentIds: null, lanes: parametersOf(wanted) }
}

/** Candidates of all scopes, best first, with what their rows say. Time lowers what is derived, unless the question is about the past. */
async function candidatesOf(
  { keys }: RecallDependencies,
  tx: Queryable,
  projectId: string,
  ranked: readonly Fused[],
  now: number | null,
): Promise<Candidate[]> {
  const ids = ranked.map(({ key }) => placeOf(key).documentId)
  const rows = await rowsByIds(tx, projectId, ids)
  const known = ranked.flatMap((fused, index) => {
    const row = rows.get(ids[index] ?? "")
    if (row === undefined) return []
    const factor =
      row.version === undefined || now === null ? 1 : decayFactor({ salience: row.version.salience, at: row.version.recordedAt }, now)
    return [{ score: fused.score * factor, why: fused.why, row }]
  })
  known.sort((a, b) => b.score - a.score) // stable: within one scope the order stays
  const entries = await readRows(
    keys,
    tx,
    projectId,
    known.map(({ row }) => row),
  )
  return known.flatMap(({ score, why, row }, index) => {
    const entry = entries[index]
    return entry === undefined ? [] : [{ entry, row, score, why }]
  })
}

async function noteRecall(
  { clock }: RecallDependencies,
  tx: Queryable,
  { projectId }: MemoryCaller,
  runId: string,
  { entries }: Choice,
): Promise<void> {
  const entryIds = entries.map(({ id, versionId }) => versionId ?? id)
  await recalled.insertRecalls(tx, projectId, { entryIds, runId, seq: 0, now: clock.now() })
}
