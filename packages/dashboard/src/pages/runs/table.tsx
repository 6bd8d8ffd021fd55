// The list of runs: one virtual row each, columns that leave on narrow screens, a chosen row that j and k move.
import type { RunSummary } from "@perdure/client"
import { useVirtualizer } from "@tanstack/react-virtual"
import { useEffect, useRef } from "react"
import { Link } from "wouter"
import { usePrincipalNames } from "../../data/keys.ts"
import { formatCompact, formatCost, formatDuration, progressText, shortId } from "../../lib/format.ts"
import { useNow } from "../../lib/now.ts"
import { hasEnded, kindLabels } from "../../lib/statuses.ts"
import { StatusText } from "../../parts/status.tsx"
import { TimeAgo } from "../../parts/small.tsx"

export interface RunTableProps {
  runs: readonly RunSummary[]
  chosen: number
  onChoose: (index: number) => void
  onEnd: () => void
}

const rowPx = 38
const columns = [
  "grid items-center gap-x-4 px-4 md:px-6",
  "grid-cols-[7rem_minmax(0,1fr)_5rem]",
  "md:grid-cols-[7.5rem_minmax(0,1fr)_5.5rem_4.5rem_5.5rem]",
  "lg:grid-cols-[6.5rem_minmax(0,3fr)_minmax(7.5rem,1fr)_6rem_5rem_4rem_4.5rem_5rem]",
  "xl:grid-cols-[6.5rem_minmax(0,3fr)_minmax(7.5rem,1fr)_6rem_5rem_4rem_4.5rem_5rem_6rem]",
].join(" ")
const heads: readonly (readonly [string, string])[] = [
  ["Status", ""],
  ["Run", ""],
  ["Model", "max-lg:hidden"],
  ["Tokens", "text-right max-lg:hidden"],
  ["Cost", "text-right max-md:hidden"],
  ["Duration", "text-right max-md:hidden"],
  ["First token", "text-right max-lg:hidden"],
  ["When", "text-right"],
  ["Key", "max-xl:hidden"],
]

export function RunTable({ runs, chosen, onChoose, onEnd }: RunTableProps): React.JSX.Element {
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({ count: runs.length, getScrollElement: () => scroller.current, estimateSize: () => rowPx, overscan: 12 })
  const nameOf = usePrincipalNames()
  const rows = virtual.getVirtualItems()
  const last = rows.at(-1)?.index ?? 0
  useEffect(() => {
    if (runs.length > 0 && last >= runs.length - 20) onEnd()
  }, [last, runs.length, onEnd])
  useEffect(() => {
    if (chosen >= 0) virtual.scrollToIndex(chosen, { align: "auto" })
  }, [chosen, virtual])
  return (
    <div role="table" aria-label="Runs" aria-rowcount={runs.length + 1} className="flex min-h-0 flex-1 flex-col">
      <div role="rowgroup">
        <div role="row" aria-rowindex={1} className={`${columns} h-8 border-b border-line bg-ground text-xs text-dim`}>
          {heads.map(([label, hide]) => (
            <div key={label} role="columnheader" className={`truncate ${hide}`}>
              {label}
            </div>
          ))}
        </div>
      </div>
      <div ref={scroller} role="rowgroup" className="min-h-0 flex-1 overflow-y-auto bg-panel" tabIndex={-1}>
        <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
          {rows.map(({ index, start }) => {
            const run = runs[index]
            return run ? (
              <Row
                key={run.id}
                run={run}
                index={index}
                top={start}
                chosen={index === chosen}
                onChoose={onChoose}
                keyName={nameOf(run.principal)}
              />
            ) : null
          })}
        </div>
      </div>
    </div>
  )
}

interface RowProps {
  run: RunSummary
  index: number
  top: number
  chosen: boolean
  onChoose: (index: number) => void
  keyName: string
}

function Row({ run, index, top, chosen, onChoose, keyName }: RowProps): React.JSX.Element {
  const { usage } = run
  const tokens = usage.inputTokens + usage.outputTokens > 0
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-run={run.id}
      onMouseDown={() => onChoose(index)}
      className={`${columns} absolute inset-x-0 border-b border-line text-sm ${chosen ? "bg-accent-soft" : "hover:bg-raised"}`}
      style={{ height: rowPx, transform: `translateY(${top}px)` }}
    >
      <div role="cell" className="flex">
        <StatusText status={run.status} />
      </div>
      <div role="cell" className="flex min-w-0 items-baseline gap-2">
        {/* The link covers the row, so that all of it can be clicked. */}
        <Link
          to={`/runs/${encodeURIComponent(run.id)}`}
          className="truncate font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent"
        >
          {run.title ?? (run.name === "" ? kindLabels[run.kind] : run.name)}
        </Link>
        {run.title === null && run.name.toLowerCase() === run.kind ? null : (
          <span className="shrink-0 text-xs text-dim">{kindLabels[run.kind]}</span>
        )}
        {run.progress ? <Progress progress={run.progress} /> : null}
        <span className="truncate font-mono text-xs text-dim max-2xl:hidden">{shortId(run.id)}</span>
      </div>
      <div role="cell" className="truncate max-lg:hidden">
        {run.model ?? <span className="text-dim">–</span>}
      </div>
      <div role="cell" className="text-right max-lg:hidden">
        {tokens ? (
          <>
            {formatCompact(usage.inputTokens)} <span className="text-dim">→</span> {formatCompact(usage.outputTokens)}
          </>
        ) : (
          <span className="text-dim">–</span>
        )}
      </div>
      <div role="cell" className={`text-right max-md:hidden ${usage.costMicroUsd === 0 ? "text-dim" : ""}`}>
        {formatCost(usage.costMicroUsd, usage.costKnown)}
      </div>
      <div role="cell" className="text-right max-md:hidden">
        <Duration run={run} />
      </div>
      <div role="cell" className={`text-right max-lg:hidden ${run.firstTokenMs === null ? "text-dim" : ""}`}>
        {formatDuration(run.firstTokenMs)}
      </div>
      <div role="cell" className="relative text-right text-dim">
        <TimeAgo at={run.createdAt} />
      </div>
      <div role="cell" className="truncate text-dim max-xl:hidden" title={run.principal}>
        {keyName}
      </div>
    </div>
  )
}

function Progress({ progress }: { progress: NonNullable<RunSummary["progress"]> }): React.JSX.Element {
  return (
    <span className="shrink-0 text-xs text-dim" title={progressText(progress)}>
      {formatCompact(progress.completed + progress.failed)} / {formatCompact(progress.total)}
      {progress.failed > 0 ? <span className="text-bad"> · {formatCompact(progress.failed)} failed</span> : null}
    </span>
  )
}

function Duration({ run }: { run: RunSummary }): React.JSX.Element {
  const ended = run.durationMs !== null || hasEnded(run.status)
  return ended || run.status !== "running" ? <>{formatDuration(run.durationMs)}</> : <Running since={run.createdAt} />
}

function Running({ since }: { since: number }): React.JSX.Element {
  const now = useNow()
  return <span className="text-live">{formatDuration(Math.max(0, Math.round((now - since) / 1_000) * 1_000))}</span>
}
