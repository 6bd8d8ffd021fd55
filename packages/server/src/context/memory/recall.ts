// Recalling: the best entries of the scopes that were named, each with the reason why it is there, and on request why others are not.
import { AppError, type Clock, type Limits } from "../../core/index.ts"
import { recalled, type Queryable, type Store, type Transactor } from "../../store/index.ts"
import { parametersOf } from "../retrieval/lanes.ts"
import type { Fused } from "../retrieval/fuse.ts"
import type { ProviderReranking } from "../retrieval/provider-reranking.ts"
import type { Reader } from "../retrieval/reader.ts"
import { askedWords, searchScope, type AskedWords, type EmbeddedQuery } from "../retrieval/scope-search.ts"
import { speakersIn } from "../retrieval/speakers.ts"
import type { TermKeyOf } from "../retrieval/term-hash.ts"
import type { VectorIndex } from "../retrieval/vector-index.ts"
import { fusionWith } from "../retrieval/weights.ts"
import type { WordCache } from "../retrieval/word-cache.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import { candidatesOf } from "./candidates.ts"
import { choose, type Candidate, type Choice, type Wanted } from "./choose.ts"
import type { DataKeys } from "./data-keys.ts"
import { withHop } from "./hop-candidates.ts"
import { historyScopeId, memoryScopeId } from "./index-scopes.ts"
import { likenessOf } from "./likeness.ts"
import { orderedByProvider, rerankModel, stillTold, type Ranked } from "./provider-rerank.ts"
import { chooseUnquoted } from "./quoted.ts"
import { questionTimes, type NamedTime } from "./question-times.ts"
import { levelsOf, readableScopes, type ReadableScope } from "./readable-scopes.ts"
import { memoryLanes, type RecallQuery } from "./recall-query.ts"
import type { RowCache } from "./row-cache.ts"
import { shownTexts } from "./shown.ts"
import type { Recall } from "./types.ts"

export interface RecallDependencies {
  store: Store
  keys: DataKeys
  reader: Reader
  embedModel: string
  wordCache: WordCache
  rowCache: RowCache
  vectorIndex: VectorIndex
  termKeyOf: TermKeyOf
  clock: Clock
  limits: Pick<Limits, "questionEmbedMsMax">
  /** Rerankers of providers; only the bundled one when absent. */
  rerank?: ProviderReranking | undefined
}

const limitDefault = 10
const candidatesFirst = 100
const candidatesMax = 6_400

/** What is made of a question meanwhile: its words in each scope of the index, and its embedding; and the times that it names. */
interface Asked {
  words: ReadonlyMap<string, Promise<AskedWords>>
  reading: Promise<EmbeddedQuery & { wordsOnly: string | null }>
  times: readonly NamedTime[]
  now: number
}

export async function recall(
  dependencies: RecallDependencies,
  caller: MemoryCaller,
  query: RecallQuery,
  signal: AbortSignal,
): Promise<Recall> {
  const { store, clock } = dependencies
  if (query.query.trim() === "")
    throw new AppError("invalid_request", "The query is empty.", { param: "query", hint: "Say what is looked for." })
  const db = store.project(caller.projectId)
  const now = clock.now()
  const times = await timesOf(query, now)
  const paths = await readableScopes(db, caller, query.scopes)
  const words = wordsIn(dependencies, db, caller, query.query, paths)
  const reading = readQuestion(dependencies, caller, query, withoutSpeakers(query.query, words.values()), signal)
  const model = rerankModel(dependencies.rerank, query.rerank)
  const note = (tx: Queryable, choice: Choice): Promise<void> => noteRecall(dependencies, tx, caller, query.runId, choice)
  // Not in a transaction: statements that do not wait for each other run at once, and the embedded engine's only connection stays free for others.
  const found = await search(dependencies, db, caller, query, paths, { words, reading, times, now })
  const answer = { wordsOnly: (await reading).wordsOnly, times }
  if (model === null || dependencies.rerank === undefined) {
    const choice = await chooseUnquoted(db, caller.projectId, found.candidates, found.wanted)
    if (model === null) await note(db, choice)
    return { ...told(choice, query), ...answer, reranked: null }
  }
  const { candidates, reranked } = await orderedByProvider(dependencies.rerank, caller, { model, query: query.query }, found, signal)
  // Nobody waits for a provider inside of a transaction; what was taken back meanwhile is not told.
  const choice = await db.transaction(async (tx) => {
    const { wanted } = found
    const held = await stillTold(tx, caller.projectId, await chooseUnquoted(tx, caller.projectId, candidates, wanted), wanted)
    await note(tx, held)
    return held
  })
  return { ...told(choice, query), ...answer, reranked }
}

function told(choice: Choice, { explain }: RecallQuery): Choice {
  return { ...choice, leftOut: explain === true ? choice.leftOut : [] }
}

/** It is made while the words are searched; where it fails or is late they are the answer. */
function readQuestion(
  { reader, limits }: RecallDependencies,
  caller: MemoryCaller,
  { rerank = true, embedWaitMs = limits.questionEmbedMsMax }: RecallQuery,
  asked: Promise<string>,
  signal: AbortSignal,
): Asked["reading"] {
  const { similarity } = reader
  const read = async (): Asked["reading"] => {
    const { vector, tokens, wordsOnly } = await reader.question(caller, await asked, signal, embedWaitMs)
    const isReranked = rerank !== false && tokens !== undefined && similarity !== undefined
    return { vector, tokens: isReranked ? { query: tokens, similarity } : undefined, wordsOnly }
  }
  return forLater(read())
}

