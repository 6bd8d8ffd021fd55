// Scores over time: every day has a bucket, words count without a mean.
import { expect, test } from "vitest"
import { scoresOverTime } from "./score-time.ts"

test("each day of the range has its count and mean, days without scores too", () => {
  const row = { name: "ok", deviation: null }
  const rows = [
    { ...row, category: null, time: "2026-03-05", count: 4, mean: 0.5 },
    { ...row, category: "bad", time: "2026-03-05", count: 2, mean: null },
    { ...row, category: null, time: "2026-03-07", count: 1, mean: 1 },
  ]
  const buckets = scoresOverTime(rows, "week", Date.parse("2026-03-07T15:00:00Z"))
  expect(buckets.map(({ count, mean }) => [count, mean])).toEqual([
    [0, null],
    [0, null],
    [0, null],
    [0, null],
    [6, 0.5],
    [0, null],
    [1, 1],
  ])
  const hours = scoresOverTime(
    [{ ...row, category: null, time: "2026-03-07T14:00Z", count: 3, mean: 0.25 }],
    "day",
    Date.parse("2026-03-07T15:10:00Z"),
  )
  expect(hours.slice(-2).map(({ count }) => count)).toEqual([3, 0])
})
