// The deployments in rows: what each serves, how it fares, its last error and probe, its calls, limits and price.
import type { DeploymentStatus } from "@perdure/client"
import { reasonText } from "../../lib/deployment-health.ts"
import { formatCompact, formatDuration } from "../../lib/format.ts"
import { Chips, Health, Load, Pace, Price } from "../../parts/deployment-facts.tsx"
import { TimeAgo } from "../../parts/small.tsx"

export interface DeploymentTableProps {
  deployments: readonly DeploymentStatus[]
  /** Names of models by deployment id. */
  serves: ReadonlyMap<string, readonly string[]>
}

export function DeploymentTable({ deployments, serves }: DeploymentTableProps): React.JSX.Element {
  return (
    <div className="panel overflow-x-auto" tabIndex={0} role="region" aria-label="Deployments">
      <table className="w-full text-sm">
        <thead className="text-xs text-dim">
          <tr className="border-b border-line">
            <th className="py-2 pr-2 pl-4 text-left font-normal">Deployment</th>
            <th className="px-2 py-2 text-left font-normal">Health</th>
            <th className="px-2 py-2 text-left font-normal whitespace-nowrap">Last error</th>
            <th className="px-2 py-2 text-left font-normal">Probe</th>
            <th className="px-2 py-2 text-right font-normal whitespace-nowrap">First token</th>
            <th className="px-2 py-2 text-right font-normal whitespace-nowrap">In flight</th>
            <th className="px-2 py-2 text-right font-normal whitespace-nowrap">Calls</th>
            <th className="px-2 py-2 text-left font-normal">Limits</th>
            <th className="py-2 pr-4 pl-2 text-right font-normal whitespace-nowrap">Price per M tokens</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {deployments.map((each) => (
            <Row key={each.id} deployment={each} names={serves.get(each.id) ?? []} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ deployment, names }: { deployment: DeploymentStatus; names: readonly string[] }): React.JSX.Element {
  const { id, region, tags, origin, health } = deployment
  const { attempts, failures } = health
  return (
    <tr data-deployment={id} className="align-top">
      <td className="max-w-80 min-w-48 py-2 pr-2 pl-4">
        <div className="flex flex-wrap items-center gap-x-2">
          <span className="font-mono text-xs break-all">{id}</span>
          <Chips words={[...(region === null ? [] : [region]), ...tags.map((tag) => `#${tag}`)]} />
        </div>
        <div className="text-xs text-dim">
          {servesText(names)}
          <span className="whitespace-nowrap">{origin}</span>
        </div>
      </td>
      <td className="px-2 py-2">
        <Health health={health} />
      </td>
      <td className="px-2 py-2">
        <LastError health={health} />
      </td>
      <td className="px-2 py-2">
        <Probe deployment={deployment} />
      </td>
      <td className="px-2 py-2 text-right">
        <Pace health={health} />
      </td>
      <td className="px-2 py-2 text-right">
        <Load health={health} />
      </td>
      <td className="px-2 py-2 text-right whitespace-nowrap">
        {formatCompact(attempts)}
        {failures === 0 ? null : <div className="text-xs text-bad">{formatCompact(failures)} failed</div>}
      </td>
      <td className="px-2 py-2 text-xs">
        <Limits limits={deployment.limits} />
      </td>
      <td className="py-2 pr-4 pl-2 text-right">
        <Price deployment={deployment} />
      </td>
    </tr>
  )
}

const namesShown = 3

function servesText(names: readonly string[]): string {
  if (names.length === 0) return ""
  const rest = names.length - namesShown
  return `serves ${names.slice(0, namesShown).join(", ")}${rest > 0 ? ` and ${rest} more` : ""} · `
}

function LastError({ health: { lastError } }: Pick<DeploymentStatus, "health">): React.JSX.Element {
  if (!lastError) return <span className="text-dim">–</span>
  return (
    <>
      <div className="whitespace-nowrap">{reasonText(lastError.failure)}</div>
      <div className="text-xs text-dim">
        <span className="font-mono">{lastError.code}</span>, <TimeAgo at={lastError.at} />
      </div>
      {lastError.reachFault ? (
        <div className="min-w-48 text-xs break-words">
          {lastError.reachFault.cause}: {lastError.reachFault.next}
        </div>
      ) : null}
    </>
  )
}

function Probe({ deployment: { probed, health } }: { deployment: DeploymentStatus }): React.JSX.Element {
  const { probe } = health
  if (!probe) return <span className="whitespace-nowrap text-dim">{probed ? "not yet" : "none"}</span>
  return (
    <>
      <div className={`whitespace-nowrap ${probe.ok ? "" : "text-bad"}`}>
        {probe.ok ? formatDuration(probe.ms) : (probe.why ?? "failed")}
      </div>
      <div className="text-xs text-dim">
        <TimeAgo at={probe.at} />
      </div>
    </>
  )
}

function Limits({ limits }: Pick<DeploymentStatus, "limits">): React.JSX.Element {
  const { requestsPerMinute, tokensPerMinute, concurrent } = limits ?? {}
  const lines = [
    ...(requestsPerMinute === undefined ? [] : [`${formatCompact(requestsPerMinute)} requests/min`]),
    ...(tokensPerMinute === undefined ? [] : [`${formatCompact(tokensPerMinute)} tokens/min`]),
    ...(concurrent === undefined ? [] : [`${formatCompact(concurrent)} at once`]),
  ]
  if (lines.length === 0) return <span className="text-dim">none</span>
  return (
    <>
      {lines.map((line) => (
        <div key={line} className="whitespace-nowrap">
          {line}
        </div>
      ))}
    </>
  )
}
