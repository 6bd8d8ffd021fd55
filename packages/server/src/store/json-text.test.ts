// Tests of the JSON that is stored: nothing that jsonb refuses is left, and nothing else changes.
import { expect, it } from "vitest"
import { fc } from "../testing/fast-check.ts"
import { jsonText } from "./json-text.ts"

const unit = fc.constantFrom("\0", "\ud83d", "\ude42", "🙂", "\\", "\\u0000", "u0000", "\\ud83d", "a", '"')

it("replaces NUL and lone surrogates and leaves everything else as it was", () => {
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 12 }), (units) => {
      const text = units.join("")
      const expected = text.toWellFormed().replaceAll("\0", "\ufffd")
      expect(JSON.parse(jsonText({ [text]: [text] }))).toEqual({ [expected]: [expected] })
    }),
    { numRuns: 2_000 },
  )
})
