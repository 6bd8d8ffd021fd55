// What a person types, and what a refused write is told.
import { PerdureError } from "@perdure/client"
import { describe, expect, it } from "vitest"
import { conflictOf, scopedPath, typedJson, valueLine } from "./scoped-look.ts"

describe("a typed value", () => {
  it("is what its JSON says", () => {
    expect(typedJson('{"step": 3}')).toEqual({ value: { step: 3 } })
    expect(typedJson("null")).toEqual({ value: null })
  })

  it("that is none says what is missing, and where", () => {
    expect(typedJson("  ")).toEqual({ problem: 'A value is missing. An empty text is "", nothing is null.' })
    expect(typedJson('{\n  "a": 1,\n  b: 2\n}')).toEqual({ problem: "That is no JSON: line 3, character 3 does not fit." })
    expect(typedJson('{"a": ')).toMatchObject({ problem: expect.stringMatching(/^That is no JSON: /) as string })
  })
})

it("a value is one line, and a long one is cut", () => {
  expect(valueLine({ a: [1, null] })).toBe('{"a":[1,null]}')
  expect(valueLine("two\nlines")).toBe("two lines")
  expect(valueLine("x".repeat(500))).toBe(`${"x".repeat(160)} …`)
})

it("only a write that found something else brings what is there", () => {
  expect(conflictOf(new PerdureError(412, "precondition_failed", "…", { current: { version: 2 } }))).toEqual({ version: 2 })
  expect(conflictOf(new PerdureError(412, "precondition_failed", "…", { current: null }))).toBeNull()
  expect(conflictOf(new PerdureError(403, "policy_denied", "…"))).toBeUndefined()
  expect(conflictOf(null)).toBeUndefined()
})

it("an address names the scope and the entry, whatever is in them", () => {
  expect(scopedPath("agent:a/user:b", "blocks", "plans/q1 & q2")).toBe(
    "/memories?scope=agent%3Aa%2Fuser%3Ab&view=blocks&entry=plans%2Fq1+%26+q2",
  )
})
