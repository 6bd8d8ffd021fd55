// Writes a response as rows of its run log: numbers them, keeps items and parts in order, and lets deltas that wait share a row.
import type { LimitState } from "../accounting/index.ts"
import type { JsonObject } from "../core/index.ts"
import type { OutputSize } from "./output-size.ts"
import type { ResponseLog, TextKind } from "./response-log.ts"
import { beginning, itemId } from "./response-object.ts"
import type { LogRow, LogRowData, ResponseEnd, ResponseItem, WireEvent } from "./types.ts"

/** Where rows go; resolves once readers may see the row. A delta row may wait for company; the others come with their wire events. */
export type EmitRow = (row: LogRow, options: { delta: boolean; events: readonly WireEvent[] }) => Promise<void>

/** The deployment that answers, and how many were tried until it did. */
export interface ServedBy {
  readonly deployment: string
  readonly attempts: number
  /** What the answer cache had to do with it; absent where nothing. */
  readonly cache?: string
  readonly ageSeconds?: number
  /** What is left of the caller's limits; absent where nothing limits it. */
  readonly limits?: LimitState
}

interface WaitingDelta {
  readonly type: string
  readonly data: LogRowData
  readonly outputIndex: number
  readonly contentIndex: number | undefined
  readonly texts: string[]
}

const prefixes: Readonly<Record<string, string>> = {
  message: "msg",
  function_call: "fc",
  custom_tool_call: "ctc",
  file_search_call: "fs",
  mcp_call: "mcp",
  image_generation_call: "ig",
  reasoning: "rs",
  compaction: "cmp",
  tool_search_call: "tsc",
}

function partFamily(kind: TextKind): string {
  return kind === "reasoning_summary_text" ? "reasoning_summary_part" : "content_part"
}

/**
 * At most one delta row is on its way to the log; pieces that come meanwhile are kept and go out together, so the row
 * count follows the speed of the store and never that of the model. Any other row first sends what is kept.
 */
export class ResponseWriter {
  readonly log: ResponseLog
  /** Who writes the items from now on: stands in the rows of new items, for readers that tell it. */
  servedBy: ServedBy | undefined
  readonly #runId: string
  readonly #emit: EmitRow
  /** Undefined for what is not kept. */
  readonly #size: OutputSize | undefined
  #waiting: WaitingDelta | undefined
  #deltasOnTheWay = 0
  #failure: unknown

  constructor(log: ResponseLog, runId: string, emit: EmitRow, size?: OutputSize) {
    this.log = log
    this.#runId = runId
    this.#emit = emit
    this.#size = size
  }

