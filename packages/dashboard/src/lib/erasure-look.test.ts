// Tests of how erasures are put into words.
import { describe, expect, it } from "vitest"
import { countsOf, leftovers, statusText, targetText } from "./erasure-look.ts"

const none = { episodes: 0, versions: 0, sources: 0, blocks: 0, states: 0, files: 0, cachedAnswers: 0, keys: 0, rows: {} }

describe("an erasure in words", () => {
  it("names what it took, and nothing of which there was none", () => {
    expect(countsOf({ counts: { ...none, episodes: 2, keys: 1, rows: { run_events: 3, feedback: 0 } } })).toEqual([
      ["messages", 2],
      ["data keys", 1],
      ["rows of run events", 3],
    ])
    expect(countsOf({ counts: none })).toEqual([])
  })

  it("names its target, but never the text that vanished", () => {
    expect(targetText({ kind: "source", name: "src_1", scope: "user:ada" })).toBe("what came from src_1 in user:ada")
    expect(targetText({ kind: "scope", name: "user:ada", scope: "user:ada" })).toBe("the scope user:ada")
    expect(targetText({ kind: "query", name: null, scope: null })).toBe("a text that was named")
  })

  it("tells a count from an erasure, and one that left something from one that did not", () => {
    expect(statusText({ status: "completed", dryRun: true })).toBe("only counted")
    expect(statusText({ status: "completed", dryRun: false })).toContain("nothing of it was found again")
    const verified = { texts: 1, rows: { api_keys: 1 }, files: 9, filesContaining: ["base/5/16401"], logCleared: true }
    expect(leftovers({ verified })).toEqual(["1 rows of api_keys", "base/5/16401"])
    expect(leftovers({ verified: { ...verified, rows: {}, filesContaining: [], heldBy: ["the replication slot 'cdc'"] } })).toEqual([
      "what the replication slot 'cdc' keeps",
    ])
    expect(leftovers({ verified: null })).toEqual([])
  })
})
