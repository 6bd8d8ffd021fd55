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

/** The budget of the day is used up; the same call is within that of the next one. */
export interface OverBudget {
  overBudget: string
  resumesAt: number
}

const dayMs = 86_400_000

/** Undefined where no day's budget allows the call. */
export async function askWithinBudget(
  { store, clock, budget }: AskDependencies,
  model: MemoryModel,
  caller: Caller,
  scope: string,
  question: Question,
  signal: AbortSignal,
): Promise<ModelAnswer | OverBudget | undefined> {
  const { projectId } = caller
  const db = store.project(projectId)
  const [settings] = await scopes.scopesByPath(db, projectId, [scope])
  const now = clock.now()
  const spent = await memorySpend.spendOfDay(db, projectId, scope, now)
  const limit = settings?.modelBudgetMicroUsd ?? budget.microUsdPerDay
  const worst = model.worstMicroUsd(question)
  if (budget.callsPerDay < 1 || worst > limit) return undefined
  if (spent.calls >= budget.callsPerDay || spent.costMicroUsd + worst > limit) {
    const resumesAt = (Math.floor(now / dayMs) + 1) * dayMs
    const used = `${spent.calls} of ${budget.callsPerDay} calls and ${spent.costMicroUsd} of ${limit} micro-USD are used up`
    const overBudget = `The budget of this scope's models for today does not allow another call: ${used}. It goes on at ${new Date(resumesAt).toISOString()}.`
    return { overBudget, resumesAt }
  }
  const answer = await model.ask(caller, question, signal)
  const { inputTokens, outputTokens, costMicroUsd } = answer
  await memorySpend.addSpend(db, projectId, scope, clock.now(), { calls: 1, inputTokens, outputTokens, costMicroUsd })
  if (answer.text.trim() === "") throw new AppError("upstream_error", `The model "${model.name}" answered nothing.`)
  return answer
}
