// Tests of likelihoods: the curve that made the data is found again, no order changes, and what tells nothing gives no curve.
import { describe, expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import { calibrate, calibrationError, fitCurve, likelihood, type JudgedScore } from "./calibration.ts"
import { calibrated } from "./fuse.ts"
import { fusionOf, wordsFusion } from "./weights.ts"

/** Numbers between 0 and 1 that are the same every time. */
function numbers(seed: number): () => number {
  let state = seed
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647
}

const truth = { slope: 9, offset: -5 }

function judgedBy(likely: (score: number) => number, count: number): JudgedScore[] {
  const next = numbers(11)
  return Array.from({ length: count }, (_, index) => {
    const score = next()
    return { group: `scope ${index % 5}`, score, answers: next() < likely(score) }
  })
}

describe("a curve from scores to likelihoods", () => {
  it("is the one that made the answers, about", () => {
    const judged = judgedBy((score) => likelihood(score, truth), 20_000)
    const curve = fitCurve(judged)
    expect(curve?.slope).toBeCloseTo(truth.slope, 0)
    expect(curve?.offset).toBeCloseTo(truth.offset, 0)
    expect(calibrationError(judged, () => curve)).toBeLessThan(0.01)
    expect(calibrationError(judged, () => undefined)).toBeGreaterThan(0.05)
  })

  it("is kept only where it is nearer to the truth on what was left out", () => {
    const judged = judgedBy((score) => likelihood(score, truth), 4_000)
    expect(calibrate(judged, undefined).curve).toBeDefined()
    const again = calibrate(judged, truth)
    expect(again.curve === undefined).toBe(again.leftOut >= again.before)
  })

  it("is not there for a handful, for answers that do not depend on the score, or for what is always right", () => {
    expect(fitCurve(judgedBy((score) => score, 100))).toBeUndefined()
    expect(fitCurve(judgedBy((score) => 1 - score, 2_000))).toBeUndefined()
    expect(fitCurve(judgedBy(() => 1.1, 2_000))).toBeUndefined()
  })

  it("does not run away where scores tell right from wrong without error", () => {
    const curve = fitCurve(judgedBy((score) => (score > 0.5 ? 1.1 : -0.1), 2_000))
    expect(curve?.slope).toBeGreaterThan(0)
    expect(likelihood(0.9, curve)).toBeGreaterThan(0.9)
    expect(likelihood(0.1, curve)).toBeLessThan(0.1)
  })
})

describe("scores that are told", () => {
  it("are in 0 to 1 and in the order of the entries, whatever kinds of text are mixed", () => {
    const curves = [undefined, ...[fusionOf("perdure/minilm"), wordsFusion].map(({ curves: own }) => own?.message)]
    const entry = fc.record({ score: fc.double({ min: 0, max: 1, noNaN: true }), curve: fc.constantFrom(...curves) })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), (entries) => {
        const told = calibrated(entries.toSorted((a, b) => b.score - a.score)).map(({ score }) => score)
        expect(told).toEqual(told.toSorted((a, b) => b - a))
        expect(told.every((score) => score >= 0 && score <= 1)).toBe(true)
      }),
    )
  })

  it("of one kind keep every difference", () => {
    const { curves } = fusionOf("perdure/minilm@aaaaaaaaaaaa")
    const scores = Array.from({ length: 99 }, (_, index) => likelihood(index / 100, curves?.message))
    expect(scores.every((score, index) => index === 0 || score > (scores[index - 1] ?? 1))).toBe(true)
  })
})
