// Tests of fitting: it finds the signal that tells, says how it fares on what was left out, and refuses what is not worth having.
import { describe, expect, it } from "vitest"
import { fit, signalNames, type LabelledQuestion } from "./fit.ts"
import { fusionOf } from "./weights.ts"

const before = fusionOf("perdure/minilm").weights.message

/** Numbers between 0 and 1 that are the same every time. */
function numbers(seed: number): () => number {
  let state = seed
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647
}

/** 30 candidates by question; `right` makes the signals of the one that answers out of random ones. */
function questions(count: number, right: (signals: number[], next: () => number) => number[]): LabelledQuestion[] {
  const next = numbers(7)
  return Array.from({ length: count }, (_, index) => {
    const signals = Array.from({ length: 30 }, () => signalNames.map(() => next()))
    const place = Math.floor(next() * 30)
    signals[place] = right(signals[place] ?? [], next)
    return { group: `scope ${index % 4}`, signals, right: [place], rightInAll: 1 }
  })
}

describe("fitting", () => {
  it("gives weight to the signals that tell, and finds more than any single arm", () => {
    const report = fit(
      questions(80, ([words = 0, vectors = 0, , ...rest]) => [(words + 1) / 2, (vectors + 1) / 2, 0.5, ...rest]),
      before,
    )
    expect(report.refusal).toBeNull()
    expect(report.groups).toBe(4)
    expect(report.recall.leftOut).toBeGreaterThan(Math.max(report.recall.words, report.recall.vectors))
    expect(report.weights.words).toBeGreaterThan(report.weights.session)
    expect(report.weights.words + report.weights.vectors).toBeCloseTo(0.8, 2)
  })

  it("lets no signal speak against a candidate but that it asks", () => {
    const { weights } = fit(
      questions(80, ([, ...rest]) => [0, ...rest]),
      before,
    )
    expect(Math.min(weights.words, weights.vectors, weights.session, weights.speaker, weights.tokens)).toBeGreaterThanOrEqual(0)
    expect(weights.asks).toBeLessThanOrEqual(0)
  })

  it("refuses weights that lose to a single arm, or to those in force, on what was left out", () => {
    // By words alone every question is answered; the other groups teach the opposite.
    const misleading = questions(80, (signals) => signals).map((question, index) => {
      const signals = question.signals.map((candidate) => [...candidate])
      const place = question.right[0] ?? 0
      for (const candidate of signals) candidate[0] = 0
      if (index % 4 === 0) signals[place]![0] = 0.01
      else for (const [each, candidate] of signals.entries()) if (each !== place) candidate[0] = 0.5
      return { ...question, signals }
    })
    const report = fit(misleading, before)
    expect(report.recall.leftOut < Math.max(report.recall.words, report.recall.vectors, report.recall.before)).toBe(report.refusal !== null)
  })

  it("refuses to learn from a handful of questions", () => {
    const few = questions(10, ([, ...rest]) => [1, ...rest])
    expect(fit(few, before).refusal).toMatch(/Only 10 questions/)
    expect(fit([], before).refusal).toMatch(/Only 0 questions/)
  })

  it("counts what no arm found as missed", () => {
    const half = questions(40, ([, ...rest]) => [1, ...rest]).map((question) => ({ ...question, rightInAll: 2 }))
    expect(fit(half, before).recall.fitted).toBeLessThanOrEqual(0.5)
  })

  it("gives the same weights every time", () => {
    const list = questions(40, ([words = 0, ...rest]) => [(words + 1) / 2, ...rest])
    expect(fit(list, before)).toEqual(fit(list, before))
  })
})
