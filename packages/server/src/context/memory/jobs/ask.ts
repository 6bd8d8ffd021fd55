// Asking a model about memory: within the scope's budget of the day, counted before the answer is used.
import { AppError, type Clock } from "../../../core/index.ts"
import { memorySpend, scopes, type Store } from "../../../store/index.ts"
import type { Caller } from "../../types.ts"
import type { Question } from "./model-extraction.ts"

export interface ModelAnswer {
  text: string
  /** As the provider calls it. */
  model: string
  inputTokens: number
  outputTokens: number
  costMicroUsd: number
}

/** A chat model for the work on memory, on the bill of whoever the memory is of. */
export interface MemoryModel {
  /** As the configuration calls it. */
  name: string
  /** What an answer may cost at most; the assumed price where none is known. */
  worstMicroUsd: (question: Question) => number
  ask: (caller: Caller, question: Question, signal: AbortSignal) => Promise<ModelAnswer>
}

export interface AskDependencies {
  store: Pick<Store, "project">
  clock: Clock
  /** Of scopes that have no budget of their own. */
  budget: { microUsdPerDay: number; callsPerDay: number }
}

/** Undefined where the scope's budget of the day does not allow the call. */
export async function askWithinBudget(
  { store, clock, budget }: AskDependencies,
  model: MemoryModel,
  caller: Caller,
  scope: string,
  question: Question,
  signal: AbortSignal,
): Promise<ModelAnswer | undefined> {
  const { projectId } = caller
  const db = store.project(projectId)
  const [settings] = await scopes.scopesByPath(db, projectId, [scope])
  const spent = await memorySpend.spendOfDay(db, projectId, scope, clock.now())
  const limit = settings?.modelBudgetMicroUsd ?? budget.microUsdPerDay
  if (spent.calls >= budget.callsPerDay || spent.costMicroUsd + model.worstMicroUsd(question) > limit) return undefined
  const answer = await model.ask(caller, question, signal)
  const { inputTokens, outputTokens, costMicroUsd } = answer
  await memorySpend.addSpend(db, projectId, scope, clock.now(), { calls: 1, inputTokens, outputTokens, costMicroUsd })
  if (answer.text.trim() === "") throw new AppError("upstream_error", `The model "${model.name}" answered nothing.`)
  return answer
}
