// Notices when a share of a budget is used, and when one begins to refuse: each once in this process, and once in all by its occasion.
import type { BudgetWatch, WatchedBudget } from "../accounting/index.ts"
import type { JsonObject } from "../core/index.ts"
import type { Notice } from "./types.ts"

export interface BudgetAlertsOptions {
  /** Whether anybody wants to know. */
  isWanted: (type: "budget.threshold" | "budget.exceeded") => boolean
  notice: (notice: Notice) => void
}

/** Of budgets that say nothing of it: those of keys. */
const usualShares: readonly number[] = [0.8, 1]
/** An occasion is known for some time after its window: a process may report late. */
const keptMs = 30 * 24 * 60 * 60 * 1000

/** How far it was told of one window of a budget that allowed so much. */
interface Told {
  limit: number
  share: number
  refused: boolean
}

export function createBudgetWatch({ isWanted, notice }: BudgetAlertsOptions): BudgetWatch {
  const known = new WeakMap<WatchedBudget, Told>()
  const toldOf = (budget: WatchedBudget): Told => {
    const { limit } = budget.bound.rule
    let told = known.get(budget)
    if (told?.limit !== limit) known.set(budget, (told = { limit, share: 0, refused: false }))
    return told
  }
  return {
    reported: (budget, used) => {
      const { rule } = budget.bound
      if (rule.kind !== "budget" || rule.limit === 0 || !isWanted("budget.threshold")) return
      const told = toldOf(budget)
      const share = reachedShare(rule.alertAt ?? usualShares, used / rule.limit)
      if (share <= told.share) return
      told.share = share
      notice(noticeOf(budget, "budget.threshold", { used, share, occasion: String(share) }))
    },
    refused: (budget, used) => {
      if (budget.bound.rule.kind !== "budget" || !isWanted("budget.exceeded")) return
      const told = toldOf(budget)
      if (told.refused) return
      told.refused = true
      notice(noticeOf(budget, "budget.exceeded", { used, share: null, occasion: "refused" }))
    },
  }
}

/** The largest: who is told of all of it need not be told of the half. */
function reachedShare(shares: readonly number[], used: number): number {
  let reached = 0
  for (const share of shares) if (share <= used && share > reached) reached = share
  return reached
}

type Crossing = { used: number; share: number | null; occasion: string }

function noticeOf({ id, bound, window }: WatchedBudget, type: "budget.threshold" | "budget.exceeded", crossing: Crossing): Notice {
  const { rule, scope } = bound
  const end = Number.isFinite(window.end) ? window.end : null
  const named = Object.fromEntries(Object.entries(scope).filter((entry): entry is [string, string] => entry[1] !== null))
  const isMoney = rule.unit === "microUsd"
  const amount = (value: number): number => (isMoney ? value / 1_000_000 : value)
  const data: JsonObject = {
    budget: rule.name,
    scope: named,
    enforced: rule.kind !== "budget" || rule.enforce !== false,
    unit: isMoney ? "usd" : rule.unit,
    spent: amount(crossing.used),
    limit: amount(rule.limit),
    ...(crossing.share === null ? {} : { threshold: crossing.share }),
    per: rule.per,
    windowEnd: end === null ? null : new Date(end).toISOString(),
  }
  const occasion = `${type} ${id} ${rule.limit} ${crossing.occasion}`
  return { type, projectId: scope.project, occasion, data, keepUntil: end === null ? null : end + keptMs }
}
