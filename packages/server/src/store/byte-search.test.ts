// Tests of the search for many byte patterns, against the plain search of one after the other.
import fc from "fast-check"
import { expect, test } from "vitest"
import { createByteSearch } from "./byte-search.ts"

test("a pattern is found at the beginning, in the middle, at the end, and not when it is cut", () => {
  const search = createByteSearch([Buffer.from("kestrel"), Buffer.from("a longer pattern than the other")])
  for (const text of ["kestrel and more", "more kestrel more", "at the end: kestrel", "x a longer pattern than the other"]) {
    expect(search.isIn(Buffer.from(text))).toBe(true)
  }
  for (const text of ["", "kestre", "estrel kestre", "a longer pattern than the othe"]) expect(search.isIn(Buffer.from(text))).toBe(false)
  expect(search.longest).toBe(31)
})

test("without patterns, or with empty ones only, nothing is found", () => {
  expect(createByteSearch([]).isIn(Buffer.from("anything"))).toBe(false)
  expect(createByteSearch([new Uint8Array()]).isIn(Buffer.from("anything"))).toBe(false)
})

test("it finds exactly what a plain search finds", () => {
  // Few different bytes, so that beginnings, ends and overlaps coincide.
  const bytes = (length: { minLength: number; maxLength: number }) =>
    fc.array(fc.constantFrom(0, 1, 64, 255), length).map((values) => Buffer.from(values))
  const patterns = fc.array(bytes({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(patterns, bytes({ minLength: 0, maxLength: 200 }), (wanted, text) => {
      expect(createByteSearch(wanted).isIn(text)).toBe(wanted.some((pattern) => text.includes(pattern)))
    }),
    { numRuns: 300 },
  )
})
