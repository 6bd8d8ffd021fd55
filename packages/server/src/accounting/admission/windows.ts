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
  switch (period) {
    case "hour": {
      const start = Math.floor(moment / hourMs) * hourMs
      return { start, end: start + hourMs }
    }
    case "day": {
      const start = Date.UTC(year, month, day)
      return { start, end: start + dayMs }
    }
    case "week": {
      const sinceMonday = (at.getUTCDay() + 6) % 7
      const start = Date.UTC(year, month, day - sinceMonday)
      return { start, end: start + 7 * dayMs }
    }
    case "month":
      return { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) }
    case "total":
      return { start: 0, end: Infinity }
  }
}

export const ratePeriodMs: Readonly<Record<RatePeriod, number>> = { second: 1_000, minute: 60_000, hour: hourMs, day: dayMs }
