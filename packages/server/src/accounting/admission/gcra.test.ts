// Tests of rates over a wall clock that jumps.
import { expect, test } from "vitest"
import { advanced, remaining, waitMs, type Rate } from "./gcra.ts"

const rate: Rate = { intervalMs: 1_000, burst: 60 }
const hourMs = 3_600_000
const noon = Date.UTC(2026, 0, 1, 12)

test("a clock that is set back by an hour makes nobody wait for an hour", () => {
  const arrival = advanced(0, 60, noon, rate)
  expect(waitMs(arrival, 1, noon, rate)).toBe(1_000)
  const before = noon - hourMs
  expect(waitMs(arrival, 1, before, rate)).toBeLessThanOrEqual(2 * 60_000)
  // What is used meanwhile counts as ever, and all of it is there again after the time that it takes.
  const next = advanced(arrival, 1, before, rate)
  expect(remaining(next, before + 3 * 60_000, rate)).toBe(60)
})

test("a clock that is set forward gives back no more than there is", () => {
  const arrival = advanced(0, 60, noon, rate)
  expect(remaining(arrival, noon + hourMs, rate)).toBe(60)
  expect(waitMs(advanced(arrival, 60, noon + hourMs, rate), 1, noon + hourMs, rate)).toBe(1_000)
})
