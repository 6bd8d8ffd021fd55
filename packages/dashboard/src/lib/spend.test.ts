// Sums of usage as the chart shows them.
import type { UsageRow } from "@perdure/client"
import { describe, expect, it } from "vitest"
import { spendOverTime, startOf } from "./spend.ts"

const now = Date.UTC(2026, 0, 31, 14, 20)
const row = (group: string, time: string, costMicroUsd: number, part: Partial<UsageRow> = {}): UsageRow => ({
  group,
  time,
  runs: 1,
  failedRuns: 0,
  inputTokens: 10,
  outputTokens: 5,
  cachedTokens: 0,
  reasoningTokens: 0,
  costMicroUsd,
  costKnown: true,
  ...part,
})

describe("spend over time", () => {
  it("has a bucket for each day, the empty ones too, the last one today", () => {
    const rows = [row("a", "2026-01-31", 5), row("b", "2026-01-31", 7), row("a", "2026-01-25", 1), row("a", "2026-01-01", 100)]
    const { buckets, series } = spendOverTime(rows, { range: "week", measure: "cost", now, seriesMax: 5 })
    expect(series.map(({ group }) => group)).toEqual(["a", "b"])
    expect(buckets).toHaveLength(7)
    expect(buckets[0]).toEqual({ at: Date.UTC(2026, 0, 25), values: [1, 0], total: 1 })
    expect(buckets[3]?.total).toBe(0)
    expect(buckets.at(-1)).toEqual({ at: Date.UTC(2026, 0, 31), values: [5, 7], total: 12 })
    expect(startOf("week", now)).toBe(Date.UTC(2026, 0, 25))
  })

  it("has a bucket for each hour of a day", () => {
    const { buckets } = spendOverTime([row("a", "2026-01-31T14:00Z", 5)], { range: "day", measure: "runs", now, seriesMax: 5 })
    expect([buckets.length, buckets.at(-1)?.total, buckets.at(-1)?.at]).toEqual([24, 1, Date.UTC(2026, 0, 31, 14)])
  })

  it("puts small groups together, but never one alone", () => {
    const rows = ["a", "b", "c", "d"].map((group, index) => row(group, "2026-01-31", 10 - index))
    const shown = (seriesMax: number): (string | null)[] =>
      spendOverTime(rows, { range: "week", measure: "cost", now, seriesMax }).series.map(({ group }) => group)
    expect(shown(2)).toEqual(["a", "b", null])
    expect(shown(3)).toEqual(["a", "b", "c", "d"])
    const { buckets } = spendOverTime(rows, { range: "week", measure: "cost", now, seriesMax: 2 })
    expect(buckets.at(-1)?.values).toEqual([10, 9, 15])
  })

  it("has no series for what has none of the measure", () => {
    expect(spendOverTime([row("a", "2026-01-31", 0)], { range: "week", measure: "cost", now, seriesMax: 5 }).series).toEqual([])
  })
})
