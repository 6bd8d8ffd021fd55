// What two searches differ in, and how settings become a request.
import type { MemorySearch } from "@perdure/client"
import { describe, expect, it } from "vitest"
import { compared, differenceText, requestOf, settingsIn, type MemoryHit } from "./compare.ts"

const hit = (id: string): MemoryHit => ({ id, versionId: null, text: id }) as unknown as MemoryHit // all that is looked at
const answer = (ids: string[], leftOut: object[] = []): MemorySearch => ({ memories: ids.map(hit), leftOut }) as unknown as MemorySearch

describe("another search against the first", () => {
  it("says what moved, appeared and disappeared, and why it did", () => {
    const first = answer(["mem_a", "mem_b", "mem_c"])
    const other = answer(["mem_b", "mem_d", "mem_a"], [{ id: "mem_c", versionId: null, reason: "near_duplicate" }])
    const { placed, gone, counts } = compared(first, other)
    expect(placed.map(({ hit: { id }, rank, moved }) => [id, rank, moved])).toEqual([
      ["mem_b", 1, 1],
      ["mem_d", 2, null],
      ["mem_a", 3, -2],
    ])
    expect(gone.map(({ hit: { id }, rank, reason }) => [id, rank, reason])).toEqual([["mem_c", 3, "near_duplicate"]])
    expect(differenceText(counts)).toBe("2 moved, 1 appeared, 1 disappeared")
  })

  it("is the same where nothing is another", () => {
    const { counts, gone } = compared(answer(["mem_a", "mem_b"]), answer(["mem_a", "mem_b"]))
    expect([differenceText(counts), gone]).toEqual(["the same as A", []])
  })

  it("that did not find something at all gives no reason", () => {
    expect(compared(answer(["mem_a"]), answer([])).gone).toMatchObject([{ rank: 1, reason: null }])
  })
})

describe("settings of an address", () => {
  it("ask for nothing where none are chosen", () => {
    expect(requestOf("user:ada", "tea?", settingsIn(new URLSearchParams(), "a"))).toEqual({ scope: "user:ada", query: "tea?", limit: 10 })
  })

  it("are those of their column, and become what the server takes", () => {
    const params = new URLSearchParams(
      "a.rerank=off&b.lanes=derived&b.weights=0.3&b.diversity=0.5&b.level=2&b.time=filter&b.hop=on&b.directives=include&b.asOf=2026-01-02T03:04:05Z",
    )
    expect(requestOf("s", "q", settingsIn(params, "a"))).toEqual({ scope: "s", query: "q", limit: 10, rerank: false })
    expect(requestOf("s", "q", settingsIn(params, "b"))).toEqual({
      scope: "s",
      query: "q",
      limit: 10,
      lanes: ["fact", "summary"],
      weights: { words: 0.3, vectors: 0.7 },
      diversity: 0.5,
      levelMin: 2,
      time: "filter",
      hop: true,
      directives: "include",
      asOf: Date.parse("2026-01-02T03:04:05Z"),
    })
  })
})
