// Tests of fusion: which signals move a candidate, and what the reported score promises.
import { describe, expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import { fuse, levelled, type Candidate } from "./fuse.ts"
import { fusionOf, wordsFusion } from "./weights.ts"

const miniLm = fusionOf("perdure/minilm")
const cold = fusionOf("some/other-model")

function candidate(key: string, signals: Partial<Candidate>): Candidate {
  return { key, lane: "user", words: 0, cosine: undefined, session: undefined, isNamed: false, ...signals }
}

const keysOf = (entries: readonly { key: string }[]): string[] => entries.map(({ key }) => key)

describe("fusion", () => {
  it("orders by words when there are no vectors, and reports the share of the words that were found", () => {
    const fused = fuse([candidate("a", { words: 1 }), candidate("b", { words: 3 })], { ceiling: 6, fusion: wordsFusion })
    expect(keysOf(fused)).toEqual(["b", "a"])
    expect(fused[0]).toMatchObject({ score: 0.5, why: { words: { rank: 1, score: 3 }, vectors: null } })
  })

  it("puts what the named speaker said before the same found elsewhere, and says so", () => {
    const fused = fuse([candidate("other", { words: 3 }), candidate("named", { words: 2.5, isNamed: true })], {
      ceiling: 6,
      fusion: wordsFusion,
    })
    expect(keysOf(fused)).toEqual(["named", "other"])
    expect(fused[0]?.why.speaker).toBe(true)
    expect(fused[1]?.why).not.toHaveProperty("speaker")
  })

  it("prefers equal words in the session that is about them, and treats a text without a session as its own", () => {
    const about = candidate("about", { words: 2, session: 1 })
    const elsewhere = candidate("elsewhere", { words: 2, session: 0.1 })
    const alone = candidate("alone", { words: 2 })
    const fused = fuse([elsewhere, alone, about], { ceiling: 6, fusion: wordsFusion })
    expect(keysOf(fused)).toEqual(
      ["about", "alone", "elsewhere"].sort((a, b) => fused.findIndex((x) => x.key === a) - fused.findIndex((x) => x.key === b)),
    )
    expect(fused.at(-1)?.key).toBe("elsewhere")
  })

  it("of a model that nobody fitted looks at ranks, so that odd scales of similarity do no harm", () => {
    const signals = (shift: number): Candidate[] => [
      candidate("a", { words: 3, cosine: 0.1 + shift }),
      candidate("b", { words: 2, cosine: 0.104 + shift }),
      candidate("c", { words: 1, cosine: 0.103 + shift }),
    ]
    const orders = [0, 0.8].map((shift) => keysOf(fuse(signals(shift), { ceiling: 4, fusion: cold })))
    expect(orders[0]).toEqual(orders[1])
  })

  it("gives scores between 0 and 1 that never rise down the list, whatever the order in which candidates come", () => {
    const signals = fc.record({
      words: fc.double({ min: 0, max: 10, noNaN: true }),
      cosine: fc.option(fc.double({ min: -1, max: 1, noNaN: true }), { nil: undefined }),
      session: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
      isNamed: fc.boolean(),
      lane: fc.constantFrom("user" as const, "document" as const),
    })
    fc.assert(
      fc.property(fc.array(signals, { maxLength: 20 }), fc.constantFrom(miniLm, cold, wordsFusion), (list, fusion) => {
        const candidates = list.map((each, index) => ({ key: `d${index} 0`, ...each }))
        const fused = fuse(candidates, { ceiling: 12, fusion })
        expect(fuse(candidates.toReversed(), { ceiling: 12, fusion })).toEqual(fused)
        const scores = fused.map(({ score }) => score)
        expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true)
        for (const [index, score] of scores.entries()) expect(score).toBeLessThanOrEqual((scores[index - 1] ?? 1) + 1e-9)
      }),
    )
  })

  it("levels a score that contradicts the order with its neighbours instead of pulling all others down", () => {
    const scores = levelled([{ score: 0.2 }, { score: 0.6 }, { score: 0.1 }]).map(({ score }) => score)
    expect(scores.map((score) => Math.round(score * 100) / 100)).toEqual([0.4, 0.4, 0.1])
  })
})
