// Tests of what counts as said already: the same in other marks and fillers, and never another time, number, wish, speaker or a better source.
import { describe, expect, it } from "vitest"
import { addsNothing, saidBy } from "./near-duplicates.ts"

function said(
  text: string,
  { speaker = null, lane = "user", integrity = 3 }: { speaker?: string | null; lane?: string; integrity?: 0 | 1 | 2 | 3 } = {},
): ReturnType<typeof saidBy> {
  return saidBy({ text, speaker, lane, label: { integrity, sources: [], readers: "public", secrets: [] } })
}

describe("a text that says nothing more", () => {
  it.each([
    ["I moved to Bergen in March!", "I moved to Bergen, in march"],
    ["I moved to Bergen", "Well, I moved to Bergen."],
    ["The boat lies in a harbour", "Oh, a boat lies in the harbour"],
    ["Ich wohne in Hamburg", "Also, ich wohne in Hamburg."],
    ["山田さんは京都に住んでいます", "山田さんは京都に住んでいます。"],
  ])("%s, beside: %s", (other, kept) => {
    expect(addsNothing(said(other), said(kept))).toBe(true)
  })

  it.each([
    ["another number", "The ticket costs 40 euros", "The ticket costs 45 euros"],
    ["another place", "I moved to Bergen", "I moved to Paris"],
    ["another time of the verb", "I work at Acme", "I worked at Acme"],
    ["what somebody wishes", "I live in Bergen", "I want to live in Bergen"],
    ["a denial", "I like green tea", "I don't like green tea"],
    ["a denial in German", "Ich mag grünen Tee", "Ich mag grünen Tee nicht"],
    ["a turn around in Japanese", "山田さんは京都に住んでいます", "山田さんは京都に住んでいません"],
    ["another order", "Ada likes Bob", "Bob likes Ada"],
    ["a text without words", "!", "?"],
  ])("is not %s", (_what, other, kept) => {
    expect(addsNothing(said(other), said(kept))).toBe(false)
    expect(addsNothing(said(kept), said(other))).toBe(false)
  })

  it("is not what somebody else said, what stands in another lane, or what is trusted more", () => {
    const text = "Ada moved to Bergen"
    expect(addsNothing(said(text, { speaker: "Ada" }), said(text, { speaker: "Bob" }))).toBe(false)
    expect(addsNothing(said(text), said(text, { lane: "tool" }))).toBe(false)
    expect(addsNothing(said(text, { integrity: 3 }), said(text, { integrity: 0 }))).toBe(false)
    expect(addsNothing(said(text, { integrity: 0 }), said(text, { integrity: 3 }))).toBe(true)
  })
})
