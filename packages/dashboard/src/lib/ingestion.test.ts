import { describe, expect, it } from "vitest"
import { fractionOf, stageText } from "./ingestion.ts"

describe("the progress of a file", () => {
  it("names the stage and how many parts are done", () => {
    expect(stageText({ stage: "embed", parts_done: 1_200, parts_total: 3_000 })).toBe("embed, 1,200 of 3,000")
    expect(fractionOf({ stage: "embed", parts_done: 1_200, parts_total: 3_000 })).toBe(0.4)
  })

  it("says only the stage while nobody knows how much there is", () => {
    for (const parts of [null, 0]) {
      expect(stageText({ stage: "queued", parts_done: null, parts_total: parts })).toBe("queued")
      expect(fractionOf({ stage: "queued", parts_done: null, parts_total: parts })).toBeNull()
    }
  })

  it("is never more than all of it", () => {
    expect(fractionOf({ stage: "commit", parts_done: 7, parts_total: 5 })).toBe(1)
  })
})
