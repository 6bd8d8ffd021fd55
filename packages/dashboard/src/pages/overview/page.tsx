// The last 24 hours at a glance: how much ran, what it cost, what failed; every number leads to its runs.
import type { UsageRow } from "@perdure/client"
import { Link } from "wouter"
import { usePrincipalNames } from "../../data/keys.ts"
import { useUsage } from "../../data/others.ts"
import { useRelatedRuns } from "../../data/runs.ts"
import { formatCompact, formatCost, formatCount } from "../../lib/format.ts"
import { modelName, runsOfModel } from "../../lib/model-group.ts"
import { Failure, Loading, PageHead } from "../../parts/small.tsx"
import { RunLinks } from "../run/related.tsx"
import { HourChart } from "./hour-chart.tsx"

const hours = 24

export function OverviewPage(): React.JSX.Element {
  const perHour = useUsage(hours, "hour")
  const perModel = useUsage(hours, "model")
  const perKey = useUsage(hours, "principal")
  const nameOf = usePrincipalNames()
  const failures = useRelatedRuns({ status: "failed" }, true)
  return (
    <>
      <PageHead title="Overview">
        <span className="text-sm text-dim">last 24 hours</span>
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        {perHour.error ? <Failure error={perHour.error} /> : null}
        {perHour.isPending ? <Loading /> : null}
        {perHour.data ? (
          <div className="flex max-w-6xl flex-col gap-4 p-4 md:px-6">
            <Numbers total={perHour.data.total} />
            <HourChart rows={perHour.data.rows} hours={hours} />
            <div className="grid items-start gap-4 lg:grid-cols-2">
              <UsageTable title="By model" none="no model" rows={perModel.data?.rows ?? []} nameOf={modelName} linkOf={runsOfModel} />
              <UsageTable title="By key" none="nobody" rows={perKey.data?.rows ?? []} nameOf={nameOf} />
            </div>
            <section aria-label="Latest failures" className="panel">
              <h2 className="heading border-b border-line px-4 py-2 leading-6">Latest failures</h2>
              <div className="px-4 py-3 text-sm">
                {(failures.data ?? []).length === 0 ? <p className="text-dim">Nothing has failed.</p> : null}
                <RunLinks title="All failed runs" runs={(failures.data ?? []).slice(0, 8)} all="/runs?status=failed" />
              </div>
            </section>
          </div>
        ) : null}
      </div>
    </>
  )
}

function Numbers({ total }: { total: UsageRow }): React.JSX.Element {
  const errorRate = total.runs === 0 ? 0 : total.failedRuns / total.runs
  return (
    <dl className="grid grid-cols-2 gap-4 lg:grid-cols-5">
      <Number name="Runs" to="/runs" value={formatCount(total.runs)} />
      <Number
        name="Tokens in"
        to="/runs"
        value={formatCompact(total.inputTokens)}
        note={total.cachedTokens > 0 ? `${formatCompact(total.cachedTokens)} cached` : undefined}
      />
      <Number name="Tokens out" to="/runs" value={formatCompact(total.outputTokens)} />
      <Number
        name="Cost"
        to="/runs"
        value={formatCost(total.costMicroUsd, total.costKnown)}
        note={total.costKnown ? undefined : "some prices are unknown"}
      />
      <Number
        name="Failed"
        to="/runs?status=failed"
        value={`${(errorRate * 100).toFixed(errorRate > 0 && errorRate < 0.1 ? 1 : 0)} %`}
        note={`${formatCount(total.failedRuns)} of ${formatCount(total.runs)}`}
        bad={total.failedRuns > 0}
      />
    </dl>
  )
}

function Number({
  name,
  to,
  value,
  note,
  bad = false,
}: {
  name: string
  to: string
  value: string
  note?: string | undefined
  bad?: boolean
}): React.JSX.Element {
  return (
    <div className="panel px-4 py-3">
      <dt className="text-xs text-dim">{name}</dt>
      <dd>
        <Link to={to} className={`text-xl font-semibold tracking-tight hover:underline ${bad ? "text-bad" : ""}`}>
          {value}
        </Link>
        <span className="block min-h-4 text-xs text-dim">{note ?? ""}</span>
      </dd>
    </div>
  )
}

interface UsageTableProps {
  title: string
  /** What stands for runs without a name here. */
  none: string
  rows: readonly UsageRow[]
  linkOf?: (group: string) => string
  nameOf?: (group: string) => string
}

function UsageTable({ title, none, rows, linkOf, nameOf = (group) => group }: UsageTableProps): React.JSX.Element {
  const sorted = [...rows].sort((a, b) => b.costMicroUsd - a.costMicroUsd || b.runs - a.runs).slice(0, 10)
  return (
    <section aria-label={title} className="panel overflow-x-auto">
      <h2 className="heading border-b border-line px-4 py-2 leading-6">{title}</h2>
      {sorted.length === 0 ? <p className="px-4 py-3 text-sm text-dim">Nothing ran.</p> : null}
      <table className="w-full text-sm">
        {sorted.length === 0 ? null : (
          <thead className="text-xs text-dim">
            <tr>
              <th className="px-4 py-1.5 text-left font-normal">Name</th>
              <th className="px-2 py-1.5 text-right font-normal">Runs</th>
              <th className="px-2 py-1.5 text-right font-normal">Failed</th>
              <th className="px-2 py-1.5 text-right font-normal">Tokens</th>
              <th className="px-4 py-1.5 text-right font-normal">Cost</th>
            </tr>
          </thead>
        )}
        <tbody className="divide-y divide-line">
          {sorted.map((row) => (
            <tr key={row.group}>
              <td className="max-w-56 truncate px-4 py-1.5" title={row.group}>
                <GroupName name={row.group === "" ? none : nameOf(row.group)} to={row.group === "" ? undefined : linkOf?.(row.group)} />
              </td>
              <td className="px-2 py-1.5 text-right">{formatCount(row.runs)}</td>
              <td className={`px-2 py-1.5 text-right ${row.failedRuns > 0 ? "text-bad" : "text-dim"}`}>{formatCount(row.failedRuns)}</td>
              <td className="px-2 py-1.5 text-right">{formatCompact(row.inputTokens + row.outputTokens)}</td>
              <td className="px-4 py-1.5 text-right">{formatCost(row.costMicroUsd, row.costKnown)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function GroupName({ name, to }: { name: string; to: string | undefined }): React.JSX.Element {
  if (to === undefined) return <>{name}</>
  return (
    <Link to={to} className="hover:underline">
      {name}
    </Link>
  )
}
