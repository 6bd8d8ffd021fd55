// Tests of context editing: what is cleared, what is kept, and that a call and its result stay a pair.
import { describe, expect, it } from "vitest"
import { fc } from "../testing/fast-check.ts"
import { editContext, roughTokens, type ClearToolUses } from "./context-edits.ts"
import type { ModelMessage } from "./message-types.ts"

const edit: ClearToolUses = {
  type: "clear_tool_uses_20250919",
  trigger: { type: "input_tokens", value: 100 },
  keepToolUses: 1,
  clearAtLeastTokens: 0,
  excludeTools: [],
  clearToolInputs: false,
}

function used(id: string, name: string, result: string, args = '{"q":"x"}'): ModelMessage[] {
  return [
    { role: "assistant", content: [], toolCalls: [{ callId: id, name, arguments: args }] },
    { role: "tool", callId: id, content: result },
  ]
}

const chat: ModelMessage[] = [
  { role: "user", content: [{ type: "text", text: "Look it up." }] },
  ...used("a", "search", "A".repeat(800)),
  ...used("b", "memory", "B".repeat(800)),
  ...used("c", "search", "C".repeat(800)),
]
const contents = (messages: readonly ModelMessage[]): string[] =>
  messages.flatMap((message) => (message.role === "tool" ? [message.content.slice(0, 12)] : []))

describe("clearing tool uses", () => {
  it("replaces the oldest results, keeps the last ones, and tells how much it was", () => {
    const { messages, applied } = editContext(chat, [edit])
    expect(contents(messages)).toEqual(["[Old tool re", "[Old tool re", "CCCCCCCCCCCC"])
    expect(applied).toEqual([
      { type: "clear_tool_uses_20250919", cleared_tool_uses: 2, cleared_input_tokens: roughTokens(chat) - roughTokens(messages) },
    ])
    expect(chat[2]).toMatchObject({ content: "A".repeat(800) })
  })

  it("does nothing below its trigger, by tokens or by uses, nor for less than it shall clear at least", () => {
    for (const other of [
      { trigger: { type: "input_tokens", value: 5_000 } },
      { trigger: { type: "tool_uses", value: 3 } },
      { clearAtLeastTokens: 900 },
      { keepToolUses: 3 },
    ] as const)
      expect(editContext(chat, [{ ...edit, ...other }])).toEqual({ messages: chat, applied: [] })
    expect(editContext(chat, [{ ...edit, trigger: { type: "tool_uses", value: 2 } }]).applied).toHaveLength(1)
  })

  it("leaves out tools that it is told to, and clears arguments of all tools or of some", () => {
    const { messages } = editContext(chat, [{ ...edit, excludeTools: ["memory"], clearToolInputs: true }])
    expect(contents(messages)).toEqual(["[Old tool re", "BBBBBBBBBBBB", "CCCCCCCCCCCC"])
    expect(messages.flatMap((each) => (each.role === "assistant" ? each.toolCalls.map((call) => call.arguments) : []))).toEqual([
      "{}",
      '{"q":"x"}',
      '{"q":"x"}',
    ])
    const some = editContext(chat, [{ ...edit, clearToolInputs: ["memory"] }]).messages
    expect(some.flatMap((each) => (each.role === "assistant" ? each.toolCalls.map((call) => call.arguments) : []))).toEqual([
      '{"q":"x"}',
      "{}",
      '{"q":"x"}',
    ])
  })

  it("clears nothing again that is cleared already", () => {
    const placeholderOf = ({ callId }: { callId: string }): string => `[cleared: ${callId}]`
    const once = editContext(chat, [edit], { placeholderOf })
    expect(contents(once.messages).slice(0, 2)).toEqual(["[cleared: a]", "[cleared: b]"])
    expect(editContext(once.messages, [edit], { placeholderOf }).applied).toEqual([])
  })

  it("never separates a call from its result, drops a message or makes the conversation longer", () => {
    const use = fc.tuple(fc.constantFrom("search", "memory"), fc.integer({ min: 0, max: 400 }))
    fc.assert(
      fc.property(fc.array(use, { maxLength: 12 }), fc.nat(10), fc.boolean(), (uses, keepToolUses, clearToolInputs) => {
        const before = uses.flatMap(([name, size], index) => used(String(index), name, "x".repeat(size)))
        const { messages } = editContext(before, [{ ...edit, trigger: { type: "tool_uses", value: 0 }, keepToolUses, clearToolInputs }])
        expect(messages.map((each) => each.role)).toEqual(before.map((each) => each.role))
        expect(messages.map((each) => (each.role === "tool" ? each.callId : null))).toEqual(
          before.map((each) => (each.role === "tool" ? each.callId : null)),
        )
        expect(roughTokens(messages)).toBeLessThanOrEqual(roughTokens(before))
      }),
    )
  })
})

describe("clearing reasoning", () => {
  const thought = (text: string): ModelMessage => ({
    role: "assistant",
    content: [{ type: "text", text: "Said." }],
    toolCalls: [],
    reasoning: [{ text, dialect: "anthropic-messages" }],
  })

  it("keeps that of the last turns, or all", () => {
    const messages = [thought("one ".repeat(50)), thought("two"), thought("three")]
    const done = editContext(messages, [{ type: "clear_thinking_20251015", keepTurns: 1 }])
    expect(done.messages.map((each) => (each.role === "assistant" ? (each.reasoning?.[0]?.text ?? null) : null))).toEqual([
      null,
      null,
      "three",
    ])
    expect(done.applied).toMatchObject([{ type: "clear_thinking_20251015", cleared_thinking_turns: 2 }])
    expect(editContext(messages, [{ type: "clear_thinking_20251015", keepTurns: "all" }]).applied).toEqual([])
  })
})
