// Tests of finding what was said: prompts, answers, citations and tool calls, in stored shapes and while a stream grows.
import type { RunEvent } from "@perdure/client"
import { describe, expect, it } from "vitest"
import { answerOf, promptOf } from "./talk.ts"

function texts(said: readonly { role: string; text: string }[]): string[] {
  return said.map(({ role, text }) => `${role}: ${text}`)
}

function event(seq: number, type: string, data: RunEvent["data"]): RunEvent {
  return { runId: "run_1", seq, attempt: 1, type, data, label: { integrity: 3, sources: [], readers: [], secrets: [] }, at: seq }
}

describe("the prompt", () => {
  it("is read from a Responses request with its instructions", () => {
    const input = {
      instructions: "Be brief.",
      input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "Hi" }, { type: "input_image" }] }],
    }
    expect(texts(promptOf(input))).toEqual(["instructions: Be brief.", "user: Hi\n[input_image]"])
  })

  it("is read from chat messages, texts and tool results", () => {
    expect(
      texts(
        promptOf({
          messages: [
            { role: "system", content: "S" },
            { role: "user", content: "U" },
          ],
        }),
      ),
    ).toEqual(["system: S", "user: U"])
    expect(texts(promptOf("plain"))).toEqual(["input: plain"])
    expect(texts(promptOf({ input: [{ type: "function_call_output", output: { ok: true } }] }))).toEqual([
      'tool result: {\n  "ok": true\n}',
    ])
  })

  it("is shown as JSON when its shape is unknown, and is nothing when nothing was kept", () => {
    expect(texts(promptOf({ day: "2026-11-24" }))).toEqual(['input: {\n  "day": "2026-11-24"\n}'])
    expect(promptOf(null)).toEqual([])
  })
})

describe("the answer", () => {
  it("is read from output items with each citation once", () => {
    const annotation = { type: "file_citation", file_id: "file_1", filename: "terms.md", index: 3 }
    const output = {
      output: [
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "Yes.", annotations: [annotation, annotation] }] },
      ],
    }
    expect(answerOf({ output }, [])).toEqual([{ role: "assistant", text: "Yes.", citations: [{ title: "terms.md", id: "file_1" }] }])
  })

  it("is read from a chat completion, with its tool calls", () => {
    const output = {
      choices: [
        { message: { role: "assistant", content: null, tool_calls: [{ function: { name: "weather", arguments: '{"city":"Bonn"}' } }] } },
      ],
    }
    expect(texts(answerOf({ output }, []))).toEqual(['tool call: weather({"city":"Bonn"})'])
  })

  it("grows from the deltas of a run that goes on, item by item", () => {
    const events = [
      event(1, "response.output_text.delta", { output_index: 1, delta: "Hel" }),
      event(2, "response.output_text.delta", { output_index: 1, delta: "lo" }),
      event(3, "response.output_text.annotation.added", { output_index: 1, annotation: { filename: "a.md", file_id: "file_2" } }),
      event(4, "response.output_text.delta", { output_index: 0, delta: "First" }),
    ]
    expect(answerOf({ output: null }, events)).toEqual([
      { role: "assistant", text: "First", citations: [] },
      { role: "assistant", text: "Hello", citations: [{ title: "a.md", id: "file_2" }] },
    ])
  })

  it("shows what came of a tool call that this server ran, and why one was refused", () => {
    const ran = { type: "mcp_call", name: "order_status", arguments: '{"order":1}', output: '{"status":"shipped"}', error: null }
    const refused = { type: "mcp_call", name: "refund", arguments: "{}", output: null, error: "refund is not allowed" }
    expect(answerOf({ output: { output: [ran, refused] } }, []).map(({ role, text }) => [role, text])).toEqual([
      ["tool call", 'order_status({"order":1})'],
      ["tool result", '{"status":"shipped"}'],
      ["tool call", "refund({})"],
      ["tool error", "refund is not allowed"],
    ])
  })
})
