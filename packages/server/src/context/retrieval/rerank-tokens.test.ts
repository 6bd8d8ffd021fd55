// Tests of late interaction among candidates: what it moves, what it leaves where it is, and which texts count as asking.
import { describe, expect, it } from "vitest"
import type { Fused } from "./fuse.ts"
import { endsInQuestion } from "./reader.ts"
import { reranked } from "./rerank-tokens.ts"
import { fusionOf } from "./weights.ts"

const fusion = fusionOf("perdure/minilm")

function found(key: string, order: number, lane: Fused["lane"] = "user"): Fused {
  return { key, lane, order, score: order / 2, why: { words: null, vectors: null } }
}

describe("reranking by tokens", () => {
  it("brings up what meets the question's words, and says how well", () => {
    const signals = new Map([
      ["first", { similarity: 0.2, asks: false }],
      ["second", { similarity: 0.8, asks: false }],
    ])
    const entries = reranked([found("first", 1), found("second", 0.9)], signals, fusion)
    expect(entries.map(({ key }) => key)).toEqual(["second", "first"])
    expect(entries[0]?.why.tokens).toEqual({ rank: 1, score: 0.8 })
  })

  it("puts a message that asks behind one that is as good and tells", () => {
    const signals = new Map([
      ["asking", { similarity: 0.5, asks: true }],
      ["telling", { similarity: 0.5, asks: false }],
    ])
    expect(reranked([found("asking", 1), found("telling", 1)], signals, fusion).map(({ key }) => key)).toEqual(["telling", "asking"])
  })

  it("leaves candidates without token vectors between the others, and all as they are where none has any", () => {
    const signals = new Map([
      ["good", { similarity: 0.9, asks: false }],
      ["bad", { similarity: 0.1, asks: false }],
    ])
    const order = reranked([found("bad", 1), found("unknown", 1), found("good", 1)], signals, fusion).map(({ key }) => key)
    expect(order).toEqual(["good", "unknown", "bad"])
    const untouched = [found("a", 1), found("b", 0.5)]
    expect(reranked(untouched, new Map(), fusion)).toEqual(untouched)
  })

  it("keeps scores between 0 and 1, never rising", () => {
    const signals = new Map(["a", "b", "c"].map((key, index) => [key, { similarity: index - 1, asks: false }]))
    const scores = reranked([found("a", 2), found("b", 1), found("c", 0)], signals, fusion).map(({ score }) => score)
    expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true)
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
  })
})

describe("a text asks", () => {
  it.each(["Where is it?", "¿Dónde está?", "どこですか？", "أين هو؟", 'He said: "where?"', "Really? [photo: a cat on a chair]"])(
    "in %j",
    (text) => {
      expect(endsInQuestion(text)).toBe(true)
    },
  )
  it.each(["It is here.", "Where? Here.", "", "?!x", "[why?]"])("and not in %j", (text) => {
    expect(endsInQuestion(text)).toBe(false)
  })
})
