// Texts and helpers of the extractive responder's tests.
import type { JsonValue } from "../../../core/index.ts"
import { blankCall } from "../../blank-call.ts"
import type { Citation, ModelCall, ModelEvent, ModelUsage } from "../../types.ts"
import type { ModelMessage, ModelPassage, ModelTool } from "../../message-types.ts"
import type { NativeModel } from "./types.ts"

export const documents: Readonly<Record<string, string>> = {
  "returns.md": `# Returns and refunds

You can return any item within 30 days of delivery. The item must be unused and in its original packaging. Refunds are paid to the original method of payment within five working days.

## Exceptions

- Gift cards cannot be returned.
- Sale items can only be exchanged, not refunded.

We pay for return shipping when the item arrived damaged.`,
  "handbook.md": `# Leave

Employees have 28 days of paid leave a year. Leave must be requested two weeks in advance through the portal. Unused leave of up to five days carries over until March.

# Working hours

Core hours are from 10:00 to 15:00. The office is closed on public holidays. Working from home is possible three days a week after agreement with the team lead.

# Expenses

Hotels are reimbursed up to 140 euros a night. Receipts must be submitted within 60 days.`,
  "apollo.txt": `Apollo 11 was the American spaceflight that first landed humans on the Moon. Commander Neil Armstrong and lunar module pilot Buzz Aldrin landed the Apollo Lunar Module Eagle on July 20, 1969. Armstrong became the first person to step onto the lunar surface six hours and 39 minutes later. Michael Collins flew the Command Module Columbia alone in lunar orbit. They collected 47.5 pounds of lunar material to bring back to Earth.`,
  "engine.md": `# Durability

A step's result is acknowledged only when it is committed. When a process dies, other processes take its runs over in a few seconds with a new lease token. The journal is replayed and finished steps return their recorded output.

# Limits

Every queue has a named limit.`,
}

export const passages: readonly ModelPassage[] = Object.entries(documents).map(([filename, text], i) => ({
  fileId: `file_${i}`,
  filename,
  chunkId: `chunk_${i}`,
  text,
  score: 1 - i / 10,
}))

export function user(text: string): ModelMessage {
  return { role: "user", content: [{ type: "text", text }] }
}

export function assistant(text: string, toolCalls: readonly { callId: string; name: string; arguments: string }[] = []): ModelMessage {
  return { role: "assistant", content: text === "" ? [] : [{ type: "text", text }], toolCalls }
}

export function tool(
  name: string,
  description: string,
  properties: Record<string, JsonValue>,
  required = Object.keys(properties),
): ModelTool {
  return { name, description, parameters: { type: "object", properties, required, additionalProperties: false }, strict: true }
}

export function modelCall(question: string | readonly ModelMessage[], part: Partial<ModelCall> = {}): ModelCall {
  return {
    ...blankCall,
    model: "perdure/extractive",
    messages: typeof question === "string" ? [user(question)] : question,
    toolChoice: "auto",
    parallelToolCalls: true,
    ...part,
  }
}

export interface Heard {
  text: string
  refusal: string
  deltas: string[]
  citations: Citation[]
  calls: { name: string; arguments: unknown }[]
  reason: string
  usage: ModelUsage
}

/** Everything that a model says to one call; fails when it does not end with exactly one `finished`. */
export async function hear(model: NativeModel, call: ModelCall, signal: AbortSignal): Promise<Heard> {
  const events: ModelEvent[] = []
  for await (const event of model.chat?.(call, signal) ?? []) events.push(event)
  const last = events.at(-1)
  if (last?.type !== "finished" || events.filter(({ type }) => type === "finished").length !== 1) throw new Error("no single end")
  const deltas = events.flatMap((event) => (event.type === "text-delta" ? [event.text] : []))
  return {
    text: deltas.join(""),
    refusal: events.flatMap((event) => (event.type === "refusal-delta" ? [event.text] : [])).join(""),
    deltas,
    citations: events.flatMap((event) => (event.type === "citation" ? [event.citation] : [])),
    calls: events.flatMap((event) =>
      event.type === "tool-call-started" ? [{ name: event.name, arguments: argumentsOf(events, event.index) }] : [],
    ),
    reason: last.reason,
    usage: last.usage,
  }
}

function argumentsOf(events: readonly ModelEvent[], index: number): unknown {
  return JSON.parse(
    events.flatMap((event) => (event.type === "tool-call-delta" && event.index === index ? [event.arguments] : [])).join(""),
  )
}
