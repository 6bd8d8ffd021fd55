// Tests of maximal marginal relevance: the second of two that say the same gives way to something else, and nothing is lost.
import { describe, expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import { cosine, diversified } from "./diversity.ts"

interface Each {
  id: string
  score: number
  vector: Float32Array
}

const at = (degrees: number): Float32Array => Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180))
const alike = (a: Each, b: Each): number => cosine(a.vector, b.vector)
const order = (list: readonly Each[], diversity: number): string =>
  diversified(list, { diversity, scoreOf: ({ score }) => score, alike })
    .map(({ id }) => id)
    .join("")

describe("maximal marginal relevance", () => {
  const list = [
    { id: "a", score: 0.9, vector: at(0) },
    { id: "b", score: 0.88, vector: at(2) },
    { id: "c", score: 0.7, vector: at(80) },
  ]

  it("puts what says something else before what says the same again", () => {
    expect(order(list, 0.3)).toBe("acb")
  })

  it("keeps the order where it is not asked for, and where a little difference does not outweigh what fits worse", () => {
    expect(order(list, 0)).toBe("abc")
    expect(order([list[0]!, list[1]!, { ...list[2]!, score: 0.2 }], 0.1)).toBe("abc")
  })

  it("keeps the order of those whose vectors nobody knows", () => {
    expect(diversified(["x", "y", "z"], { diversity: 0.5, scoreOf: () => 0.5, alike: () => undefined })).toEqual(["x", "y", "z"])
  })

  it("loses and adds no candidate, and begins with the best", () => {
    const candidates = fc.array(
      fc.record({ score: fc.double({ min: 0.01, max: 1, noNaN: true }), degrees: fc.integer({ min: 0, max: 359 }) }),
      {
        minLength: 1,
        maxLength: 30,
      },
    )
    fc.assert(
      fc.property(candidates, fc.double({ min: 0, max: 0.9, noNaN: true }), (made, diversity) => {
        const given = made
          .map(({ score, degrees }, index) => ({ id: `${index} `, score, vector: at(degrees) }))
          .sort((a, b) => b.score - a.score)
        const ordered = diversified(given, { diversity, scoreOf: ({ score }) => score, alike })
        expect(new Set(ordered)).toEqual(new Set(given))
        expect(ordered[0]).toBe(given[0])
      }),
    )
  })
})
