// Tests of what counts as said already: the same in more words, and never the opposite, another number, another speaker or a better source.
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
    ["I moved to Bergen in March", "In fact I moved to Bergen in March, by train"],
    ["Ich wohne in Hamburg", "Also, ich wohne in Hamburg."],
    ["山田さんは京都に住んでいます", "山田さんは京都に住んでいます。"],
  ])("%s, beside: %s", (other, kept) => {
    expect(addsNothing(said(other), said(kept))).toBe(true)
  })

  it.each([
    ["another number", "The ticket costs 40 euros", "The ticket costs 45 euros"],
    ["another place", "I moved to Bergen", "I moved to Paris"],
    ["a denial", "I like the green tea of Ada", "I don't like the green tea of Ada"],
    ["a denial in German", "Ich mag den grünen Tee von Ada", "Ich mag den grünen Tee von Ada nicht"],
    ["a turn around in Japanese", "山田さんは京都に住んでいます", "山田さんは京都に住んでいません"],
    ["another order", "Ada likes Bob", "Bob likes Ada"],
    ["more than the other says", "I moved to Bergen by train in March", "I moved to Bergen"],
    [
      "a small part of a long text",
      "I have a boat",
      "I have a boat, a horse, two houses by the lake and a library of nine thousand old books",
    ],
  ])("is not %s", (_what, other, kept) => {
    expect(addsNothing(said(other), said(kept))).toBe(false)
  })

  it("is not what somebody else said, what stands in another lane, or what is trusted more", () => {
    const text = "Ada moved to Bergen"
    expect(addsNothing(said(text, { speaker: "Ada" }), said(text, { speaker: "Bob" }))).toBe(false)
    expect(addsNothing(said(text), said(text, { lane: "tool" }))).toBe(false)
    expect(addsNothing(said(text, { integrity: 3 }), said(text, { integrity: 0 }))).toBe(false)
    expect(addsNothing(said(text, { integrity: 0 }), said(text, { integrity: 3 }))).toBe(true)
  })
})
