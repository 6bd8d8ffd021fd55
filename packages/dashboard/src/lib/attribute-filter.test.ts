// A typed filter becomes what the search takes, or says what is wrong with it.
import { expect, test } from "vitest"
import { readFilter } from "./attribute-filter.ts"

test("comparisons are read with their values as they look, and quotes make a text", () => {
  expect(readFilter("author = Ada")).toEqual({ filter: { type: "eq", key: "author", value: "Ada" }, problem: null })
  expect(readFilter('year >= 2020, draft != true, code = "7"').filter).toEqual({
    type: "and",
    filters: [
      { type: "gte", key: "year", value: 2020 },
      { type: "ne", key: "draft", value: true },
      { type: "eq", key: "code", value: "7" },
    ],
  })
  expect(readFilter("  , ")).toEqual({ filter: undefined, problem: null })
})

test("what is no comparison is named", () => {
  expect(readFilter("author Ada")).toEqual({
    filter: undefined,
    problem: expect.stringContaining("“author Ada” is no comparison") as string,
  })
  expect(readFilter("a = 1, b <").problem).toContain("“b <”")
})
