// LiteLLM's lengths of time (`30d`, `1mo`), and which calendar window a length of a budget is.
import { liteLlmBudgetPeriods, type BudgetPeriod } from "@perdure/contract"

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** A length that the contract has checked. */
export function momentAfter(now: number, duration: string): number {
  const [, count = "", unit = ""] = /^(\d+)(\w+)$/.exec(duration) ?? []
  const ms = unitMs[unit]
  return ms === undefined ? monthsAfter(now, Number(count)) : now + Number(count) * ms
}

/** The same day of a later month, or its last. */
function monthsAfter(now: number, months: number): number {
  const at = new Date(now)
  const day = at.getUTCDate()
  at.setUTCDate(1)
  at.setUTCMonth(at.getUTCMonth() + months)
  const daysOfMonth = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate()
  return at.setUTCDate(Math.min(day, daysOfMonth))
}

/** No length is for ever. */
export function periodOf(duration: string | null | undefined): BudgetPeriod {
  return duration === null || duration === undefined ? "total" : (liteLlmBudgetPeriods[duration] ?? "total")
}

/** As it was asked for where that still holds, else the usual word for it. */
export function durationOf(period: BudgetPeriod, asked: unknown): string | null {
  if (typeof asked === "string" && liteLlmBudgetPeriods[asked] === period) return asked
  return usual[period]
}

const usual: Readonly<Record<BudgetPeriod, string | null>> = { hour: "1h", day: "1d", week: "7d", month: "30d", total: null }
