// Tests of nearness in time: within a span in full, less and less when it was told later, and nothing before.
import { describe, expect, it } from "vitest"
import { nearness, overlaps } from "./time-signal.ts"

const day = 86_400_000
const said = (occurredAt: number): Parameters<typeof overlaps>[0] => ({ occurredAt, validFrom: null, validTo: null, createdAt: 0 })
const holds = (validFrom: number, validTo: number | null): Parameters<typeof overlaps>[0] => ({
  occurredAt: null,
  validFrom,
  validTo,
  createdAt: 0,
})
const may = { from: 120 * day, to: 151 * day }

describe("nearness in time", () => {
  it("is whole within the span, half a moment after it, a quarter three days later, and none before", () => {
    expect(nearness(said(130 * day), [may])).toBe(1)
    expect(nearness(said(may.to), [may])).toBeCloseTo(0.5)
    expect(nearness(said(may.to + 3 * day), [may])).toBeCloseTo(0.25)
    expect(nearness(said(may.from - 1), [may])).toBe(0)
  })

  it("takes the nearest of several spans, and open ones to their one end", () => {
    expect(nearness(said(10 * day), [may, { from: null, to: 20 * day }])).toBe(1)
    expect(nearness(said(200 * day), [{ from: 150 * day, to: null }])).toBe(1)
  })
})

describe("overlapping", () => {
  it("is a message's moment within the span, its end left out", () => {
    expect([may.from - 1, may.from, may.to - 1, may.to].map((at) => overlaps(said(at), may))).toEqual([false, true, true, false])
  })

  it("is any part of the time in which something held", () => {
    expect(overlaps(holds(0, 121 * day), may)).toBe(true)
    expect(overlaps(holds(0, 120 * day), may)).toBe(false)
    expect(overlaps(holds(0, null), may)).toBe(true)
    expect(overlaps(holds(151 * day, null), may)).toBe(false)
  })
})
