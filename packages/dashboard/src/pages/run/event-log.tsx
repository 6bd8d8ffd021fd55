// The log itself: every event in order, virtual, filtered by type, opened to its JSON, following the newest while it is live.
import type { RunEvent } from "@perdure/client"
import { useVirtualizer } from "@tanstack/react-virtual"
import { useEffect, useMemo, useRef, useState } from "react"
import { eventsShownMax, type StreamState } from "../../data/run-events.ts"
import { eventRows, glimpseOf, type EventRow } from "../../lib/event-rows.ts"
import { formatDuration } from "../../lib/format.ts"
import { Icon } from "../../parts/icons.tsx"
import { JsonView } from "../../parts/json-view.tsx"

const rowPx = 30
const heightMaxPx = 480

export interface EventLogProps {
  events: readonly RunEvent[]
  state: StreamState
  /** When the run began: the record of a stateless call is one event, at its end. */
  startAt: number
}

export function EventLog({ events, state, startAt }: EventLogProps): React.JSX.Element {
  const [filter, setFilter] = useState("")
  const [folded, setFolded] = useState(true)
  const [follow, setFollow] = useState(false)
  const rows = useMemo(() => eventRows(events, filter, folded), [events, filter, folded])
  return (
    <section aria-label="Events" className="panel min-w-0">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-2">
        <h2 className="heading">Events</h2>
        <span role="status" className="text-xs text-dim">
          {countText(events.length, state)}
        </span>
        <label className="ml-auto inline-flex items-center gap-1.5 text-xs text-dim">
          <input type="checkbox" checked={folded} onChange={(event) => setFolded(event.target.checked)} className="accent-accent" />
          Fold deltas
        </label>
        <label className="inline-flex items-center gap-1.5 text-xs text-dim">
          <input type="checkbox" checked={follow} onChange={(event) => setFollow(event.target.checked)} className="accent-accent" />
          Follow
        </label>
        <input
          type="search"
          aria-label="Filter events by type"
          placeholder="Filter by type"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
          className="field w-44"
        />
      </div>
      {rows.length === 0 ? (
        <p className="px-4 py-3 text-sm text-dim">{events.length === 0 ? "No events yet." : `No event type contains “${filter}”.`}</p>
      ) : (
        <Rows rows={rows} follow={follow} startAt={startAt} />
      )}
    </section>
  )
}

function countText(count: number, state: StreamState): string {
  const cut = count >= eventsShownMax ? " (the first; read the rest through the API)" : ""
  const live = state === "live" ? " · live" : state === "reconnecting" ? " · connecting again" : ""
  return `${count}${cut}${live}`
}

function Rows({ rows, follow, startAt }: { rows: readonly EventRow[]; follow: boolean; startAt: number }): React.JSX.Element {
  const scroller = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set())
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    getItemKey: (index) => rows[index]?.first.seq ?? index,
    overscan: 10,
  })
  useEffect(() => {
    if (follow) virtual.scrollToIndex(rows.length - 1, { align: "end" })
  }, [follow, rows.length, virtual])
  const toggle = (seq: number): void => {
    setOpen((before) => {
      const next = new Set(before)
      if (!next.delete(seq)) next.add(seq)
      return next
    })
  }
  return (
    <div ref={scroller} tabIndex={0} role="list" aria-label="Event log" className="overflow-y-auto" style={{ maxHeight: heightMaxPx }}>
      <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start, key }) => {
          const row = rows[index]
          if (!row) return null
          return (
            <div
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              role="listitem"
              className="absolute inset-x-0 border-b border-line"
              style={{ transform: `translateY(${start}px)` }}
            >
              <Row row={row} startAt={startAt} open={open.has(row.first.seq)} onToggle={() => toggle(row.first.seq)} />
            </div>
          )
        })}
      </div>
    </div>
  )
}

interface RowProps {
  row: EventRow
  startAt: number
  open: boolean
  onToggle: () => void
}

function Row({ row, startAt, open, onToggle }: RowProps): React.JSX.Element {
  const { first, last, count } = row
  return (
    <>
      <button
        type="button"
        aria-expanded={open}
        onClick={onToggle}
        className="grid w-full grid-cols-[0.75rem_3.5rem_4.5rem_minmax(0,1fr)] md:grid-cols-[0.75rem_3.5rem_4.5rem_minmax(0,19rem)_minmax(0,1fr)] items-center gap-x-3 px-4 py-1 text-left text-sm hover:bg-raised"
      >
        <Icon name="chevron" className={`size-3 text-dim transition-transform ${open ? "rotate-90" : ""}`} />
        <span className="text-right font-mono text-xs text-dim">{count === 1 ? first.seq : `${first.seq}–${last.seq}`}</span>
        <span className="text-right font-mono text-xs text-dim">+{formatDuration(Math.max(0, first.at - startAt))}</span>
        <span className={`truncate font-mono text-xs ${toneOf(first.type)}`}>
          {first.type}
          {count === 1 ? "" : ` × ${count}`}
        </span>
        <span className="truncate text-xs text-dim max-md:hidden">{glimpseOf(row)}</span>
      </button>
      {open ? (
        <div className="overflow-x-auto bg-raised px-12 py-2 font-mono text-xs leading-5">
          <JsonView
            value={
              count === 1
                ? { data: first.data, label: first.label, attempt: first.attempt, at: new Date(first.at).toISOString() }
                : row.events.map((event) => event.data)
            }
          />
        </div>
      ) : null}
    </>
  )
}

function toneOf(type: string): string {
  if (/failed|denied|error|timed_out/.test(type)) return "text-bad"
  return /^(?:run|gate|usage)\./.test(type) ? "text-accent" : ""
}
