// How much of the evidence in long conversations is found? Through the server's own windows, index, search and reranking, on LoCoMo.
//   node bench/retrieval/chat.ts
import { maxSim, type Passage } from "@perdure/minilm"
import { questionTimes } from "../../packages/server/src/context/memory/question-times.ts"
import { nearness, preferred } from "../../packages/server/src/context/memory/time-signal.ts"
import { placeOf } from "../../packages/server/src/context/retrieval/bm25.ts"
import { createScopeIndex, type ScopeIndex } from "../../packages/server/src/context/retrieval/index-entry.ts"
import { parametersOf } from "../../packages/server/src/context/retrieval/lanes.ts"
import { endsInQuestion } from "../../packages/server/src/context/retrieval/reader.ts"
import { namedSpeakers, searchScope } from "../../packages/server/src/context/retrieval/scope-search.ts"
import { derivedTermKeys } from "../../packages/server/src/context/retrieval/term-hash.ts"
import { weightedTerms } from "../../packages/server/src/context/retrieval/window.ts"
import { createWordCache } from "../../packages/server/src/context/retrieval/word-cache.ts"
import { defaultLimits } from "../../packages/server/src/core/index.ts"
import type { Store } from "../../packages/server/src/store/index.ts"
import { openBenchStore, vectorIndexOf } from "./bench-store.ts"
import { openCachedModel, type CachedModel } from "./cached-vectors.ts"
import { tableHead, tableLine, type Judged } from "./measure.ts"
import { readSet, type TestDocument, type TestQuestion, type TestSet } from "./sets.ts"

const projectId = "proj_bench"
const model = "perdure/minilm"
const wordCache = createWordCache({ bytesMax: defaultLimits.wordCacheBytesMax })
const termKeyOf = derivedTermKeys(new Uint8Array(32))
const candidatesMax = 100
const dayMs = 86_400_000

type Arm = "plain" | "words" | "both" | "reranked" | "times"

const set = readSet("locomo")
if (set !== undefined) await main(set)

async function main(chat: TestSet): Promise<void> {
  await using opened = await openBenchStore()
  await using minilm = await openCachedModel("locomo")
  const { store } = opened
  for (const [index, document] of chat.documents.entries()) await put(store, minilm, document, previousOf(chat.documents, index))
  const questions = chat.questions.filter(({ category }) => category !== "adversarial")
  const scopes = [...new Set(questions.map(({ scope }) => scope))].sort()
  console.log(`${chat.documents.length} messages, ${questions.length} questions\n\n${tableHead(scopes)}`)
  const asked = askedAtOf(chat)
  for (const arm of ["plain", "words", "both", "reranked", "times"] as const) {
    const judged = new Map<TestQuestion, Judged>()
    for (const question of questions) {
      const found = await rank(store, minilm, question, arm === "times" ? "reranked" : arm)
      const ranking = arm === "times" ? await byTime(chat, question, found, asked.get(question.scope) ?? 0) : found.map(({ id }) => id)
      judged.set(question, { ranking, relevant: chat.relevant.get(question.id) ?? new Set() })
    }
    const per = scopes.map(
      (scope) =>
        tableLine(
          "",
          [...judged].filter(([question]) => question.scope === scope).map(([, each]) => each),
        ).split(" | ")[2] ?? "",
    )
    console.log(tableLine(arm, [...judged.values()], ...per))
  }
}

/** The two messages before, the nearest first, without the names of their speakers. */
function previousOf(documents: readonly TestDocument[], index: number): string[] {
  const same = (other: TestDocument | undefined): boolean =>
    other?.scope === documents[index]?.scope && other?.session === documents[index]?.session
  const before = [documents[index - 1], documents[index - 2]]
  const until = before.findIndex((other) => !same(other))
  return before.slice(0, until === -1 ? 2 : until).map((other) => said(other))
}

function said(document: TestDocument | undefined): string {
  return document?.text.slice((document.speaker ?? "").length + 2) ?? ""
}

async function put(store: Store, minilm: CachedModel, document: TestDocument, previous: string[]): Promise<void> {
  const index: ScopeIndex = createScopeIndex({ store, termKeyOf })
  const text = said(document)
  const passage: Passage = { text, previous: previous[0] }
  const [vectors] = await minilm.passages([passage])
  const key = { projectId, scopeId: document.scope, documentId: document.id }
  const entry = { ...key, lane: "user" as const, session: String(document.session), speaker: document.speaker }
  await store.project(projectId).transaction(async (tx) => {
    await index.indexEntry(tx, { ...entry, parts: [weightedTerms(text, previous)] })
    if (vectors !== undefined) {
      await index.indexVectors(tx, { ...key, model }, [{ part: 0, piece: 0, vector: vectors.text }])
      await index.indexTokens(tx, { ...key, model }, [{ part: 0, asks: endsInQuestion(text), vectors: vectors.tokens.vectors }])
    }
    await index.indexEntry(tx, { ...key, lane: "user", scopeId: `plain:${document.scope}`, parts: [weightedTerms(document.text)] })
  })
}

interface Found {
  id: string
  score: number
}

async function rank(store: Store, minilm: CachedModel, { scope, text }: TestQuestion, arm: Exclude<Arm, "times">): Promise<Found[]> {
  const scopeId = arm === "plain" ? `plain:${scope}` : scope
  const key = {
    projectId,
    scopeId,
    wordCache,
    vectorIndex: vectorIndexOf(store),
    termKeyOf,
  }
  return store.project(projectId).transaction(async (tx) => {
    const named = await namedSpeakers(tx, { ...key, text })
    const [vectors] = arm === "both" || arm === "reranked" ? await minilm.passages([{ text: named.text }]) : []
    const tokens = arm === "reranked" && vectors !== undefined ? { query: vectors.tokens, similarity: maxSim } : undefined
    const where = { ...key, model, filter: null, lanes: parametersOf(["user"]), candidatesMax }
    const query = { ...where, text, vector: vectors?.text, tokens }
    return (await searchScope(tx, query)).map(({ key: each, score }) => ({ id: placeOf(each).documentId, score }))
  })
}

/** Questions are asked on the day after the last message of their conversation. */
function askedAtOf({ documents }: TestSet): Map<string, number> {
  const last = new Map<string, number>()
  for (const document of documents) last.set(document.scope, Math.max(last.get(document.scope) ?? 0, timeOf(document) + dayMs))
  return last
}

function timeOf({ time = "" }: TestDocument): number {
  return Date.parse(`${time}Z`)
}

/** As recall prefers what was said at the times that the question names. */
async function byTime(chat: TestSet, { text }: TestQuestion, found: readonly Found[], at: number): Promise<string[]> {
  const times = await questionTimes(text, { at, timeZone: "UTC" })
  const saidAt = new Map(chat.documents.map((document) => [document.id, timeOf(document)]))
  const scored = found.map(({ id, score }) => {
    const near = nearness({ occurredAt: saidAt.get(id) ?? 0, validFrom: null, validTo: null, createdAt: 0 }, times)
    return { id, score: preferred(score, near) }
  })
  return scored.sort((a, b) => b.score - a.score).map(({ id }) => id)
}
