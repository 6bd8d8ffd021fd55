// Tests of the waterfall: which events open and close a bar, in the words of the kernel and of the responses.
import type { RunEvent } from "@perdure/client"
import { describe, expect, it } from "vitest"
import { fc } from "../../../server/src/testing/fast-check.ts"
import { extentOf, waterfallOf } from "./spans.ts"

let seq = 0
function event(at: number, type: string, data: RunEvent["data"] = {}): RunEvent {
  return { runId: "run_1", seq: ++seq, attempt: 1, type, data, label: { integrity: 3, sources: [], readers: [], secrets: [] }, at }
}

function shown(events: readonly RunEvent[]): unknown[] {
  return waterfallOf(events).spans.map(({ name, kind, state, startAt, endAt }) => [name, kind, state, startAt, endAt])
}

describe("the waterfall", () => {
  it("pairs intents with results by their key, also when they cross", () => {
    const events = [
      event(10, "step.intended", { key: "a" }),
      event(11, "step.intended", { key: "b" }),
      event(20, "step.completed", { key: "b" }),
      event(30, "step.failed", { key: "a", error: { code: "x", message: "y" } }),
    ]
    expect(shown(events)).toEqual([
      ["a", "step", "failed", 10, 30],
      ["b", "step", "done", 11, 20],
    ])
  })

  it("draws a step that journals its end alone from its duration", () => {
    expect(shown([event(500, "step.completed", { key: "load", ms: 120 })])).toEqual([["load", "step", "done", 380, 500]])
  })

  it("keeps one bar for a step that was intended again after a crash, and leaves an unfinished one open", () => {
    const events = [event(1, "step.intended", { key: "pay" }), event(2, "run.resumed"), event(3, "step.intended", { key: "pay" })]
    expect(shown(events)).toEqual([["pay", "step", "open", 1, undefined]])
    expect(waterfallOf(events).marks.map((mark) => mark.type)).toEqual(["run.resumed"])
  })

  it("draws output items, sleeps, signals and children, and not the pieces inside an item", () => {
    const events = [
      event(1, "response.output_item.added", { output_index: 0, item: { type: "function_call", name: "weather" } }),
      event(2, "response.function_call_arguments.done", { output_index: 0 }),
      event(3, "response.output_item.done", { output_index: 0, status: "completed" }),
      event(4, "sleep.started", { key: "settle", until: 9 }),
      event(9, "sleep.ended", { key: "settle" }),
      event(9, "signal.awaited", { key: "ok", name: "approved" }),
      event(12, "signal.timed_out", { key: "ok", name: "approved" }),
      event(13, "child.started", { key: "sub", childId: "run_2" }),
    ]
    expect(shown(events)).toEqual([
      ["function call weather", "tool", "done", 1, 3],
      ["settle", "wait", "done", 4, 9],
      ["ok", "wait", "done", 9, 12],
      ["sub", "child", "open", 13, undefined],
    ])
  })

  it("draws a tool call with its step and its output item as one bar, and a turn with its step", () => {
    const events = [
      event(1, "tool.call.started", { key: "tool:0:0", tool: "file_search", outputIndex: 0 }),
      event(1, "response.output_item.added", { output_index: 0, item: { type: "file_search_call" } }),
      event(5, "step.completed", { key: "tool:0:0", ms: 3, output: { ok: false } }),
      event(6, "response.output_item.done", { output_index: 0 }),
      event(6, "turn.started", { turn: 1, model: "small", outputIndex: 1 }),
      event(7, "response.output_item.added", { output_index: 1, item: { type: "message" } }),
      event(8, "response.output_item.done", { output_index: 1 }),
      event(9, "step.completed", { key: "turn:1", ms: 3 }),
    ]
    expect(shown(events)).toEqual([
      ["file_search", "tool", "failed", 1, 5],
      ["turn 1", "model", "done", 6, 9],
      ["message", "item", "done", 7, 8],
    ])
  })

  it("ends a tool call that was refused where it was, with the reason", () => {
    const events = [
      event(1, "tool.call.started", { key: "tool:0:0", tool: "refund", outputIndex: 0 }),
      event(2, "gate.decided", { key: "tool:0:0", allowed: false, reason: "no grant" }),
      event(3, "tool.call.refused", { key: "tool:0:0", tool: "refund", code: "policy_denied", reason: "no grant" }),
      event(3, "response.mcp_call.failed", { output_index: 0 }),
    ]
    expect(shown(events)).toEqual([["refund", "tool", "refused", 1, 3]])
    expect(waterfallOf(events).spans[0]?.detail).toBe("no grant")
  })

  it("leaves nothing open once the run is over", () => {
    const events = [
      event(1, "step.intended", { key: "pay" }),
      event(2, "tool.call.started", { key: "tool:0:0", tool: "refund" }),
      event(9, "run.ended", { status: "cancelled" }),
    ]
    expect(shown(events)).toEqual([
      ["pay", "step", "cut", 1, 9],
      ["refund", "tool", "cut", 2, 9],
    ])
  })

  it("draws nothing for the run itself", () => {
    expect(shown([event(1, "run.started"), event(2, "response.created"), event(3, "response.completed"), event(4, "run.ended")])).toEqual(
      [],
    )
  })

  it("never loses a bar, ends none before it begins, whatever the order of events", () => {
    const verbs = fc.constantFrom("intended", "completed", "failed", "started", "ended")
    const lists = fc.array(fc.record({ verb: verbs, key: fc.constantFrom("a", "b"), ms: fc.nat(50) }), { maxLength: 60 })
    fc.assert(
      fc.property(lists, (list) => {
        const log = list.map(({ verb, key, ms }, index) => event(1_000 + index, `step.${verb}`, { key, ms }))
        const { spans } = waterfallOf(log)
        for (const span of spans) expect(span.endAt ?? span.startAt).toBeGreaterThanOrEqual(span.startAt)
        expect(spans.filter((span) => span.state === "open").length).toBeLessThanOrEqual(2)
        expect(spans.length > 0).toBe(list.length > 0)
      }),
    )
  })

  it("reads a log of 10,000 steps within a moment", () => {
    const log = Array.from({ length: 10_000 }, (_, index) => [
      event(index, "step.intended", { key: `s${index}` }),
      event(index + 1, "step.completed", { key: `s${index}` }),
    ])
    expect(waterfallOf(log.flat()).spans).toHaveLength(10_000)
  })

  it("draws over the whole run and never over nothing", () => {
    expect(extentOf([], 100, 100, 0)).toEqual({ from: 100, to: 101 })
    expect(extentOf([event(400, "x")], 100, 300, 0)).toEqual({ from: 100, to: 400 })
  })
})
