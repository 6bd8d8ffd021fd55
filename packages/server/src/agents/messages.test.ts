// Items as messages of a model call: their order, and that their number costs no more than itself.
import { expect, it } from "vitest"
import { messagesOf } from "./messages.ts"
import type { ResponseItem } from "./types.ts"

const call = (id: string): ResponseItem => ({ type: "function_call", id: `fc_${id}`, call_id: id, name: "f", arguments: "{}" })
const output = (id: string): ResponseItem => ({ type: "function_call_output", id: `fco_${id}`, call_id: id, output: id })

it("puts the calls of one turn into one message, before their outputs", () => {
  const items = [call("a"), call("b"), output("a"), output("b"), call("c"), output("c")]
  const before = structuredClone(items)
  expect(messagesOf("Be brief.", items)).toEqual([
    { role: "system", content: [{ type: "text", text: "Be brief." }] },
    { role: "assistant", content: [], toolCalls: ["a", "b"].map((callId) => ({ callId, name: "f", arguments: "{}" })) },
    { role: "tool", callId: "a", content: "a" },
    { role: "tool", callId: "b", content: "b" },
    { role: "assistant", content: [], toolCalls: [{ callId: "c", name: "f", arguments: "{}" }] },
    { role: "tool", callId: "c", content: "c" },
  ])
  expect(items).toEqual(before)
})

it("takes as many calls as a request can hold", { timeout: 10_000 }, () => {
  const items = Array.from({ length: 200_000 }, (_, index) => call(String(index)))
  const [message] = messagesOf(null, items)
  expect(message?.role === "assistant" && message.toolCalls.length).toBe(200_000)
})
