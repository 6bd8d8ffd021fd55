// Where the time of a run went: one bar per step, model call and tool call over a common axis, and marks for single moments.
import type { Run, RunEvent } from "@perdure/client"
import { useVirtualizer } from "@tanstack/react-virtual"
import { useMemo, useRef } from "react"
import { formatDuration } from "../../lib/format.ts"
import { useNow } from "../../lib/now.ts"
import { extentOf, waterfallOf, type Span, type SpanKind, type SpanState } from "../../lib/spans.ts"
import { hasEnded } from "../../lib/statuses.ts"

const rowPx = 28
const heightMaxPx = 336
const colours: Record<SpanKind, string> = {
  model: "bg-accent",
  item: "bg-accent/55",
  tool: "bg-live",
  step: "bg-still",
  wait: "bg-warn/60",
  child: "bg-good",
}
const kindWords: Record<SpanKind, string> = {
  model: "model call",
  item: "output",
  tool: "tool",
  step: "step",
  wait: "waiting",
  child: "child run",
}

/** Before the name, since colour alone never tells. */
const signs: Record<SpanState, string> = { open: "", done: "", failed: "✕ ", refused: "⊘ ", cut: "… " }
/** In place of how long it took. */
const endWords: Partial<Record<SpanState, string>> = { open: "open", refused: "refused", cut: "no end" }

interface Extent {
  from: number
  to: number
}

export function WaterfallView({ run, events }: { run: Run; events: readonly RunEvent[] }): React.JSX.Element {
  const now = useNow()
  const { spans, marks } = useMemo(() => waterfallOf(events), [events])
  const over = hasEnded(run.status)
  const extent = extentOf(events, run.createdAt, run.finishedAt, over ? 0 : now)
  const kinds = [...new Set(spans.map((span) => span.kind))]
  return (
    <section aria-label="Timeline" className="panel min-w-0">
      <div className="flex flex-wrap items-center justify-between gap-x-4 border-b border-line px-4 py-2">
        <h2 className="heading leading-6">Timeline</h2>
        <ul className="flex flex-wrap gap-x-3 text-xs text-dim" aria-label="Colours">
          {kinds.map((kind) => (
            <li key={kind} className="inline-flex items-center gap-1.5">
              <span className={`h-2 w-3 rounded-sm ${colours[kind]}`} aria-hidden="true" />
              {kindWords[kind]}
            </li>
          ))}
        </ul>
      </div>
      <Axis extent={extent} marks={marks} />
      {spans.length === 0 ? <WholeRun run={run} extent={extent} /> : <Bars spans={spans} extent={extent} />}
    </section>
  )
}

const lanes = "grid grid-cols-[minmax(6rem,10rem)_1fr_4rem] items-center gap-x-3 px-4"

function Axis({ extent, marks }: { extent: Extent; marks: readonly { at: number; seq: number; type: string }[] }): React.JSX.Element {
  const length = extent.to - extent.from
  return (
    <div className={`${lanes} h-7 text-xs text-dim`}>
      <span />
      <div className="relative h-full">
        <span className="absolute top-1.5 left-0">0</span>
        <span className="absolute top-1.5 right-0">{formatDuration(length)}</span>
        {[0.25, 0.5, 0.75].map((part) => (
          <span
            key={part}
            className={`absolute top-1.5 -translate-x-1/2 ${part === 0.5 ? "max-sm:hidden" : "max-2xl:hidden"}`}
            style={{ left: `${part * 100}%` }}
          >
            {formatDuration(length * part)}
          </span>
        ))}
        {marks.slice(0, 200).map(({ at, seq, type }) => (
          <span
            key={seq}
            title={`${type} (#${seq})`}
            className="absolute bottom-0 h-1.5 w-px bg-warn"
            style={{ left: `${partOf(at, extent)}%` }}
          />
        ))}
      </div>
    </div>
  )
}

function Bars({ spans, extent }: { spans: readonly Span[]; extent: Extent }): React.JSX.Element {
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({ count: spans.length, getScrollElement: () => scroller.current, estimateSize: () => rowPx, overscan: 8 })
  return (
    <div
      ref={scroller}
      tabIndex={0}
      role="list"
      aria-label="Steps"
      className="overflow-y-auto pb-2"
      style={{ height: Math.min(heightMaxPx, spans.length * rowPx + 8) }}
    >
      <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const span = spans[index]
          return span ? <Bar key={`${span.key} ${span.firstSeq}`} span={span} extent={extent} top={start} /> : null
        })}
      </div>
    </div>
  )
}

function Bar({ span, extent, top }: { span: Span; extent: Extent; top: number }): React.JSX.Element {
  const endAt = span.endAt ?? extent.to
  const left = partOf(span.startAt, extent)
  const width = Math.max(0, partOf(endAt, extent) - left)
  const told = `${kindWords[span.kind]} ${span.name}${span.detail === undefined ? "" : ` (${span.detail})`}, events ${span.firstSeq} to ${span.lastSeq}`
  const failed = span.state === "failed" || span.state === "refused"
  return (
    <div
      role="listitem"
      title={told}
      className={`${lanes} absolute inset-x-0 hover:bg-raised`}
      style={{ height: rowPx, transform: `translateY(${top}px)` }}
    >
      <span className={`truncate text-sm ${failed ? "text-bad" : ""}`}>
        {signs[span.state]}
        {span.name}
      </span>
      <div className="relative h-full border-x border-line">
        <span
          className={`absolute top-2 h-3 min-w-[3px] rounded-sm ${failed ? "bg-bad" : colours[span.kind]} ${span.state === "open" ? "breathe" : ""}`}
          style={{ left: `min(${left}%, 100% - 3px)`, width: `${width}%` }}
        />
      </div>
      <span className="text-right text-xs text-dim">{endWords[span.state] ?? formatDuration(endAt - span.startAt)}</span>
    </div>
  )
}

/** A run without steps (a light run, or one that has just begun) is one bar. */
function WholeRun({ run, extent }: { run: Run; extent: Extent }): React.JSX.Element {
  return (
    <div className={`${lanes} h-9 pb-2`}>
      <span className="truncate text-sm">{run.name === "" ? run.kind : run.name}</span>
      <span className={`h-3 rounded-sm ${run.status === "failed" ? "bg-bad" : "bg-accent"} ${hasEnded(run.status) ? "" : "breathe"}`} />
      <span className="text-right text-xs text-dim">{formatDuration(extent.to - extent.from)}</span>
    </div>
  )
}

function partOf(at: number, { from, to }: Extent): number {
  return Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100))
}
