// Sums of one score in equal pieces of time, empty ones too; scores that are words count, and have no mean.
import type { FeedbackSums } from "@perdure/client"
import { ranges, startOf, type RangeName } from "./spend.ts"

export interface ScoreBucket {
  at: number
  count: number
  mean: number | null
}

const intervalMs = { hour: 3_600_000, day: 86_400_000 } as const

export function scoresOverTime(rows: FeedbackSums["rows"], range: RangeName, now: number): ScoreBucket[] {
  const { interval, count } = ranges[range]
  const start = startOf(range, now)
  const byTime = Map.groupBy(rows, ({ time }) => time)
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * intervalMs[interval]
    const iso = new Date(at).toISOString()
    const own = byTime.get(interval === "hour" ? `${iso.slice(0, 13)}:00Z` : iso.slice(0, 10)) ?? []
    const sum = own.reduce((total, each) => total + each.count, 0)
    return { at, count: sum, mean: own.find(({ category }) => category === null)?.mean ?? null }
  })
}
