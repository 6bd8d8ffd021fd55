// What tests of the Responses face share: a minimal request, a writer into memory, and a checker of the event order that clients rely on.
import { strict as assert } from "node:assert"
import { ResponseLog } from "../agents/response-log.ts"
import { ResponseWriter } from "../agents/response-writer.ts"
import type { LogRow, ResponseRequest, WireEvent } from "../agents/types.ts"
import type { JsonObject } from "../core/index.ts"

export const runId = "run_0199aabbccdd7eee8fff000011112222"

export function requestOf(over: Partial<ResponseRequest> = {}): ResponseRequest {
  const request = {
    model: "fake-model",
    input: [],
    instructions: null,
    previous_response_id: null,
    conversation: null,
    tools: [],
    tool_choice: "auto",
    parallel_tool_calls: true,
    max_tool_calls: null,
    max_output_tokens: null,
    temperature: null,
    top_p: null,
    presence_penalty: null,
    frequency_penalty: null,
    top_logprobs: null,
    text: { format: { type: "text" } },
    reasoning: null,
    truncation: "disabled",
    store: true,
    background: false,
    include: [],
    metadata: {},
    service_tier: "default",
    user: null,
    safety_identifier: null,
    prompt_cache_key: null,
  } as const
  return { ...request, ...over }
}

export function newLog(request: ResponseRequest = requestOf()): ResponseLog {
  return new ResponseLog({ id: "resp_0199aabbccdd7eee8fff000011112222", createdAt: 1_700_000_000, request })
}

/** A writer whose rows are kept; `commit` decides when a row counts as committed. */
export function memoryWriter(commit: () => Promise<void> = async () => undefined): { writer: ResponseWriter; rows: LogRow[] } {
  const rows: LogRow[] = []
  const writer = new ResponseWriter(newLog(), runId, (row) => {
    rows.push(row)
    return commit()
  })
  return { writer, rows }
}

/** The wire events of stored rows, read by somebody who has nothing else. */
export function replay(rows: readonly LogRow[], request?: ResponseRequest): { events: WireEvent[]; log: ResponseLog } {
  const log = newLog(request)
  // Through JSON, as the database gives them.
  const events = rows.flatMap((row) => log.apply(JSON.parse(JSON.stringify(row)) as LogRow))
  return { events: JSON.parse(JSON.stringify(events)) as WireEvent[], log }
}

type Item = JsonObject & { id: string; type: string; status?: string; content?: JsonObject[]; arguments?: string }

/** Asserts R2–R6 on a whole stream: numbers, order, nesting, stable ids, and that the last snapshot is the sum of the deltas. */
export function assertStreamInvariants(events: readonly WireEvent[]): void {
  const items: { item: Item; done: boolean; parts: { open: boolean; text: string; annotations: number }[]; args: string }[] = []
  const at = (event: WireEvent): (typeof items)[number] => {
    const state = items[event["output_index"] as number]
    assert(state && !state.done, `${event.type} (${event.sequence_number}) is outside its item`)
    if ("item_id" in event) assert.equal(event["item_id"], state.item.id, "R5: item_id is stable")
    return state
  }
  const part = (event: WireEvent): { open: boolean; text: string; annotations: number } => {
    const state = at(event).parts[(event["content_index"] ?? event["summary_index"]) as number]
    assert(state?.open, `R4: ${event.type} (${event.sequence_number}) is outside its part`)
    return state
  }
  for (const [index, event] of events.entries()) {
    assert.equal(event.sequence_number, index, "R2: dense from 0")
    const { type } = event
    if (type === "response.output_item.added") {
      assert.equal(event["output_index"], items.length, "R5: indexes rise by one")
      items.push({ item: event["item"] as unknown as Item, done: false, parts: [], args: "" })
    } else if (type === "response.content_part.added" || type === "response.reasoning_summary_part.added") {
      assert.equal(event["content_index"] ?? event["summary_index"], at(event).parts.length)
      at(event).parts.push({ open: true, text: "", annotations: 0 })
    } else if (/^response\.(output_text|refusal|reasoning_text|reasoning_summary_text)\.delta$/.test(type))
      part(event).text += event["delta"] as string
    else if (type.endsWith("_arguments.delta") || type === "response.custom_tool_call_input.delta")
      at(event).args += event["delta"] as string
    else if (type === "response.output_text.annotation.added") assert.equal(event["annotation_index"], part(event).annotations++)
    else if (/^response\.(output_text|refusal|reasoning_text|reasoning_summary_text)\.done$/.test(type))
      assert.equal(event["text"] ?? event["refusal"], part(event).text, "R6")
    else if (type === "response.content_part.done" || type === "response.reasoning_summary_part.done") part(event).open = false
    else if (type === "response.function_call_arguments.done") assert.equal(event["arguments"], at(event).args, "R6")
    else if (type === "response.custom_tool_call_input.done") assert.equal(event["input"], at(event).args, "R6")
    else if (type === "response.output_item.done") assertItemDone(event, items)
  }
  assertEnd(
    events,
    items.map((state) => state.done),
  )
}

function assertItemDone(
  event: WireEvent,
  items: { item: Item; done: boolean; parts: { open: boolean; text: string }[]; args: string }[],
): void {
  const index = event["output_index"] as number
  const state = items[index]
  assert(state && !state.done)
  assert(
    items.slice(0, index).every((before) => before.done),
    "R5: done in the order of output_index",
  )
  assert(
    state.parts.every((each) => !each.open),
    "R3: parts are done before their item",
  )
  const item = event["item"] as unknown as Item
  assert.equal(item.id, state.item.id)
  const parts = (item.content ?? []).length > 0 ? item.content : (item["summary"] as JsonObject[] | undefined)
  for (const [content, each] of (parts ?? []).entries()) assert.equal(each["text"] ?? each["refusal"], state.parts[content]?.text, "R6")
  if (item.type === "function_call") assert.equal(item.arguments, state.args, "R6")
  if (item.type === "custom_tool_call") assert.equal(item["input"], state.args, "R6")
  state.done = true
}

const terminal = ["response.completed", "response.incomplete", "response.failed"]

function assertEnd(events: readonly WireEvent[], done: readonly boolean[]): void {
  assert.equal(events[0]?.type, "response.created", "R3")
  assert(["response.in_progress", "response.queued"].includes(events[1]?.type ?? ""), "R3")
  assert.equal(events.filter((event) => terminal.includes(event.type)).length, 1, "R3: exactly one end")
  const last = events.at(-1)
  assert(last && terminal.includes(last.type), "R3: the end is last")
  assert(done.every(Boolean), "R3: every item is done before the end")
  const output = (last["response"] as unknown as { output: Item[] }).output
  const items = events.filter((event) => event.type === "response.output_item.done").map((event) => event["item"])
  assert.deepEqual(output, items, "R6: the last snapshot repeats the items")
}
