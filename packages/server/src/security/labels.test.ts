// Labels form a lattice: joining is associative, commutative, idempotent, and only ever restricts.
import { describe, expect, it } from "vitest"
import { fc } from "../testing/fast-check.ts"
import { joinIdentity, joinLabels, sourcesMax, type Integrity, type Label } from "./labels.ts"

const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 5 }).map((list) => list.toSorted())
const label: fc.Arbitrary<Label> = fc.record({
  integrity: fc.constantFrom<Integrity>(0, 1, 2, 3),
  sources: names,
  readers: fc.oneof(fc.constant("public" as const), names),
  secrets: names,
})

describe("joining labels", () => {
  it("gives the same label in whatever order and grouping the data meet", () => {
    fc.assert(
      fc.property(label, label, label, (a, b, c) => {
        expect(joinLabels([a, b])).toEqual(joinLabels([b, a]))
        expect(joinLabels([joinLabels([a, b]), c])).toEqual(joinLabels([a, joinLabels([b, c])]))
        expect(joinLabels([a, a])).toEqual(joinLabels([a]))
        expect(joinLabels([a, joinIdentity])).toEqual(a)
      }),
    )
  })

  it("never raises integrity, never adds a reader, never forgets a secret", () => {
    fc.assert(
      fc.property(label, label, (a, b) => {
        const joined = joinLabels([a, b])
        expect(joined.integrity).toBeLessThanOrEqual(Math.min(a.integrity, b.integrity))
        for (const part of [a, b]) {
          if (part.readers !== "public") expect(part.readers).toEqual(expect.arrayContaining([...joined.readers]))
          expect(joined.secrets).toEqual(expect.arrayContaining([...part.secrets]))
        }
      }),
    )
  })

  it(`says "many" once more than ${sourcesMax} sources meet, and stays there`, () => {
    const parts = Array.from({ length: sourcesMax + 1 }, (_, i): Label => ({ ...joinIdentity, sources: [`url:host-${i}`] }))
    expect(joinLabels(parts.slice(0, sourcesMax)).sources).toHaveLength(sourcesMax)
    expect(joinLabels(parts).sources).toEqual(["many"])
    expect(joinLabels([joinLabels(parts), parts[0] ?? joinIdentity]).sources).toEqual(["many"])
  })
})
