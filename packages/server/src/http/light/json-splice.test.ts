// Values put into a JSON text: in their place, and nothing else of it touched.
import { expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import { spliced } from "./json-splice.ts"

it("puts each value in its place and leaves every other character as it was", () => {
  const text = '\uFEFF{ "n" : 12345678901234567890, "a":[1.0 ,{"b\\"\\u0063":"x\\\\"}, [ ] ],\n"s":"]}\\"","e":{} }\n'
  expect(
    spliced(text, [
      { path: ["a", 1, 'b"c'], text: '"new"' },
      { path: ["e"], text: "[7]" },
      { path: ["a", 0], text: "null" },
      { path: ["a", 9], text: "not there" },
    ]),
  ).toBe('\uFEFF{ "n" : 12345678901234567890, "a":[null ,{"b\\"\\u0063":"new"}, [ ] ],\n"s":"]}\\"","e":[7] }\n')
})

it("takes the last of two keys that are the same, as JSON.parse does", () => {
  const text = '{"a":{"b":1},"c":2,"a":{"b":3,"b":4}}'
  const changed = spliced(text, [{ path: ["a", "b"], text: "5" }])
  expect(changed).toBe('{"a":{"b":1},"c":2,"a":{"b":3,"b":5}}')
  expect(spliced('{"a":{"b":1},"a":2}', [{ path: ["a", "b"], text: "5" }])).toBe('{"a":{"b":1},"a":2}')
})

it("steps over what nests deeper than any stack", () => {
  const deep = `${"[".repeat(200_000)}"]"${"]".repeat(200_000)}`
  expect(spliced(`{"deep":${deep},"a":1}`, [{ path: ["a"], text: "2" }])).toBe(`{"deep":${deep},"a":2}`)
})

it("gives what parsing, changing and writing gives, for any JSON", () => {
  const documents = fc.jsonValue({ maxDepth: 4 }).filter((value) => !JSON.stringify(value).includes("__proto__"))
  fc.assert(
    fc.property(documents, fc.infiniteStream(fc.nat()), fc.constantFrom(0, 2), (value, choices, spaces) => {
      const before = JSON.stringify({ root: value }, null, spaces)
      const expected = JSON.parse(before) as Record<string, unknown> // not the value itself: -0 is written as 0
      const path = ["root", ...pathIn(value, choices)]
      let at = expected
      for (const part of path.slice(0, -1)) at = at[part] as Record<string, unknown> // a path of the value
      at[path.at(-1) ?? ""] = { put: 1 }
      const text = spliced(before, [{ path, text: '{"put":1}' }])
      expect(JSON.parse(text)).toEqual(expected)
    }),
    { numRuns: 500 },
  )
})

/** To some value within it, or to itself. */
function pathIn(value: unknown, choices: Iterator<number>): (string | number)[] {
  if (typeof value !== "object" || value === null) return []
  const keys = Object.keys(value)
  const choice = Number(choices.next().value) % (keys.length + 1)
  const key = keys[choice]
  if (key === undefined) return []
  return [Array.isArray(value) ? Number(key) : key, ...pathIn((value as Record<string, unknown>)[key], choices)] // its keys are strings
}
