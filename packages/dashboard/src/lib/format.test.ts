// Tests of how numbers, money, durations, ages and ids are written.
import { describe, expect, it } from "vitest"
import { formatAgo, formatCompact, formatCost, formatDuration, progressText, shortId } from "./format.ts"

describe("formats", () => {
  it("writes money from micro-dollars with the digits that tell something, and marks a lower bound", () => {
    expect([0, 42, 4_310, 72_400, 1_234_567].map((value) => formatCost(value))).toEqual([
      "$0",
      "$0.000042",
      "$0.004310",
      "$0.0724",
      "$1.23",
    ])
    expect(formatCost(4_310, false)).toBe("≥ $0.004310")
    expect(formatCost(0, false)).toBe("–")
  })

  it("writes durations in the unit that fits, without rolling over", () => {
    const written = [null, 0, 7.46, 999, 1_000, 59_949, 60_000, 119_999, 3_600_000].map(formatDuration)
    expect(written).toEqual(["–", "0 ms", "7.5 ms", "999 ms", "1.00 s", "59.9 s", "1 m 0 s", "2 m 0 s", "1 h 0 m"])
  })

  it("writes ages, and takes a clock that is a little behind as now", () => {
    expect([-900, 4_000, 59_000, 3_599_000, 7_200_000, 172_800_000].map((age) => formatAgo(1_000_000_000 - age, 1_000_000_000))).toEqual([
      "just now",
      "just now",
      "59 s ago",
      "59 min ago",
      "2 h ago",
      "2 d ago",
    ])
  })

  it("shortens large counts and long ids, and leaves short ones", () => {
    expect([9_999, 12_400, 3_100_000].map(formatCompact)).toEqual(["9,999", "12.4k", "3.1M"])
    expect(shortId("run_0199f3c2aabbccddeeff0011b28d41cc")).toBe("run_…8d41cc")
    expect(shortId("user:admin")).toBe("user:admin")
  })

  it("writes how far a batch is, failures where there are some", () => {
    expect(progressText({ total: 50_000, completed: 1_200, failed: 0 })).toBe("1,200 of 50,000")
    expect(progressText({ total: 10, completed: 4, failed: 3 })).toBe("7 of 10, 3 failed")
  })
})
