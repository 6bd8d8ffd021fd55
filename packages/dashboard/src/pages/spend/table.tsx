// The sums of each group, the largest first, with its share of the whole.
import type { UsageRow } from "@perdure/client"
import { useState } from "react"
import { Link } from "wouter"
import { formatCompact, formatCost, formatCount } from "../../lib/format.ts"
import { measures, type MeasureName } from "../../lib/spend.ts"

const rowsShown = 20

export interface SpendTableProps {
  title: string
  rows: readonly UsageRow[]
  total: UsageRow
  measure: MeasureName
  nameOf: (group: string) => string
  linkOf: ((group: string) => string) | undefined
}

export function SpendTable({ title, rows, total, measure, nameOf, linkOf }: SpendTableProps): React.JSX.Element {
  const [all, setAll] = useState(false)
  const valueOf = measures[measure].of
  const sorted = [...rows].sort((a, b) => valueOf(b) - valueOf(a) || b.runs - a.runs)
  const shown = all ? sorted : sorted.slice(0, rowsShown)
  const sum = Math.max(1, valueOf(total))
  return (
    <section aria-label={title} className="panel overflow-x-auto" tabIndex={0}>
      <table className="w-full text-sm">
        <thead className="text-xs text-dim">
          <tr className="border-b border-line">
            <th className="px-4 py-2 text-left font-normal">{title}</th>
            <th className="px-2 py-2 text-left font-normal">Share</th>
            <th className="px-2 py-2 text-right font-normal">Runs</th>
            <th className="px-2 py-2 text-right font-normal">Failed</th>
            <th className="px-2 py-2 text-right font-normal whitespace-nowrap">Tokens in</th>
            <th className="px-2 py-2 text-right font-normal">Cached</th>
            <th className="px-2 py-2 text-right font-normal whitespace-nowrap">Tokens out</th>
            <th className="px-4 py-2 text-right font-normal">Cost</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {shown.map((row) => (
            <tr key={row.group} data-group={row.group}>
              <td className={`max-w-72 truncate px-4 py-1.5 ${row.group === "" ? "text-dim" : ""}`} title={row.group}>
                <Name name={nameOf(row.group)} to={row.group === "" ? undefined : linkOf?.(row.group)} />
                {row.costKnown ? null : <span className="ml-2 rounded bg-warn-soft px-1.5 text-xs text-warn">price unknown</span>}
              </td>
              <td className="w-32 px-2 py-1.5">
                <Share fraction={valueOf(row) / sum} />
              </td>
              <Numbers row={row} />
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr className="border-t border-line font-medium">
            <th className="px-4 py-2 text-left font-medium" colSpan={2}>
              Total
            </th>
            <Numbers row={total} />
          </tr>
        </tfoot>
      </table>
      {sorted.length > shown.length ? (
        <div className="border-t border-line px-4 py-2">
          <button type="button" className="button" onClick={() => setAll(true)}>
            Show all {formatCount(sorted.length)}
          </button>
        </div>
      ) : null}
    </section>
  )
}

function Numbers({ row }: { row: UsageRow }): React.JSX.Element {
  return (
    <>
      <td className="px-2 py-1.5 text-right">{formatCount(row.runs)}</td>
      <td className={`px-2 py-1.5 text-right ${row.failedRuns > 0 ? "text-bad" : "text-dim"}`}>{formatCount(row.failedRuns)}</td>
      <td className="px-2 py-1.5 text-right">{formatCompact(row.inputTokens)}</td>
      <td className="px-2 py-1.5 text-right text-dim">{formatCompact(row.cachedTokens)}</td>
      <td className="px-2 py-1.5 text-right">{formatCompact(row.outputTokens)}</td>
      <td className="px-4 py-1.5 text-right whitespace-nowrap">{formatCost(row.costMicroUsd, row.costKnown)}</td>
    </>
  )
}

function Share({ fraction }: { fraction: number }): React.JSX.Element {
  const percent = Math.min(100, fraction * 100)
  return (
    <span className="flex items-center gap-2">
      <span className="h-1.5 w-16 shrink-0 overflow-hidden rounded-full bg-line" aria-hidden="true">
        <span className="block h-full rounded-full bg-accent" style={{ width: `${percent}%` }} />
      </span>
      <span className="text-xs whitespace-nowrap text-dim">{percent > 0 && percent < 1 ? "<1" : Math.round(percent)} %</span>
    </span>
  )
}

function Name({ name, to }: { name: string; to: string | undefined }): React.JSX.Element {
  if (to === undefined) return <span>{name}</span>
  return (
    <Link to={to} className="hover:underline">
      {name}
    </Link>
  )
}
