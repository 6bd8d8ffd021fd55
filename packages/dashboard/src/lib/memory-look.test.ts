import { describe, expect, it } from "vitest"
import { canDecide, endText, reasonText, trustText } from "./memory-look.ts"

describe("memory in words", () => {
  it("says whose word a level of trust is, and the number of one that it does not know", () => {
    expect([0, 3, 7].map(trustText)).toEqual(["anyone’s text", "a user’s own word", "integrity 7"])
  })

  it("says nothing of the end of what is believed still", () => {
    expect(endText({ endedBy: null })).toBeNull()
    expect(endText({ endedBy: "revoke" })).toBe("its source was revoked")
  })

  it("says why a candidate was left out, also for a reason that is new", () => {
    expect(reasonText("directive")).toBe("it asks for behaviour, and is trusted too little for that")
    expect(reasonText("quoted_by_fact")).toBe("quoted by fact")
  })

  it("offers decisions only on what is believed and can be read", () => {
    expect(canDecide({ text: "a", endedBy: null })).toBe(true)
    expect(canDecide({ text: null, endedBy: null })).toBe(false)
    expect(canDecide({ text: "a", endedBy: "retract" })).toBe(false)
  })
})
