// The translation of model events: whatever a model sends, the events that clients see keep their order, numbers and sums.
import { describe, expect, it } from "vitest"
import { fc } from "../testing/fast-check.ts"
import { AppError } from "../core/index.ts"
import type { ModelEvent } from "../inference/index.ts"
import { assertStreamInvariants, memoryWriter, replay } from "../testing/response-fixtures.ts"
import { beginning } from "./response-object.ts"
import { endingEvents, type ResponseWriter } from "./response-writer.ts"
import type { CallRoute } from "./call-route.ts"
import { TurnTranslator } from "./turn-translator.ts"
import type { ResponseEnd } from "./types.ts"

const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reasoningTokens: 0, estimated: false }
const route = (name: string): CallRoute =>
  name.startsWith("server") ? { kind: "server" } : name.startsWith("bad") ? { kind: "refused", reason: "not allowed" } : { kind: "client" }
const ended = (status: "completed" | "incomplete" | "failed"): ResponseEnd => ({ ...beginning("in_progress"), status })

/** Runs the events through a translator as a run would, and ends the response in the way that fits. */
function run(writer: ResponseWriter, events: readonly ModelEvent[]): "completed" | "incomplete" | "failed" {
  writer.lifecycle("created", beginning("in_progress"))
  writer.lifecycle("in_progress", beginning("in_progress"))
  const translator = new TurnTranslator(writer, route)
  try {
    for (const event of events) translator.take(event)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
  }
  const reason = translator.end?.reason
  const verb = !reason ? "failed" : reason === "length" || reason === "content_filter" ? "incomplete" : "completed"
  writer.closeAll("incomplete")
  writer.lifecycle(verb, ended(verb))
  return verb
}

const text = fc.string({ unit: "grapheme", maxLength: 6 })
const anyEvent: fc.Arbitrary<ModelEvent> = fc.oneof(
  fc.record({ type: fc.constant("text-delta" as const), text }),
  fc.record({ type: fc.constant("reasoning-delta" as const), text }),
  fc.record({ type: fc.constant("refusal-delta" as const), text }),
  fc.record({
    type: fc.constant("citation" as const),
    citation: fc.record({ fileId: fc.constant("file_1"), filename: text, index: fc.nat(9) }),
  }),
  fc.record({
    type: fc.constant("tool-call-started" as const),
    index: fc.nat(3),
    callId: fc.constantFrom("call_a", "call_b"),
    name: fc.constantFrom("client_tool", "server_tool", "bad_tool"),
  }),
  fc.record({ type: fc.constant("tool-call-delta" as const), index: fc.nat(3), arguments: text }),
)
const finished: fc.Arbitrary<ModelEvent> = fc.record({
  type: fc.constant("finished" as const),
  reason: fc.constantFrom("stop" as const, "length" as const, "tool_calls" as const, "content_filter" as const),
  usage: fc.constant(usage),
  upstreamModel: fc.constant("m"),
})
/** Well-formed ones are likely, so that long streams are reached: calls begin before their arguments. */
const anyEvents = fc
  .tuple(fc.array(anyEvent, { maxLength: 30 }), fc.option(finished))
  .map(([events, end]) => (end ? [...tidy(events), end] : events))

function tidy(events: ModelEvent[]): ModelEvent[] {
  const begun = new Set<number>()
  return events.filter((event) => {
    if (event.type === "tool-call-delta") return begun.has(event.index)
    if (event.type !== "tool-call-started") return true
    return !begun.has(event.index) && begun.add(event.index)
  })
}

