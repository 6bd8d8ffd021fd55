// What is declared as a limit becomes one rule for each amount.
import { describe, expect, it } from "vitest"
import { rulesOfConfig } from "../index.ts"

describe("the rules of a configuration", () => {
  it("are one for each amount, money in micro-dollars, with the burst that the share allows", () => {
    const rules = rulesOfConfig({
      budgets: [{ name: "team", for: { project: "p", user: undefined }, per: "month", usd: 12.5, tokens: 7, origin: "a:1" }],
      rateLimits: [{ name: "pace", for: { key: "*" }, per: "minute", requests: 60, burstShare: 0.1, concurrent: 4, origin: "a:2" }],
    })
    const team = { name: "team", for: { project: "p" }, origin: "a:1", kind: "budget", per: "month" }
    const pace = { name: "pace", for: { key: "*" }, origin: "a:2" }
    expect(rules).toEqual([
      { ...team, unit: "microUsd", limit: 12_500_000 },
      { ...team, unit: "tokens", limit: 7 },
      { ...pace, unit: "requests", limit: 60, kind: "rate", per: "minute", burst: 6 },
      { ...pace, unit: "concurrent", limit: 4, kind: "concurrent", per: null },
    ])
  })
})
