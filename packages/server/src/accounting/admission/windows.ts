// Calendar windows of budgets, in UTC: an hour, a day, a week from Monday, a month, or for ever.
import type { BudgetPeriod } from "@perdure/contract"
import type { RatePeriod } from "./types.ts"

/** Epoch milliseconds; a moment belongs to the window when `start <= moment < end`. */
export interface TimeWindow {
  start: number
  end: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

export function windowAt(period: BudgetPeriod, moment: number): TimeWindow {
  const at = new Date(moment)
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()]
  if (period === "total") return { start: 0, end: Infinity }
  if (period === "month") return { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) }
  if (period === "hour") return lasting(Math.floor(moment / hourMs) * hourMs, hourMs)
  if (period === "day") return lasting(Date.UTC(year, month, day), dayMs)
  const sinceMonday = (at.getUTCDay() + 6) % 7
  return lasting(Date.UTC(year, month, day - sinceMonday), 7 * dayMs)
}

function lasting(start: number, ms: number): TimeWindow {
  return { start, end: start + ms }
}

export const ratePeriodMs: Readonly<Record<RatePeriod, number>> = { second: 1_000, minute: 60_000, hour: hourMs, day: dayMs }
