// A range of days as LiteLLM's spend routes are given it: both ends belong to it, in UTC.
import { AppError } from "../../core/index.ts"

export interface SpendDays {
  start_date?: string | undefined
  end_date?: string | undefined
}

const dayMs = 86_400_000

/** Epoch milliseconds, `[since, until)`. */
export function rangeOf({ start_date: start, end_date: end }: SpendDays, now: number): { since: number; until: number } {
  const since = start === undefined ? 0 : momentOf(start, "start_date")
  const until = end === undefined ? now + 1 : momentOf(end, "end_date") + (isDay(end) ? dayMs : 1_000)
  if (since < until) return { since, until }
  throw new AppError("invalid_request", `"start_date" is ${start ?? ""}, and "end_date" is before it`, { param: "start_date" })
}

function isDay(text: string): boolean {
  return text.length === "2026-01-31".length
}

function momentOf(text: string, param: string): number {
  const moment = Date.parse(isDay(text) ? `${text}T00:00:00Z` : `${text.slice(0, 10)}T${text.slice(11, 19)}Z`)
  if (!Number.isNaN(moment)) return moment
  throw new AppError("invalid_request", `"${param}" is "${text}", and there is no such day`, {
    param,
    hint: "Give a day such as 2026-01-31.",
  })
}
