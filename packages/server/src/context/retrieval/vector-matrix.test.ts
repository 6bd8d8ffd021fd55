// Tests of the matrix of a scope's vectors: what is found over codes of one byte is exactly what comparing all vectors finds.
import { describe, expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import { innerProduct, VectorMatrix } from "./vector-matrix.ts"

const dimensionsOf = fc.constantFrom(3, 8, 20, 384, 1_000)

/** Numbers from a seed, between -1 and 1. */
function numbers(seed: number): () => number {
  let state = seed | 1
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0) / 2 ** 31
}

function plainly(vectors: ReadonlyMap<number, Float32Array>, query: Float32Array, limit: number): [number, number][] {
  const all = Array.from(vectors, ([place, vector]): [number, number] => [place, innerProduct(query, vector, 0)])
  return all.sort(([a, x], [b, y]) => y - x || a - b).slice(0, limit)
}

describe("a matrix of vectors", () => {
  it("finds the nearest as a comparison of all finds them, whatever their lengths, with twins, replaced ones and ones that went", () => {
    const cases = fc.record({
      dimensions: dimensionsOf,
      rows: fc.integer({ min: 0, max: 700 }),
      limit: fc.integer({ min: 1, max: 120 }),
      seed: fc.integer(),
      longest: fc.constantFrom(1, 30, 1e-3),
      apart: fc.constantFrom(1, 0.01),
    })
    fc.assert(
      fc.property(cases, ({ dimensions, rows, limit, seed, longest, apart }) => {
        const next = numbers(seed)
        const center = Float32Array.from({ length: dimensions }, next)
        const vector = (): Float32Array => center.map((value) => (value + apart * next()) * longest)
        const matrix = new VectorMatrix(dimensions, 1, Math.floor(rows / 2))
        const vectors = new Map<number, Float32Array>()
        const set = (place: number, to: Float32Array | null): void => {
          matrix.set({ place, piece: 0, vector: to })
          if (to === null) vectors.delete(place)
          else vectors.set(place, to)
        }
        for (let place = 0; place < rows; place++) set(place, place % 7 === 3 ? (vectors.get(place - 1) ?? vector()) : vector())
        for (let place = 0; place < rows; place += 5) set(place, place % 2 === 0 ? null : vector())
        const accepted = new Map([...vectors].filter(([place]) => place % 3 !== 1))
        const query = vector()
        const found = matrix.nearest(query, (place) => place % 3 !== 1, limit)
        expect([...found].sort(([a, x], [b, y]) => y - x || a - b)).toEqual(plainly(accepted, query, limit))
      }),
      { numRuns: 60 },
    )
  })

  it("compares with a query of zeros, and holds vectors of zeros", () => {
    const matrix = new VectorMatrix(16, 1, 0)
    for (let place = 0; place < 40; place++) matrix.set({ place, piece: 0, vector: new Float32Array(16).fill(place % 2) })
    expect([...matrix.nearest(new Float32Array(16), () => true, 3)]).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
    ])
    expect([...matrix.nearest(new Float32Array(16).fill(-1), () => true, 2)].map(([place]) => place)).toEqual([0, 2])
  })

  it("gives the blocks of many matrices out without mixing them up", () => {
    const next = numbers(7)
    const matrices = Array.from({ length: 12 }, () => {
      const vectors = Array.from({ length: 500 }, () => Float32Array.from({ length: 384 }, next))
      const matrix = new VectorMatrix(384, 1, 0)
      for (const [place, vector] of vectors.entries()) matrix.set({ place, piece: 0, vector })
      return { matrix, vectors: new Map(vectors.entries()) }
    })
    const query = Float32Array.from({ length: 384 }, next)
    for (const { matrix, vectors } of matrices) expect([...matrix.nearest(query, () => true, 10)]).toEqual(plainly(vectors, query, 10))
  })
})
