// The state that a response's rows add up to: turns stored rows back into the exact wire events, and shows the response at any point.
import { strict as assert } from "node:assert"
import { isJsonObject, type JsonObject, type JsonValue } from "../core/index.ts"
import { beginning, responseObject, type ResponseBase } from "./response-object.ts"
import { errorEvent } from "./response-error.ts"
import type { LogRow, ResponseEnd, ResponseItem, WireEvent } from "./types.ts"

/** Kinds of growing text inside an item, by the first part of their event types. */
export const textKinds = {
  output_text: { done: "text", part: { type: "output_text", text: "", annotations: [], logprobs: [] } },
  refusal: { done: "refusal", part: { type: "refusal", refusal: "" } },
  reasoning_text: { done: "text", part: { type: "reasoning_text", text: "" } },
  reasoning_summary_text: { done: "text", part: { type: "summary_text", text: "" } },
  function_call_arguments: { done: "arguments", part: null },
  custom_tool_call_input: { done: "input", part: null },
  mcp_call_arguments: { done: "arguments", part: null },
} as const satisfies Record<string, { done: string; part: JsonObject | null }>

export type TextKind = keyof typeof textKinds

interface PartState {
  readonly kind: TextKind
  text: string
  readonly annotations: JsonObject[]
  open: boolean
}

interface ItemState {
  item: ResponseItem
  readonly parts: PartState[]
  /** Arguments or input of a call, grown by deltas. */
  arguments: string
  open: boolean
}

/**
 * States: `created → (queued) → in_progress → ended`; items `added → done`, parts `added → done`.
 * Rows enter through `apply`, in the order of their sequence numbers, and nothing is accepted after the end; a breach is an
 * assertion, since it would be a hole in what clients were promised.
 */
export class ResponseLog {
  readonly base: ResponseBase
  readonly #items: ItemState[] = []
  #end: ResponseEnd = beginning("in_progress")
  #sequence = 0
  #ended = false

  constructor(base: ResponseBase) {
    this.base = base
  }

  /** The number that the next event carries. */
  get sequence(): number {
    return this.#sequence
  }

  get ended(): boolean {
    return this.#ended
  }

  get standing(): ResponseEnd {
    return this.#end
  }

  get items(): readonly ResponseItem[] {
    return this.#items.map(itemOf)
  }

  get size(): number {
    return this.#items.length
  }

