// Tests of the reader of CEL: what it makes of and, or, not and brackets, and what it says of the rest.
import { describe, expect, it } from "vitest"
import { alternativesOf, Untranslatable } from "./cel.ts"

const read = (expression: string): string[] =>
  alternativesOf(expression).map((all) =>
    all.map(({ subject, test, values, isNegated }) => `${isNegated ? "not " : ""}${subject} ${test} ${values.join()}`).join(" & "),
  )

describe("an expression", () => {
  it("becomes alternatives of what must hold together", () => {
    expect(read(`model == "a" && (headers["x"] != 'b' || team_name in ["c", "d"])`)).toEqual([
      "model == a & headers.x != b",
      "model == a & team_name in c,d",
    ])
    expect(read(`!(model == "a" || provider == "b") || !!(model.startsWith("c"))`)).toEqual([
      "not model == a & not provider == b",
      "model startsWith c",
    ])
    expect([read(""), read("true"), read("false"), read("!true")]).toEqual([[""], [""], [], []])
    expect(read(String.raw`headers["v"].matches("[0-9]+\\.\"x\"")`)).toEqual([String.raw`headers.v matches [0-9]+\."x"`])
  })

  it.each([
    "budget_used > 80",
    'size(model) > 3 && model == "a"',
    'model == "a',
    "model ==",
    'model == "a")',
    "model in []",
    "model == 3",
    '"a" == model',
    "#",
  ])("says that it cannot translate %s", (expression) => {
    expect(() => alternativesOf(expression)).toThrow(Untranslatable)
  })

  it("gives up on more alternatives than anybody reads", () => {
    const pair = '(model == "a" || model == "b")'
    expect(() => alternativesOf(Array.from({ length: 6 }, () => pair).join(" && "))).toThrow("alternatives")
  })
})
