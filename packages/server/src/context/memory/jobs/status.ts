// How far the work on a scope's memory is: what is still to do, what went wrong, when it goes on, what models cost today.
import type { Clock } from "../../../core/index.ts"
import { episodeWork, memorySpend, memoryUpkeep, memoryWork, scopes, type MemorySpend, type Store } from "../../../store/index.ts"
import { requireScopeRight, type MemoryCaller } from "../../scopes/access.ts"
import { parseScope } from "../../scopes/scope-name.ts"
import type { UpkeepNumbers, UpkeepStarter } from "./starter.ts"
import type { JobSettings } from "./work.ts"

export interface UpkeepStatus {
  scope: string
  /** Whether there is something that could be done now. */
  isBehind: boolean
  /** Entries without a vector or still in the index, messages that nothing was read out of yet. */
  backlog: { toIndex: number; toExtract: number; oldestAt: number | null }
  /** Texts that facts were read out of, that a model failed on for good, that are tried again. */
  texts: { done: number; failed: number; waiting: number }
  facts: { found: number; refused: number }
  /** When the next thing is due; null: when somebody writes. */
  dueAt: number | null
  endedAt: number | null
  /** The last thing that went wrong and was not made good yet. */
  error: string | null
  spentToday: MemorySpend & { budgetMicroUsd: number; callsMax: number }
}

export interface Upkeep {
  status(caller: MemoryCaller, scope: string): Promise<UpkeepStatus>
  /** Of this process. */
  readonly numbers: UpkeepNumbers
}

export interface StatusDependencies {
  store: Pick<Store, "project">
  clock: Clock
  settings: JobSettings
  starter: Pick<UpkeepStarter, "numbers">
}

export function createUpkeepStatus({ store, clock, settings, starter }: StatusDependencies): Upkeep {
  return {
    get numbers(): UpkeepNumbers {
      return starter.numbers
    },
    async status(caller, text) {
      const { projectId } = caller
      const name = parseScope(text)
      const db = store.project(projectId)
      const [stored] = await scopes.scopesByPath(db, projectId, [name.path])
      requireScopeRight(caller, name, stored, "read")
      const upkeep = await memoryUpkeep.findUpkeep(db, projectId, name.path)
      const backlog = await episodeWork.episodeBacklog(db, projectId, name.path)
      const counts = await memoryWork.workCounts(db, projectId, name.path)
      const spent = await memorySpend.spendOfDay(db, projectId, name.path, clock.now())
      const dueAt = upkeep?.dueAt ?? null
      const { done, failed, waiting } = counts
      return {
        scope: name.path,
        isBehind: (backlog.toIndex > 0 || backlog.toExtract > 0 || dueAt !== null) && (dueAt ?? 0) <= clock.now(),
        backlog,
        texts: { done, failed, waiting },
        facts: { found: counts.facts, refused: counts.refused },
        dueAt,
        endedAt: upkeep?.endedAt ?? null,
        error: upkeep?.error ?? counts.error,
        spentToday: {
          ...spent,
          budgetMicroUsd: stored?.modelBudgetMicroUsd ?? settings.budget.microUsdPerDay,
          callsMax: settings.budget.callsPerDay,
        },
      }
    },
  }
}