  item(outputIndex: number): ResponseItem {
    return itemOf(this.#at(outputIndex))
  }

  /** Indexes of items that were added and are not done, lowest first. */
  openItems(): number[] {
    return this.#items.flatMap((state, index) => (state.open ? [index] : []))
  }

  /** Indexes of parts of an item that were added and are not done. */
  openParts(outputIndex: number): { index: number; kind: TextKind }[] {
    return this.#at(outputIndex).parts.flatMap((part, index) => (part.open ? [{ index, kind: part.kind }] : []))
  }

  parts(outputIndex: number): number {
    return this.#at(outputIndex).parts.length
  }

  annotations(outputIndex: number, contentIndex: number): number {
    return this.#part(outputIndex, contentIndex).annotations.length
  }

  snapshot(): JsonObject {
    return responseObject(this.base, this.items, this.#end)
  }

  /** Takes one row and gives the wire events that it stands for. */
  apply(row: LogRow): WireEvent[] {
    assert.equal(row.data.sequence_number, this.#sequence, `the log of ${this.base.id} has a gap before ${row.type}`)
    assert(!this.#ended, `${row.type} follows the end of ${this.base.id}`)
    const passed = row.data["passed"]
    if (isJsonObject(passed)) return [this.#passed(row, passed)]
    const kind = /^response\.(\w+)\.delta$/.exec(row.type)?.[1]
    if (kind !== undefined) return this.#delta(row, kind as TextKind) // asserted against the table by #delta
    this.#sequence += 1
    return [{ type: row.type, ...this.#advance(row), sequence_number: row.data.sequence_number }]
  }

  /** An event of an item that only its provider knows: as it was told, under our place and number. */
  #passed({ type, data }: LogRow, event: JsonObject): WireEvent {
    this.#sequence += 1
    return { ...event, type, ...this.#place(data), sequence_number: data.sequence_number }
  }

  #delta({ type, data }: LogRow, kind: TextKind): WireEvent[] {
    assert(kind in textKinds, `unknown delta "${type}"`)
    const place = this.#place(data)
    const text = data["delta"] as string
    if (textKinds[kind].part === null) this.#at(place.output_index).arguments += text
    else this.#part(place.output_index, place.content_index ?? 0).text += text
    const extra = kind === "output_text" ? { logprobs: [] } : {}
    return pieces(text, data["sizes"]).map((delta) => {
      const sequence = this.#sequence++
      return { type, ...shownPlace(place, kind), delta, ...extra, sequence_number: sequence }
    })
  }

  #advance({ type, data }: LogRow): JsonObject {
    if (type === "error") return errorEvent(data)
    const [, family, verb] = type.split(".")
    if (verb === undefined) return this.#lifecycle(data)
    if (family === "output_item") return verb === "added" ? this.#itemAdded(data) : this.#itemDone(data)
    if (family === "content_part" || family === "reasoning_summary_part")
      return verb === "added" ? this.#partAdded(data) : this.#partDone(data)
    if (type === "response.output_text.annotation.added") return this.#annotated(data)
    if (verb === "done") return this.#textDone(data, family as TextKind) // asserted against the table there
    return { ...this.#place(data) } // progress of a tool call: `response.file_search_call.searching`
  }

  #lifecycle(data: JsonObject): JsonObject {
    const end = data["end"] as unknown as ResponseEnd | undefined // written by the writer below
    if (end) {
      this.#end = end
      this.#ended = isFinal(end.status)
      if (this.#ended) assert.deepEqual(this.openItems(), [], `${this.base.id} ends with open items`)
    }
    return { response: this.snapshot() }
  }

  #itemAdded(data: JsonObject): JsonObject {
    assert.equal(data["output_index"], this.#items.length, "items are added in the order of their indexes")
    const item = data["item"] as ResponseItem
    this.#items.push({ item, parts: [], arguments: growingText(item), open: true })
    return { output_index: data["output_index"], item }
  }

  #itemDone(data: JsonObject): JsonObject {
    const index = data["output_index"] as number
    const state = this.#at(index)
    assert(state.open && this.openItems()[0] === index, "items are done once, in the order of their indexes")
    assert(!state.parts.some((part) => part.open), "an item is done after its parts")
    state.open = false
    // An item of compaction has no status: it is there or not. Null: it is as its provider tells it.
    const ended = state.item.type === "compaction" || data["status"] === null ? {} : { status: data["status"] ?? "completed" }
    const known = data["with"] as JsonObject | undefined
    state.item = { ...state.item, ...ended, ...known }
    // Of an item that is passed nothing was grown here.
    if (known && ("arguments" in known || "input" in known)) state.arguments = growingText(known)
    return { output_index: index, item: itemOf(state) }
  }

  #partAdded(data: JsonObject): JsonObject {
    const place = this.#place(data)
    const state = this.#at(place.output_index)
    assert(state.open, "a part is added to an open item")
    assert.equal(place.content_index, state.parts.length, "parts are added in the order of their indexes")
    const kind = data["kind"] as TextKind // asserted in the next line
    const part = textKinds[kind].part
    assert(part, `"${kind}" is no content part`)
    state.parts.push({ kind, text: "", annotations: [], open: true })
    return { ...shownPlace(place, kind), part }
  }

  #partDone(data: JsonObject): JsonObject {
    const place = this.#place(data)
    const part = this.#part(place.output_index, place.content_index ?? 0)
    part.open = false
    return { ...shownPlace(place, part.kind), part: partOf(part) }
  }

  #textDone(data: JsonObject, kind: TextKind): JsonObject {
    assert(kind in textKinds, `unknown end of text "${kind}"`)
    const place = this.#place(data)
    const state = this.#at(place.output_index)
    if (kind === "function_call_arguments") return { ...place, name: state.item["name"], arguments: state.arguments }
    if (kind === "custom_tool_call_input") return { ...place, input: state.arguments }
    if (kind === "mcp_call_arguments") return { ...place, arguments: state.arguments }
    const part = this.#part(place.output_index, place.content_index ?? 0)
    return { ...shownPlace(place, kind), [textKinds[kind].done]: part.text, ...(kind === "output_text" ? { logprobs: [] } : {}) }
  }

  #annotated(data: JsonObject): JsonObject {
    const place = this.#place(data)
    const part = this.#part(place.output_index, place.content_index ?? 0)
    const annotation = data["annotation"] as JsonObject
    part.annotations.push(annotation)
    return { ...place, annotation_index: part.annotations.length - 1, annotation }
  }

  #place(data: JsonObject): Place {
    const index = data["output_index"] as number
    const content = data["content_index"]
    return { item_id: this.#at(index).item.id, output_index: index, ...(typeof content === "number" ? { content_index: content } : {}) }
  }

  #at(outputIndex: number): ItemState {
    const state = this.#items[outputIndex]
    assert(state, `no item ${outputIndex} in ${this.base.id}`)
    return state
  }

  #part(outputIndex: number, contentIndex: number): PartState {
    const part = this.#at(outputIndex).parts[contentIndex]
    assert(part?.open, `no open part ${contentIndex} in item ${outputIndex} of ${this.base.id}`)
    return part
  }
}

interface Place {
  readonly item_id: string
  readonly output_index: number
  readonly content_index?: number
}

/** Parts of a summary are counted apart on the wire; an item has one sort of parts only. */
function shownPlace({ content_index: index, ...place }: Place, kind: TextKind): JsonObject {
  if (index === undefined) return { ...place }
  return kind === "reasoning_summary_text" ? { ...place, summary_index: index } : { ...place, content_index: index }
}

function growingText({ arguments: json, input }: JsonObject): string {
  const text = input ?? json
  return typeof text === "string" ? text : ""
}

export function isFinal(status: string): boolean {
  return status !== "queued" && status !== "in_progress"
}

function pieces(text: string, sizes: JsonValue | undefined): string[] {
  if (!Array.isArray(sizes)) return [text]
  let from = 0
  return (sizes as number[]).map((size) => text.slice(from, (from += size)))
}

function itemOf({ item, parts, arguments: args }: ItemState): ResponseItem {
  if (item.type === "function_call" || item.type === "mcp_call") return { ...item, arguments: args }
  if (item.type === "custom_tool_call") return { ...item, input: args }
  const isSummary = parts[0]?.kind === "reasoning_summary_text"
  if (item.type === "reasoning" && isSummary) return { ...item, summary: parts.map(partOf) }
  if (item.type === "message" || item.type === "reasoning") return { ...item, content: parts.map(partOf) }
  return item
}

function partOf(part: PartState): JsonObject {
  const base: JsonObject = textKinds[part.kind].part ?? {}
  return { ...base, [textKinds[part.kind].done]: part.text, ...(part.kind === "output_text" ? { annotations: part.annotations } : {}) }
}
