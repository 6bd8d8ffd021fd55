// One bucket for each hour up to now, empty ones too, from rows that are grouped by hour (`2026-01-31T14:00Z`).
import type { UsageRow } from "@perdure/client"

const hourMs = 3_600_000

export function hourBuckets(rows: readonly UsageRow[], hours: number, now: number): { at: number; runs: number; failed: number }[] {
  const byHour = new Map(rows.map((row) => [row.group, row]))
  const newest = Math.floor(now / hourMs) * hourMs
  return Array.from({ length: hours }, (_, index) => {
    const at = newest - (hours - 1 - index) * hourMs
    const row = byHour.get(new Date(at).toISOString().replace(/:00\.000Z$/, "Z"))
    return { at, runs: row?.runs ?? 0, failed: row?.failedRuns ?? 0 }
  })
}