describe("the translation of a model call", () => {
  it("R2–R6 hold for any sequence of model events", () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const { writer, rows } = memoryWriter()
        run(writer, events)
        expect(() => assertStreamInvariants(replay(rows).events)).not.toThrow()
      }),
      { numRuns: 500 },
    )
  })

  it("R6 rows that share their deltas replay to the same events as rows that do not", async () => {
    await fc.assert(
      fc.asyncProperty(anyEvents, fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }), async (events, delays) => {
        const alone = memoryWriter()
        run(alone.writer, events)
        let turn = 0
        const together = memoryWriter(async () => {
          for (let left = delays[turn++ % delays.length] ?? 0; left > 0; left--) await Promise.resolve()
        })
        run(together.writer, events)
        expect(replay(together.rows).events).toEqual(replay(alone.rows).events)
        expect(together.rows.length).toBeLessThanOrEqual(alone.rows.length)
      }),
      { numRuns: 200 },
    )
  })

  it("R24 a log cut anywhere is ended by its reader without gap, duplicate or open item", () => {
    fc.assert(
      fc.property(anyEvents, fc.nat(40), (events, cut) => {
        const { writer, rows } = memoryWriter()
        run(writer, events)
        const kept = rows.slice(0, Math.min(rows.length - 1, 2 + cut))
        const { events: seen, log } = replay(kept)
        expect(() => assertStreamInvariants([...seen, ...endingEvents(log, "failed", ended("failed"))])).not.toThrow()
      }),
      { numRuns: 300 },
    )
  })

  it("R12 an answer cut by its length ends its last item incomplete", () => {
    const { writer, rows } = memoryWriter()
    expect(
      run(writer, [
        { type: "text-delta", text: "Half" },
        { type: "finished", reason: "length", usage, upstreamModel: "m" },
      ]),
    ).toBe("incomplete")
    expect(replay(rows).log.items).toMatchObject([{ type: "message", status: "incomplete", content: [{ text: "Half" }] }])
  })

  it("R7 parallel calls may interleave and empty arguments become an empty object", () => {
    const { writer, rows } = memoryWriter()
    run(writer, [
      { type: "tool-call-started", index: 0, callId: "call_1", name: "a" },
      { type: "tool-call-started", index: 1, callId: "call_2", name: "b" },
      { type: "tool-call-delta", index: 1, arguments: '{"x":' },
      { type: "tool-call-started", index: 2, callId: "call_3", name: "c" },
      { type: "tool-call-delta", index: 0, arguments: '{"y":2}' },
      { type: "tool-call-delta", index: 1, arguments: "1}" },
      { type: "finished", reason: "tool_calls", usage, upstreamModel: "m" },
    ])
    const { events, log } = replay(rows)
    expect(log.items.map((item) => [item["call_id"], item["name"], item["arguments"], item["status"]])).toEqual([
      ["call_1", "a", '{"y":2}', "completed"],
      ["call_2", "b", '{"x":1}', "completed"],
      ["call_3", "c", "{}", "completed"],
    ])
    expect(events.filter((event) => event.type === "response.function_call_arguments.done").map((event) => event["name"])).toEqual([
      "a",
      "b",
      "c",
    ])
  })

  it("R17 calls that are run here or refused never reach the client", () => {
    const { writer, rows } = memoryWriter()
    run(writer, [
      { type: "tool-call-started", index: 0, callId: "call_1", name: "server_search" },
      { type: "tool-call-delta", index: 0, arguments: '{"query":"x"}' },
      { type: "tool-call-started", index: 1, callId: "call_2", name: "bad_tool" },
      { type: "finished", reason: "tool_calls", usage, upstreamModel: "m" },
    ])
    expect(replay(rows).log.items).toEqual([])
    expect(JSON.stringify(rows)).not.toContain("call_")
  })

  it("coalesces the deltas of a model that is faster than the store", async () => {
    let release: () => void = () => undefined
    const { writer, rows } = memoryWriter(() => new Promise((resolve) => (release = resolve)))
    writer.lifecycle("created", beginning("in_progress"))
    writer.lifecycle("in_progress", beginning("in_progress"))
    const translator = new TurnTranslator(writer, route)
    for (let each = 0; each < 100; each++) translator.take({ type: "text-delta", text: `${each} ` })
    expect(rows.filter((row) => row.type.endsWith(".delta"))).toHaveLength(1)
    release()
    await new Promise(setImmediate)
    const deltas = rows.filter((row) => row.type.endsWith(".delta"))
    expect(deltas).toHaveLength(2)
    expect(replay(rows).events.filter((event) => event.type.endsWith(".delta"))).toHaveLength(100)
  })
})
