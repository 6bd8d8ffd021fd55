// Sums of usage as a chart shows them: one bucket per hour or day, empty ones too, the largest groups apart and the others together.
import type { UsageRow } from "@perdure/client"

export const ranges = {
  day: { label: "24 hours", interval: "hour", count: 24 },
  week: { label: "7 days", interval: "day", count: 7 },
  month: { label: "30 days", interval: "day", count: 30 },
  quarter: { label: "90 days", interval: "day", count: 90 },
} as const
export type RangeName = keyof typeof ranges
type Interval = (typeof ranges)[RangeName]["interval"]

export const measures = {
  cost: { label: "Cost", of: (row: UsageRow) => row.costMicroUsd },
  tokens: { label: "Tokens", of: (row: UsageRow) => row.inputTokens + row.outputTokens },
  runs: { label: "Runs", of: (row: UsageRow) => row.runs },
} as const
export type MeasureName = keyof typeof measures

const intervalMs: Readonly<Record<Interval, number>> = { hour: 3_600_000, day: 86_400_000 }

export interface Series {
  /** null: all groups that have no series of their own. */
  group: string | null
  total: number
}

export interface Bucket {
  at: number
  /** In the order of the series. */
  values: readonly number[]
  total: number
}

/** Where the range begins: at the start of its first hour or (UTC) day. */
export function startOf(range: RangeName, now: number): number {
  const { interval, count } = ranges[range]
  return Math.floor(now / intervalMs[interval]) * intervalMs[interval] - (count - 1) * intervalMs[interval]
}

export function spendOverTime(
  rows: readonly UsageRow[],
  { range, measure, now, seriesMax }: { range: RangeName; measure: MeasureName; now: number; seriesMax: number },
): { series: Series[]; buckets: Bucket[] } {
  const valueOf = measures[measure].of
  const totals = new Map<string, number>()
  for (const row of rows) totals.set(row.group, (totals.get(row.group) ?? 0) + valueOf(row))
  const ranked = [...totals].filter(([, total]) => total > 0).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  // One more is not worth a series that says "others".
  const shown = ranked.length <= seriesMax + 1 ? ranked : ranked.slice(0, seriesMax)
  const rest = ranked.slice(shown.length).reduce((sum, [, total]) => sum + total, 0)
  const series: Series[] = [...shown.map(([group, total]) => ({ group, total })), ...(rest > 0 ? [{ group: null, total: rest }] : [])]
  const { interval, count } = ranges[range]
  const start = startOf(range, now)
  const places = new Map(shown.map(([group], index) => [group, index]))
  const values = Array.from({ length: count }, () => series.map(() => 0))
  for (const row of rows) {
    const bucket = values[Math.round((timeOf(row.time) - start) / intervalMs[interval])]
    const place = places.get(row.group) ?? series.length - 1
    if (bucket?.[place] !== undefined) bucket[place] += valueOf(row)
  }
  const buckets = values.map((each, index) => ({
    at: start + index * intervalMs[interval],
    values: each,
    total: each.reduce((sum, value) => sum + value, 0),
  }))
  return { series, buckets }
}

/** `2026-01-31T14:00Z` or `2026-01-31`. */
function timeOf(time: string | undefined): number {
  return Date.parse(time ?? "")
}
