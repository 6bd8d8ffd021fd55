import { describe, expect, it } from "vitest"
import { canDecide, endText, reasonText, sourceText, trustText, wordText } from "./memory-look.ts"

describe("memory in words", () => {
  it("says whose word a level of trust is, and the number of one that it does not know", () => {
    expect([0, 3, 7].map(trustText)).toEqual(["anyone’s text", "a user’s own word", "integrity 7"])
  })

  it("calls a user's own word only what a user said, however much is trusted what was made of it", () => {
    const label = { integrity: 3 }
    expect(wordText({ label, lane: "user", versionId: null })).toBe("a user’s own word")
    expect(wordText({ label, lane: "assistant", versionId: null })).toBe("a model’s words, after a user’s own word")
    expect(wordText({ label: { integrity: 0 }, lane: "assistant", versionId: null })).toBe("a model’s words, after anyone’s text")
    expect(wordText({ label, lane: "fact", versionId: "ver_1" })).toBe("rests on a user’s own word")
    expect([sourceText({ label, kind: "agent" }), sourceText({ label, kind: "user" })]).toEqual([
      "a model’s words, after a user’s own word",
      "a user’s own word",
    ])
  })

  it("says nothing of the end of what is believed still", () => {
    expect(endText({ endedBy: null })).toBeNull()
    expect(endText({ endedBy: "revoke" })).toBe("its source was revoked")
  })

  it("says why a candidate was left out, also for a reason that is new", () => {
    expect(reasonText("directive")).toBe("it asks for behaviour, and is trusted too little for that")
    expect(reasonText("of_another_kind" as "lane")).toBe("of another kind")
  })

  it("offers decisions only on what is believed and can be read", () => {
    expect(canDecide({ text: "a", endedBy: null })).toBe(true)
    expect(canDecide({ text: null, endedBy: null })).toBe(false)
    expect(canDecide({ text: "a", endedBy: "retract" })).toBe(false)
  })
})