  /** Adds an item that is in progress; gives its output index. */
  addItem(item: JsonObject & { readonly type: string }, prefix = prefixes[item.type] ?? "item"): number {
    this.#size?.add(item)
    const index = this.log.size
    const id = itemId(prefix, this.#runId, "output", index)
    const served = this.servedBy ? { served: { ...this.servedBy } as unknown as JsonObject } : {} // plain JSON
    this.#write("response.output_item.added", { output_index: index, item: { ...item, id }, ...served })
    return index
  }

  addPart(outputIndex: number, kind: TextKind): number {
    const index = this.log.parts(outputIndex)
    this.#write(`response.${partFamily(kind)}.added`, { output_index: outputIndex, content_index: index, kind })
    return index
  }

  /** Grows a part, or the arguments of a call (`contentIndex` undefined). */
  delta(kind: TextKind, outputIndex: number, contentIndex: number | undefined, text: string): void {
    if (text === "") return
    this.#checkFailure()
    this.#size?.add(text)
    const type = `response.${kind}.delta`
    const place = { output_index: outputIndex, ...(contentIndex === undefined ? {} : { content_index: contentIndex }) }
    const data = { sequence_number: this.log.sequence, ...place, delta: text }
    this.log.apply({ type, data })
    const waiting = this.#waiting
    if (waiting && waiting.type === type && waiting.outputIndex === outputIndex && waiting.contentIndex === contentIndex) {
      waiting.texts.push(text)
    } else {
      this.#release()
      this.#waiting = { type, data, outputIndex, contentIndex, texts: [text] }
    }
    if (this.#deltasOnTheWay === 0) this.#release()
  }

  annotate(outputIndex: number, contentIndex: number, annotation: JsonObject): void {
    this.#size?.add(annotation)
    this.#write("response.output_text.annotation.added", { output_index: outputIndex, content_index: contentIndex, annotation })
  }

  /** Progress of a server-side call: `file_search_call.searching`. */
  progress(outputIndex: number, what: string): void {
    this.#write(`response.${what}`, { output_index: outputIndex })
  }

  /** An event of an item that is passed as its provider tells it. */
  passOn(outputIndex: number, { type, ...event }: JsonObject): void {
    this.#write(type as string, { output_index: outputIndex, passed: event })
  }

  /** Ends an item that is passed, as its provider tells it. */
  closePassed(outputIndex: number, item: JsonObject): void {
    this.#size?.add(item)
    this.#write("response.output_item.done", { output_index: outputIndex, status: null, with: item })
  }

  /** Ends an item with its parts, or the arguments of a call. `extra` are fields known only now. */
  closeItem(outputIndex: number, status: "completed" | "incomplete" | "failed", extra?: JsonObject): ResponseItem {
    if (extra) this.#size?.add(extra)
    const item = this.log.item(outputIndex)
    if (item.type === "function_call") this.#write("response.function_call_arguments.done", { output_index: outputIndex })
    if (item.type === "custom_tool_call") this.#write("response.custom_tool_call_input.done", { output_index: outputIndex })
    for (const { index, kind } of this.log.openParts(outputIndex)) this.closePart(outputIndex, index, kind)
    this.#write("response.output_item.done", { output_index: outputIndex, status, ...(extra ? { with: extra } : {}) })
    return this.log.item(outputIndex)
  }

  closePart(outputIndex: number, contentIndex: number, kind: TextKind): void {
    const place = { output_index: outputIndex, content_index: contentIndex }
    this.#write(`response.${kind}.done`, place)
    this.#write(`response.${partFamily(kind)}.done`, place)
  }

  argumentsDone(outputIndex: number): void {
    this.#write("response.mcp_call_arguments.done", { output_index: outputIndex })
  }

  /** Ends whatever is open, as `incomplete`. */
  closeAll(status: "completed" | "incomplete"): void {
    for (const index of this.log.openItems()) this.closeItem(index, status)
  }

  lifecycle(verb: "created" | "queued" | "in_progress" | "completed" | "incomplete" | "failed", end: ResponseEnd): void {
    this.#write(`response.${verb}`, { end: { ...end } })
  }

  /** Sends deltas that wait for company: what is emitted beside the writer comes after them. */
  flush(): void {
    this.#release()
  }

  error(data: JsonObject): void {
    this.#write("error", data)
  }

  #write(type: string, data: JsonObject): void {
    this.#checkFailure()
    this.#release()
    const row = { type, data: { sequence_number: this.log.sequence, ...data } }
    this.#send(row, false, this.log.apply(row))
  }

  #release(): void {
    const waiting = this.#waiting
    if (!waiting) return
    this.#waiting = undefined
    const { type, data, texts } = waiting
    const sizes = texts.length > 1 ? { sizes: texts.map((text) => text.length) } : {}
    this.#send({ type, data: { ...data, delta: texts.join(""), ...sizes } }, true)
  }

  #send(row: LogRow, delta: boolean, events: readonly WireEvent[] = []): void {
    const committed = this.#emit(row, { delta, events })
    if (delta) this.#deltasOnTheWay += 1
    committed.then(
      () => this.#arrived(delta),
      (error: unknown) => {
        this.#failure = error
      },
    )
  }

  #arrived(delta: boolean): void {
    if (!delta) return
    this.#deltasOnTheWay -= 1
    if (this.#deltasOnTheWay === 0 && this.#failure === undefined) this.#release()
  }

  /** The log took no more (a lost lease, a dead store): the writer stops the work above it. */
  #checkFailure(): void {
    if (this.#failure !== undefined) throw this.#failure as Error // whatever the log rejected with
  }
}

/** Ends a response that nobody ended: open items incomplete, then the terminal event. Gives the events, whose numbers follow from the log alone. */
export function endingEvents(log: ResponseLog, verb: "incomplete" | "failed", end: ResponseEnd): WireEvent[] {
  return written(log, (writer) => {
    writer.closeAll("incomplete")
    writer.lifecycle(verb, end)
  })
}

/** The events of a response that says nothing: created, in progress, completed. */
export function wholeEvents(log: ResponseLog, end: ResponseEnd): WireEvent[] {
  return written(log, (writer) => {
    writer.lifecycle("created", beginning("in_progress"))
    writer.lifecycle("in_progress", beginning("in_progress"))
    writer.lifecycle("completed", end)
  })
}

function written(log: ResponseLog, write: (writer: ResponseWriter) => void): WireEvent[] {
  const all: WireEvent[] = []
  const writer = new ResponseWriter(log, log.base.id, async (_row, { events }) => {
    all.push(...events)
  })
  write(writer)
  return all
}
