// Fits the weights of a project's space: searches for each labelled question as recall does, learns from what the arms said, and keeps what is worth it.
import { AppError, type Clock, type JsonObject } from "../../core/index.ts"
import { spaces, type Store } from "../../store/index.ts"
import type { Caller } from "../types.ts"
import { placeOf } from "./bm25.ts"
import { calibrate, type Curve, type JudgedScore } from "./calibration.ts"
import { fit, signalNames, type FitReport, type LabelledQuestion } from "./fit.ts"
import { scaledValue, type Fused } from "./fuse.ts"
import { parametersOf, type Lane } from "./lanes.ts"
import type { Reader } from "./reader.ts"
import { rerankedMax } from "./rerank-tokens.ts"
import { namedSpeakers, searchScope } from "./scope-search.ts"
import { fusionIn } from "./spaces.ts"
import type { TermKeyOf } from "./term-hash.ts"
import type { VectorIndex } from "./vector-index.ts"
import { kindOf, type Fusion, type LaneKind } from "./weights.ts"
import type { WordCache } from "./word-cache.ts"

/** A question, and what of the scope's index answers it. */
export interface LabelledPair {
  scopeId: string
  /** Questions of one group are left out together; those of a scope when absent. */
  group?: string
  query: string
  relevant: readonly string[]
  /** Which of them a candidate is, by its key; a document of that id when absent. Of several that are the same, the best stands for it. */
  isRelevant?: (key: string) => string | undefined
  /** Whether the candidates are reranked by tokens, as the searches are that it is fitted for. */
  isReranked: boolean
}

export interface FitDependencies {
  store: Store
  reader: Reader
  wordCache: WordCache
  vectorIndex: VectorIndex
  termKeyOf: TermKeyOf
  embedModel: string
  weightsHash: string | null
  clock: Clock
}

export interface FittedSpace extends FitReport {
  model: string
  kind: LaneKind
  kept: boolean
  /** How well scores tell how likely an answer is; `kept` where the curve is worth having. */
  calibration: { leftOut: number; before: number; curve: Curve | null; kept: boolean }
}

const lanesOf: Readonly<Record<LaneKind, readonly Lane[]>> = {
  message: ["user", "assistant"],
  statement: ["fact", "summary", "document", "tool"],
}

export async function fitSpace(
  dependencies: FitDependencies,
  caller: Caller,
  kind: LaneKind,
  pairs: readonly LabelledPair[],
  signal: AbortSignal,
): Promise<FittedSpace> {
  const { store, embedModel, weightsHash, clock } = dependencies
  const before = await fusionIn(store.project(caller.projectId), caller.projectId, embedModel)
  const searchAll = async (fusion: Fusion): Promise<Searched[]> => {
    const all: Searched[] = []
    for (const pair of pairs) all.push(await searched(dependencies, caller, kind, pair, fusion, signal))
    return all
  }
  const first = await searchAll(before)
  const report = fit(
    first.map(({ question }) => question),
    before.weights[kind],
  )
  const kept = report.refusal === null
  const fusion: Fusion = kept ? { ...before, scale: "value", weights: { ...before.weights, [kind]: report.weights } } : before
  // Scores are by the weights, so other weights need another curve.
  const judged = (kept ? await searchAll(fusion) : first).flatMap((each) => each.judged)
  const { curve, ...errors } = calibrate(judged, before.curves?.[kind])
  const calibration = { ...errors, curve: curve ?? null, kept: curve !== undefined }
  if (kept || curve !== undefined) {
    const figures = { [kind]: { ...report.recall, questions: report.questions, groups: report.groups, calibration: errors } }
    const curves = { ...fusion.curves, ...(curve === undefined ? {} : { [kind]: curve }) }
    await spaces.putSpace(store.project(caller.projectId), caller.projectId, {
      model: embedModel,
      weightsHash,
      dimensions: first[0]?.dimensions ?? 0,
      fusion: { ...fusion, curves, figures } as unknown as JsonObject, // numbers by name
      fittedAt: clock.now(),
    })
  }
  return { ...report, model: embedModel, kind, kept, calibration }
}

interface Searched {
  question: LabelledQuestion
  judged: JudgedScore[]
  dimensions: number
}

/** Nobody waits for the answer; a question without its vector would fit nothing. */
const fitWaitMs = 60_000

async function searched(
  dependencies: FitDependencies,
  caller: Caller,
  kind: LaneKind,
  { scopeId, group = scopeId, query: text, relevant, isRelevant, isReranked }: LabelledPair,
  fusion: Fusion,
  signal: AbortSignal,
): Promise<Searched> {
  const { store, reader, wordCache, vectorIndex, termKeyOf, embedModel: model } = dependencies
  const { projectId } = caller
  const db = store.project(projectId)
  const named = await namedSpeakers(db, { projectId, scopeId, text, wordCache, termKeyOf })
  const { vector, tokens, wordsOnly } = await reader.question(caller, named.text, signal, fitWaitMs)
  if (vector === undefined)
    throw new AppError("feature_unavailable", `Weights cannot be fitted without vectors: ${wordsOnly ?? "the model gave none"}.`)
  const { similarity } = reader
  const reranking = !isReranked || tokens === undefined || similarity === undefined ? undefined : { query: tokens, similarity }
  const where = { projectId, scopeId, text, vector, model, wordCache, vectorIndex, termKeyOf, filter: null, fusion }
  const found = await db.transaction((tx) =>
    searchScope(tx, { ...where, tokens: reranking, lanes: parametersOf(lanesOf[kind]), candidatesMax: 100 }),
  )
  const ofKind = found.filter(({ lane }) => kindOf(lane) === kind).slice(0, reranking === undefined ? found.length : rerankedMax)
  const wanted = new Set(relevant)
  const answerOf = isRelevant ?? ((key) => (wanted.has(placeOf(key).documentId) ? placeOf(key).documentId : undefined))
  const seen = new Set<string>()
  const candidates = ofKind.flatMap((each) => {
    const answer = answerOf(each.key)
    if (answer !== undefined && seen.has(answer)) return []
    if (answer !== undefined) seen.add(answer)
    return [{ ...each, answers: answer !== undefined }]
  })
  const right = candidates.flatMap(({ answers }, place) => (answers ? [place] : []))
  const question = { group, signals: signalsOf(candidates), right, rightInAll: wanted.size }
  const judged = candidates.map(({ score, answers }) => ({ group, score, answers }))
  return { question, judged, dimensions: vector.length }
}

/** What the arms said of each candidate, scaled as fusion scales it. */
function signalsOf(candidates: readonly Fused[]): number[][] {
  const best = (scoreOf: (each: Fused) => number | undefined): number => Math.max(0, ...candidates.map((each) => scoreOf(each) ?? 0))
  const words = best(({ why }) => why.words?.score)
  const vectors = best(({ why }) => why.vectors?.score)
  const tokens = candidates.flatMap(({ why }) => why.tokens?.score ?? [])
  const [lowest, highest] = [Math.min(...tokens), Math.max(...tokens)]
  return candidates.map(({ why }) => {
    const byWords = words === 0 ? 0 : (why.words?.score ?? 0) / words
    const signals: Record<(typeof signalNames)[number], number> = {
      words: byWords,
      vectors: scaledValue(why.vectors?.score, vectors),
      session: why.session ?? byWords,
      speaker: why.speaker === true ? 1 : 0,
      tokens: why.tokens === undefined || highest === lowest ? 0 : (why.tokens.score - lowest) / (highest - lowest),
      asks: why.asks === true ? 1 : 0,
    }
    return signalNames.map((name) => signals[name])
  })
}
