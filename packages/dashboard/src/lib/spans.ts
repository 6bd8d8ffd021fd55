// Turns a run's events into the bars of its waterfall: pairs of beginnings and ends, in one pass over the log.
import type { RunEvent } from "@perdure/client"
import { field, numberOf, textOf } from "./json.ts"

/** `refused`: not run at all. `cut`: the run is over and it never ended. */
export type SpanState = "open" | "done" | "failed" | "refused" | "cut"
export type SpanKind = "step" | "model" | "tool" | "item" | "wait" | "child"

export interface Span {
  key: string
  name: string
  kind: SpanKind
  state: SpanState
  startAt: number
  /** Undefined while it is open. */
  endAt: number | undefined
  firstSeq: number
  lastSeq: number
  detail: string | undefined
}

export interface Waterfall {
  spans: Span[]
  /** Moments that have no length: attempts, gate decisions, usage, errors. */
  marks: { at: number; seq: number; type: string }[]
}

const begins = /^(?<what>.+)\.(?:started|intended|added|awaited)$/
const ends = /^(?<what>.+)\.(?<how>completed|done|failed|ended|denied|refused|cancelled|timed_out|received)$/
const bad: readonly string[] = ["failed", "denied", "refused"]
/** Their pairs are inside an item's bar. */
const inner =
  /^response\.(?:content_part|output_text|refusal|reasoning_text|function_call_arguments|mcp_call|reasoning_summary|file_search_call)/
const whole = /^(?:run|response)$/
const marked = /^(?:gate\.|run\.(?:resumed|suspended|released|in_doubt|cancel)|turn\.restarted|step\.retried|usage\.|error$)/

export function waterfallOf(events: readonly RunEvent[]): Waterfall {
  const open = new Map<string, Span>()
  const spans: Span[] = []
  const marks: Waterfall["marks"] = []
  /** Output items that are a tool's own bar already. */
  const told = new Set<unknown>()
  /** Turns that have their bar: the step that carries one out ends just after it. */
  const turns = new Set<unknown>()
  for (const event of events) {
    if (marked.test(event.type)) marks.push({ at: event.at, seq: event.seq, type: event.type })
    if (event.type === "tool.call.started") told.add(field(event.data, "outputIndex"))
    if (inner.test(event.type) || (event.type.startsWith("response.output_item.") && told.has(field(event.data, "output_index")))) continue
    if (event.type === "run.ended") cutOff(open, event)
    if (event.type === "turn.ended") turns.add(keyOf(event, "turn"))
    if (event.type === "step.completed" && turns.has(keyOf(event, "step"))) continue
    const begun = begins.exec(event.type)?.groups?.["what"]
    const ended = ends.exec(event.type)?.groups
    if (begun !== undefined && !whole.test(begun)) start(event, begun, open, spans)
    else if (ended?.["what"] !== undefined && !whole.test(ended["what"])) finish(event, ended["what"], ended["how"] ?? "", open, spans)
  }
  return { spans, marks }
}

/** First and last moment of the run that the bars are drawn over; never of no length. */
export function extentOf(
  events: readonly RunEvent[],
  createdAt: number,
  finishedAt: number | null,
  now: number,
): { from: number; to: number } {
  const last = events.at(-1)?.at ?? createdAt
  const to = Math.max(finishedAt ?? now, last)
  return { from: createdAt, to: Math.max(to, createdAt + 1) }
}

function start(event: RunEvent, what: string, open: Map<string, Span>, spans: Span[]): void {
  const key = keyOf(event, what)
  if (open.has(key)) return // an attempt after a crash intends the same step again: it stays one bar
  const span: Span = {
    key,
    name: nameOf(event, what),
    kind: kindOf(event, what),
    state: "open",
    startAt: event.at,
    endAt: undefined,
    firstSeq: event.seq,
    lastSeq: event.seq,
    detail: detailOf(event),
  }
  open.set(key, span)
  spans.push(span)
}

function finish(event: RunEvent, what: string, how: string, open: Map<string, Span>, spans: Span[]): void {
  const key = keyOf(event, what)
  const known = open.get(key)
  const durationMs = numberOf(field(event.data, "ms")) ?? numberOf(field(event.data, "durationMs"))
  if (!known) start({ ...event, at: event.at - (durationMs ?? 0) }, what, open, spans) // steps that only read journal their end alone
  const span = open.get(key)
  if (!span) return
  const status = textOf(field(event.data, "status"))
  const broken = bad.includes(how) || (status !== undefined && bad.includes(status)) || field(event.data, "output", "ok") === false
  span.state = how === "refused" || how === "denied" ? "refused" : broken ? "failed" : "done"
  span.endAt = event.at
  span.lastSeq = event.seq
  span.detail ??= detailOf(event)
  open.delete(key)
}

/** What is open at the end of a run never ends. */
function cutOff(open: Map<string, Span>, { at, seq }: RunEvent): void {
  for (const span of open.values()) Object.assign(span, { state: "cut", endAt: at, lastSeq: seq })
  open.clear()
}

/** A step, the tool call and the turn that it carries out share their key: `tool:0:0`, `turn:1`. */
function keyOf({ data }: RunEvent, what: string): string {
  const index = field(data, "output_index")
  if (typeof index === "number") return `${what} ${index}`
  const turn = what === "turn" ? numberOf(field(data, "turn")) : undefined
  return textOf(field(data, "key")) ?? (turn === undefined ? `${what} ${textOf(field(data, "name")) ?? ""}` : `turn:${turn}`)
}

function nameOf({ data }: RunEvent, what: string): string {
  const type = textOf(field(data, "item", "type"))
  if (type !== undefined) return [type.replaceAll("_", " "), textOf(field(data, "item", "name"))].filter(Boolean).join(" ")
  const turn = what === "turn" ? numberOf(field(data, "turn")) : undefined
  return (
    textOf(field(data, "tool")) ??
    (turn === undefined ? undefined : `turn ${turn}`) ??
    textOf(field(data, "key")) ??
    textOf(field(data, "name")) ??
    what
  )
}

function kindOf({ data }: RunEvent, what: string): SpanKind {
  const subject = `${what} ${textOf(field(data, "key")) ?? ""} ${textOf(field(data, "item", "type")) ?? ""}`
  if (/\bchild\b/.test(subject)) return "child"
  if (/\b(?:sleep|wait|timer|signal|approval)/.test(subject)) return "wait"
  if (/tool|function_call|mcp_call|search|call_output/.test(subject)) return "tool"
  if (/model|turn|inference/.test(subject)) return "model"
  return /output_item/.test(subject) ? "item" : "step"
}

function detailOf({ data }: RunEvent): string | undefined {
  return textOf(field(data, "effect")) ?? textOf(field(data, "model")) ?? textOf(field(data, "reason"))
}