/** Who is to wait for it may fail before. */
function forLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

/** As whoever asks would mean them: against the time that the question is about. */
async function timesOf({ query, time, timeZone = "UTC", asOf }: RecallQuery, now: number): Promise<NamedTime[]> {
  return time === "ignore" ? [] : questionTimes(query, { at: asOf ?? now, timeZone })
}

/** The words of the question in those scopes, by the scope of the index. */
function wordsIn(
  { wordCache, termKeyOf }: RecallDependencies,
  db: Queryable,
  { projectId }: MemoryCaller,
  text: string,
  paths: readonly ReadableScope[],
): Asked["words"] {
  const scopeIds = paths.map(({ path }) => memoryScopeId(path))
  return new Map(scopeIds.map((scopeId) => [scopeId, forLater(askedWords(db, { projectId, scopeId, text, wordCache, termKeyOf }))]))
}

/** The query as it is embedded: what speakers said seldom contains their own names, so these only lead astray. */
async function withoutSpeakers(query: string, scopes: Iterable<Promise<AskedWords>>): Promise<string> {
  let text = query
  for (const scope of scopes) {
    const { words, key } = await scope
    text = speakersIn(text, words.speakersPresent(), key).text
  }
  return text
}

/** Takes more candidates until enough of them may be told, or there are no more. */
async function search(
  dependencies: RecallDependencies,
  tx: Transactor,
  caller: MemoryCaller,
  query: RecallQuery,
  paths: readonly ReadableScope[],
  asked: Asked,
): Promise<Ranked> {
  const past = query.asOf !== undefined || query.validAt !== undefined
  const wanted = wantedOf(query, paths, asked)
  for (let size = Math.max(candidatesFirst, wanted.limit); ; size *= 4) {
    const ranked: Fused[] = []
    let cut = false
    for (const { path } of paths) {
      for (const scopeId of past ? [memoryScopeId(path), historyScopeId(path)] : [memoryScopeId(path)]) {
        const words = asked.words.get(scopeId)
        const found = await searchScope(tx, { ...scopeQuery(dependencies, caller, query, asked), scopeId, words, candidatesMax: size })
        ranked.push(...found)
        cut ||= found.length >= size
      }
    }
    const context = { projectId: caller.projectId, now: past ? null : asked.now, times: asked.times }
    const candidates = await candidatesOf(dependencies, tx, ranked, context)
    if (cut && size * 4 <= candidatesMax && !choose(candidates, wanted).full) continue
    const all = query.hop === true ? await withHop(dependencies.keys, tx, caller.projectId, candidates, wanted) : candidates
    return { candidates: all, wanted: await withDiversity(dependencies, tx, caller, query, all, wanted) }
  }
}

function wantedOf(query: RecallQuery, paths: readonly ReadableScope[], { now, times }: Asked): Wanted {
  return {
    now,
    limit: query.limit ?? limitDefault,
    asOf: query.asOf ?? null,
    validAt: query.validAt ?? query.asOf ?? now,
    lanes: query.lanes === undefined ? null : new Set(query.lanes),
    levelMin: levelsOf(paths, query.levelMin),
    budgetTokens: query.budgetTokens ?? Infinity,
    directives: query.directives ?? "withhold",
    shown: shownTexts(query.shown ?? []),
    times: query.time === "filter" && times.length > 0 ? times : null,
    diversity: null,
    isExplained: query.explain === true,
  }
}

async function withDiversity(
  { embedModel: model, store }: RecallDependencies,
  tx: Queryable,
  { projectId }: MemoryCaller,
  { diversity: share = 0 }: RecallQuery,
  candidates: readonly Candidate[],
  wanted: Wanted,
): Promise<Wanted> {
  if (share === 0 || !store.capabilities.vector || candidates.length <= 1) return wanted
  return { ...wanted, diversity: { share, alike: await likenessOf(tx, { projectId, model }, candidates) } }
}

function scopeQuery(
  { embedModel, wordCache, vectorIndex, termKeyOf }: RecallDependencies,
  { projectId }: MemoryCaller,
  { query: text, lanes: wanted = memoryLanes, weights }: RecallQuery,
  { reading }: Asked,
): Omit<Parameters<typeof searchScope>[1], "scopeId" | "words" | "candidatesMax"> {
  const shared = { projectId, wordCache, vectorIndex, termKeyOf, model: embedModel }
  const fusion = weights && fusionWith(embedModel, weights)
  return { ...shared, text, vector: undefined, reading, filter: null, lanes: parametersOf(wanted), fusion }
}

async function noteRecall(
  { clock }: RecallDependencies,
  tx: Queryable,
  { projectId }: MemoryCaller,
  runId: string | undefined,
  { entries }: Choice,
): Promise<void> {
  if (runId === undefined || entries.length === 0) return
  const entryIds = entries.map(({ id, versionId }) => versionId ?? id)
  await recalled.insertRecalls(tx, projectId, { entryIds, runId, seq: 0, now: clock.now() })
}
