// Is the right thing recalled from long chats in six languages, the newest first, nothing that was deleted, and nothing of another tenant? On the synthetic set.
//   node bench/retrieval/long-memory.ts
import { readFileSync } from "node:fs"
import { maxSim, openMiniLm, type MiniLm } from "@perdure/minilm"
import { createContext, type ContextServices } from "../../packages/server/src/context/index.ts"
import { defaultLimits, newId, systemClock } from "../../packages/server/src/core/index.ts"
import { createRuns } from "../../packages/server/src/runs/index.ts"
import { openSealer } from "../../packages/server/src/security/index.ts"
import type { Store } from "../../packages/server/src/store/index.ts"
import { memoryForTests } from "../../packages/server/src/testing/memory-settings.ts"
import { openBenchStore } from "./bench-store.ts"
import { mean, recallAt, tableHead, tableLine, type Judged } from "./measure.ts"
import type { SyntheticMessage, SyntheticQuestion } from "./synthetic/generate.ts"

const signal = new AbortController().signal
const messages = read<SyntheticMessage>("messages.jsonl")
const questions = read<SyntheticQuestion>("questions.jsonl")
const languages = [...new Set(questions.map(({ language }) => language))]
const limit = 50

await using minilm = await openMiniLm()
console.log(`${messages.length} messages, ${questions.length} questions\n`)
console.log(tableHead([...languages, "first", "newest first", "deleted", "foreign", "orders"]))
for (const arm of ["words", "both", "reranked"] as const) await measure(arm)

async function measure(arm: "words" | "both" | "reranked"): Promise<void> {
  await using opened = await openBenchStore()
  const { store } = opened
  await using runs = createRuns({ store, clock: systemClock, newId, limits: defaultLimits })
  const embedding = arm === "words" ? { embedAs: undefined } : embeddingOf(minilm)
  const shared = { store, runs, embedModel: "perdure/minilm", clock: systemClock, newId, limits: defaultLimits }
  await using context = createContext({ ...shared, ...embedding, sealer: await openSealer(store), memory: memoryForTests })
  const ids = await remember(context)
  if (arm !== "words") await vectorsOf(store, new Set(ids.values()).size)
  for (const { id, project, deleted } of messages) if (deleted) await context.memories.forget(callerOf(project), ids.get(id) ?? "")
  const results = new Map<SyntheticQuestion, string[]>()
  for (const question of questions) results.set(question, await recall(context, question, ids, arm === "reranked"))
  report(arm, results)
}

function embeddingOf(model: MiniLm): Pick<Parameters<typeof createContext>[0], "embedAs" | "passageModel"> {
  return {
    embedAs: () => (texts, until) => model.embed(texts, until),
    passageModel: { embed: (passages, until) => model.embedPassages(passages, until), similarity: maxSim },
  }
}

/** Ids of memories by those of the set. */
async function remember(context: ContextServices): Promise<Map<string, string>> {
  const ids = new Map<string, string>()
  for (const { id, project, scope, session, time, role, text } of messages) {
    const memory = { scope, session, role, text, occurredAt: Date.parse(time) }
    ids.set(id, (await context.memories.remember(callerOf(project), memory)).id)
  }
  return ids
}

async function vectorsOf(store: Store, wanted: number): Promise<void> {
  for (let waited = 0; waited < 600; waited++) {
    const [row] = await store.system.query<{ count: number }>("select count(*)::int as count from token_vectors")
    if ((row?.count ?? 0) >= wanted) return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw new Error("not all messages got their vectors")
}

/** Ids of the set, best first; what is not of the set is named as it is. */
async function recall(
  context: ContextServices,
  { project, scope, text }: SyntheticQuestion,
  ids: ReadonlyMap<string, string>,
  rerank: boolean,
): Promise<string[]> {
  const { entries } = await context.memories.recall(
    callerOf(project),
    { scopes: [scope], query: text, limit, rerank, lanes: ["user", "assistant", "tool"] },
    signal,
  )
  const names = new Map([...ids].map(([name, id]) => [id, name]))
  return entries.map(({ id }) => names.get(id) ?? id)
}

function report(arm: string, results: ReadonlyMap<SyntheticQuestion, readonly string[]>): void {
  const judged = [...results].filter(([{ relevant }]) => relevant.length > 0)
  const judgedOf = (list: typeof judged): Judged[] => list.map(([{ relevant }, ranking]) => ({ ranking, relevant: new Set(relevant) }))
  const share = (hits: readonly boolean[]): string => mean(hits.map(Number)).toFixed(3)
  const byId = new Map(messages.map((message) => [message.id, message]))
  const firstTen = [...results].map(([question, ranking]) => ({ question, found: ranking.slice(0, 10).map((id) => byId.get(id)) }))
  const updates = [...results].filter(([{ stale }]) => stale !== undefined)
  const place = (ranking: readonly string[], id: string | undefined): number => ranking.indexOf(id ?? "") + 1 || Infinity
  const all = [...results].flatMap(([question, ranking]) => ranking.map((id) => ({ question, message: byId.get(id) })))
  console.log(
    tableLine(
      arm,
      judgedOf(judged),
      ...languages.map((language) =>
        mean(judgedOf(judged.filter(([each]) => each.language === language)).map((each) => recallAt(10, each))).toFixed(2),
      ),
      share(judged.map(([{ relevant }, ranking]) => ranking[0] === relevant[0])),
      share(updates.map(([{ relevant, stale }, ranking]) => place(ranking, relevant[0]) < place(ranking, stale?.[0]))),
      String(all.filter(({ message }) => message?.deleted).length),
      String(
        all.filter(
          ({ question, message }) => message === undefined || message.project !== question.project || message.scope !== question.scope,
        ).length,
      ),
      String(firstTen.flatMap(({ found }) => found).filter((message) => message?.role === "tool").length),
    ),
  )
}

function callerOf(projectId: string): { projectId: string; principal: string } {
  return { projectId, principal: "key_bench" }
}

function read<T>(name: string): T[] {
  const text = readFileSync(new URL(`synthetic/${name}`, import.meta.url), "utf8").trim()
  return text.split("\n").map((line) => JSON.parse(line) as T) // written by synthetic/generate.ts
}
