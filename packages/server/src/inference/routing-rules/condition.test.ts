// Tests of conditions: what fits a value, and what a value that is absent fits.
import { describe, expect, it } from "vitest"
import type { RuleCondition } from "../../config/index.ts"
import { conditionTest } from "./condition.ts"

const fits = (condition: RuleCondition, value?: string | number | boolean | null | object): boolean =>
  conditionTest(condition)(value as string | undefined)

describe("a condition", () => {
  it("compares what is written, because headers and forms have texts alone", () => {
    expect([fits("pro", "pro"), fits(3, "3"), fits("3", 3), fits(true, "true"), fits(true, true)]).toEqual([true, true, true, true, true])
    expect([fits("pro", "Pro"), fits("pro"), fits("", null), fits("[object Object]", {})]).toEqual([false, false, false, false])
    expect([fits(["pro", "max"], "max"), fits(["pro", "max"], "free")]).toEqual([true, false])
  })

  it("asks for what is absent by not and present alone", () => {
    expect([fits({ not: "pro" }), fits({ not: ["pro", "max"] }, "max"), fits({ not: "pro" }, "free")]).toEqual([true, false, true])
    expect([fits({ present: false }), fits({ present: false }, null), fits({ present: true }, {}), fits({ present: true })]).toEqual([
      true,
      true,
      true,
      false,
    ])
    expect([fits({ matches: "" }), fits({ below: 5 }), fits({ atLeast: 0 }, "")]).toEqual([false, false, false])
  })

  it("takes bounds of numbers and of texts that are some, all of which must hold", () => {
    expect([fits({ above: 1 }, 1), fits({ atLeast: 1 }, 1), fits({ below: 1 }, "0.5"), fits({ atMost: 1 }, "x")]).toEqual([
      false,
      true,
      true,
      false,
    ])
    expect([fits({ atLeast: 1, below: 3 }, 2), fits({ atLeast: 1, below: 3 }, 3)]).toEqual([true, false])
  })

  it("fits a list where it fits one of its values", () => {
    expect([fits("paid", ["eu", "paid"]), fits({ matches: "^eu" }, ["x", "eu-1"]), fits({ not: "paid" }, ["eu", "paid"])]).toEqual([
      true,
      true,
      false,
    ])
    expect([fits("paid", []), fits("paid", [["paid"]]), fits({ above: 1 }, [2])]).toEqual([false, false, false])
  })

  it("looks with an expression at the beginning of a long value alone", () => {
    expect([fits({ matches: "@acme\\.com$" }, "a@acme.com"), fits({ matches: "^(?i:eu)-" }, "EU-west")]).toEqual([true, true])
    expect(fits({ matches: "z$" }, `${"a".repeat(5_000)}z`)).toBe(false)
  })
})
