// The span tree of recorded logs: activations, turns, tools, steps; a take-over; any prefix of a log.
import { expect, test } from "vitest"
import { fc } from "../testing/fast-check.ts"
import type { RunSummary, Span, SpanEvent } from "./span.ts"
import { spansOf } from "./spans.ts"

const run: RunSummary = {
  id: "run_1",
  projectId: "proj_1",
  kind: "response",
  name: "support",
  version: "3",
  status: "completed",
  parentId: null,
  conversationId: "conv_1",
  error: null,
  createdAt: 1_000,
  finishedAt: 9_000,
}

const log = (...events: [type: string, at: number, data?: object, attempt?: number][]): SpanEvent[] =>
  events.map(([type, at, data = {}, attempt = 1], index) => ({ seq: index + 1, attempt, type, data, at }))

const answered = log(
  ["run.started", 1_000, { kind: "response", name: "support" }],
  ["turn.started", 1_100, { turn: 1, model: "fast", outputIndex: 0 }],
  ["response.output_text.delta", 1_300, { delta: "hello" }],
  [
    "usage.recorded",
    1_900,
    { provider: "openai", model: "gpt-5-mini", inputTokens: 20, outputTokens: 5, cachedTokens: 4, costMicroUsd: 9 },
  ],
  ["tool.call.started", 2_000, { key: "tool:1", tool: "search" }],
  ["step.intended", 2_010, { key: "tool:1", effect: "idempotent" }],
  ["step.retried", 2_200, { key: "tool:1", attempt: 1 }],
  ["step.completed", 2_500, { key: "tool:1", effect: "idempotent", ms: 490 }],
  ["turn.started", 2_600, { turn: 2, model: "fast" }],
  ["step.completed", 3_000, { key: "look up", effect: "read", ms: 100 }],
  ["run.ended", 3_100, { status: "completed" }],
)

test("makes one root per activation with turns, tool calls and steps beneath, in OpenTelemetry's names", () => {
  const spans = spansOf({ ...run, finishedAt: 3_100 }, answered)
  expect(spans.map((span) => [span.name, span.kind, parentName(spans, span), span.startMs, span.endMs, span.status])).toEqual([
    ["invoke_agent support", "internal", null, 1_000, 3_100, "ok"],
    ["chat fast", "client", "invoke_agent support", 1_100, 2_600, "ok"],
    ["execute_tool search", "internal", "chat fast", 2_000, 2_500, "ok"],
    ["chat fast", "client", "invoke_agent support", 2_600, 3_100, "ok"],
    ["look up", "internal", "chat fast", 2_900, 3_000, "ok"],
  ])
  expect(spans[0]?.attributes).toMatchObject({
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.conversation.id": "conv_1",
    "perdure.run.id": "run_1",
  })
  expect(spans[1]?.attributes).toMatchObject({
    "gen_ai.request.model": "fast",
    "gen_ai.response.model": "gpt-5-mini",
    "gen_ai.provider.name": "openai",
    "gen_ai.usage.input_tokens": 20,
    "gen_ai.usage.cache_read.input_tokens": 4,
    "perdure.cost.micro_usd": 9,
  })
  expect(spans[2]?.attributes).toMatchObject({
    "gen_ai.tool.name": "search",
    "perdure.step.effect": "idempotent",
    "perdure.step.retries": 1,
  })
})

test("begins a new trace after a wait and after a take-over, linked to the one before; what the dead process left open ends as an error", () => {
  const spans = spansOf(
    { ...run, kind: "workflow", name: "onboard" },
    log(
      ["run.started", 1_000],
      ["step.intended", 1_100, { key: "charge", effect: "once" }],
      ["run.resumed", 4_000, { attempt: 2 }, 2],
      ["step.failed", 4_500, { key: "charge", effect: "once", error: { code: "upstream_error" } }, 2],
      ["run.suspended", 5_000, {}, 2],
      ["run.resumed", 8_000, {}, 3],
      ["run.ended", 9_000, { status: "completed" }, 3],
    ),
  )
  const roots = spans.filter((span) => span.parentId === null)
  expect(roots.map((span) => [span.startMs, span.endMs, span.status])).toEqual([
    [1_000, 1_100, "error"],
    [4_000, 5_000, "ok"],
    [8_000, 9_000, "ok"],
  ])
  expect(roots.map((span) => span.links)).toEqual([[], [roots[0]?.traceId], [roots[1]?.traceId]])
  expect(spans.filter((span) => span.name === "charge").map((span) => [span.status, span.attributes["error.type"]])).toEqual([
    ["error", undefined],
    ["error", "upstream_error"],
  ])
})

