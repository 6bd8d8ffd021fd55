// Tests of the lists: live summaries over pages, folded deltas, buckets of hours, filters in the address.
import type { RunEvent, RunSummary, UsageRow } from "@perdure/client"
import { describe, expect, it } from "vitest"
import { filterOf } from "../pages/runs/filter.ts"
import { eventRows } from "./event-rows.ts"
import { hourBuckets } from "./hours.ts"
import { mergeRuns } from "./merge-runs.ts"

const usage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, costMicroUsd: 0, costKnown: true }

function run(id: string, createdAt: number, more: Partial<RunSummary> = {}): RunSummary {
  const none = {
    user: null,
    model: null,
    title: null,
    conversationId: null,
    parentId: null,
    error: null,
    finishedAt: null,
    durationMs: null,
    firstTokenMs: null,
  }
  return { id, kind: "chat", name: "chat", status: "completed", principal: "key_1", usage, createdAt, ...none, ...more }
}

function ids(runs: readonly RunSummary[]): string[] {
  return runs.map(({ id }) => id)
}

describe("live runs over pages", () => {
  const pages = [run("run_3", 30), run("run_1", 10, { status: "running" })]

  it("put new ones first, renew known ones, and show each once", () => {
    const live = new Map([run("run_4", 40), run("run_1", 10, { status: "failed" })].map((one) => [one.id, one]))
    const merged = mergeRuns(pages, live, {})
    expect(ids(merged)).toEqual(["run_4", "run_3", "run_1"])
    expect(merged[2]?.status).toBe("failed")
  })

  it("drop what no longer fits the filter, and leave runs that are older than the pages to their page", () => {
    const live = new Map([run("run_1", 10, { status: "completed" }), run("run_0", 1, { status: "running" })].map((one) => [one.id, one]))
    expect(ids(mergeRuns([run("run_1", 10, { status: "running" })], live, { status: "running" }))).toEqual([])
  })

  it("add nothing to a search, whose hits only the server knows", () => {
    const live = new Map([["run_4", run("run_4", 40)]])
    for (const filter of [{ search: "refund" }, { tag: "beta" }, { metadata: "customer=acme" }])
      expect(ids(mergeRuns(pages, live, filter))).toEqual(["run_3", "run_1"])
  })
})

describe("the rows of the event log", () => {
  const log = ["a.started", "x.delta", "x.delta", "x.delta", "b.done", "x.delta"].map((type, index): RunEvent => {
    return {
      runId: "run_1",
      seq: index + 1,
      attempt: 1,
      type,
      data: {},
      label: { integrity: 3, sources: [], readers: [], secrets: [] },
      at: index,
    }
  })

  it("fold neighbouring deltas only, and unfold", () => {
    expect(eventRows(log, "", true).map((row) => [row.first.seq, row.last.seq, row.count])).toEqual([
      [1, 1, 1],
      [2, 4, 3],
      [5, 5, 1],
      [6, 6, 1],
    ])
    expect(eventRows(log, "", false)).toHaveLength(6)
  })

  it("keep the types that contain the filter's text, in any case", () => {
    expect(eventRows(log, " DONE ", true).map((row) => row.first.type)).toEqual(["b.done"])
  })
})

describe("buckets of hours", () => {
  it("are one for each hour up to now, with the empty ones", () => {
    const at = Date.UTC(2026, 10, 25, 3, 30)
    const row: UsageRow = { group: "2026-11-25T02:00Z", runs: 5, failedRuns: 2, ...usage }
    const buckets = hourBuckets([row], 24, at)
    expect(buckets).toHaveLength(24)
    expect(buckets.at(-1)).toEqual({ at: Date.UTC(2026, 10, 25, 3), runs: 0, failed: 0 })
    expect(buckets.at(-2)).toEqual({ at: Date.UTC(2026, 10, 25, 2), runs: 5, failed: 2 })
  })
})

describe("the filter in the address", () => {
  it("takes known values and leaves out what it does not know", () => {
    expect(filterOf(new URLSearchParams("kind=chat&status=failed&search=a+b"))).toEqual({ kind: "chat", status: "failed", search: "a b" })
    expect(filterOf(new URLSearchParams("kind=nonsense&status=&search="))).toEqual({})
  })
})