test("says of a turn that broke off where it went on, and counts what every attempt used", () => {
  const usage = { inputTokens: 20, outputTokens: 5, costMicroUsd: 9 }
  const events = log(
    ["run.started", 1_000, { kind: "response", name: "support" }],
    ["turn.started", 1_100, { turn: 1, model: "fast" }],
    ["turn.failed_over", 1_300, { turn: 1, from: "one/m", to: "two/m", how: "anew", afterCharacters: 8 }],
    ["usage.recorded", 1_300, usage],
    ["usage.recorded", 1_900, usage],
    ["run.ended", 3_100, { status: "completed" }],
  )
  expect(spansOf({ ...run, finishedAt: 3_100 }, events).find(({ name }) => name === "chat fast")?.attributes).toMatchObject({
    "perdure.turn.failover": "two/m",
    "gen_ai.usage.input_tokens": 40,
    "gen_ai.usage.output_tokens": 10,
    "perdure.cost.micro_usd": 18,
  })
})

test("ends a tool call that was refused where it was, by its code and the rule, and calls a tool that reported a failure failed", () => {
  const events = log(
    ["run.started", 1_000, { kind: "response", name: "support" }],
    ["tool.call.started", 1_100, { key: "tool:1:0", tool: "refund" }],
    ["gate.decided", 1_110, { key: "tool:1:0", allowed: false }],
    [
      "tool.call.refused",
      1_120,
      { key: "tool:1:0", tool: "refund", code: "policy_denied", rule: "default deny", reason: "nobody said so" },
    ],
    ["tool.call.started", 1_200, { key: "tool:1:1", tool: "print" }],
    ["step.intended", 1_210, { key: "tool:1:1", effect: "once" }],
    ["step.completed", 1_300, { key: "tool:1:1", output: { ok: false, message: "out of paper" } }],
    ["run.ended", 9_000, { status: "completed" }],
  )
  const calls = spansOf({ ...run, finishedAt: 9_000 }, events).filter(({ name }) => name.startsWith("execute_tool"))
  expect(calls.map(({ endMs, status, attributes }) => [endMs, status, attributes["error.type"], attributes["perdure.gate.rule"]])).toEqual([
    [1_120, "error", "policy_denied", "default deny"],
    [1_300, "error", "tool_failed", undefined],
  ])
})

test("gives every prefix of a log a tree: ids unique, parents before children, no span that ends before it begins", () => {
  const types = [
    "turn.started",
    "turn.failed_over",
    "usage.recorded",
    "tool.call.started",
    "tool.call.refused",
    "step.intended",
    "step.completed",
    "step.failed",
    "run.suspended",
    "run.resumed",
    "run.in_doubt",
    "run.ended",
    "anything.else",
  ]
  const event = fc.record({
    type: fc.constantFrom(...types),
    key: fc.constantFrom("a", "b"),
    at: fc.nat(1_000),
    step: fc.nat(1),
    data: fc.oneof(fc.constant(null), fc.constant({ ms: 5_000 })),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), fc.boolean(), (events, finished) => {
      let attempt = 1
      const recorded = events.map((one, index) => ({
        seq: index + 1,
        attempt: (attempt += one.step),
        type: one.type,
        at: one.at,
        data: one.data === null ? null : { key: one.key, ...one.data },
      }))
      const spans = spansOf({ ...run, finishedAt: finished ? 5_000 : null }, recorded)
      expect(new Set(spans.map((span) => span.id)).size).toBe(spans.length)
      const seen = new Set<string | null>([null])
      for (const span of spans) {
        expect(seen.has(span.parentId)).toBe(true)
        seen.add(span.id)
        expect(span.endMs === null || span.endMs >= span.startMs).toBe(true)
      }
    }),
  )
})

function parentName(spans: readonly Span[], span: Span): string | null {
  return spans.find((one) => one.id === span.parentId)?.name ?? null
}
