// The models with their deployments in rows: priority and share, health, first-token time, calls under way, price.
import type { ServedModel } from "@perdure/client"
import type { ShownModel } from "../../lib/deployment-health.ts"
import { formatDuration } from "../../lib/format.ts"
import { Chips, Health, Load, Pace, Price } from "../../parts/deployment-facts.tsx"
import { Copy } from "../../parts/small.tsx"

const columns = 6

export function ModelTable({ models }: { models: readonly ShownModel[] }): React.JSX.Element {
  return (
    <div className="panel overflow-x-auto" tabIndex={0} role="region" aria-label="Models and their deployments">
      <table className="w-full text-sm">
        <thead className="text-xs text-dim">
          <tr>
            <th className="py-2 pr-2 pl-4 text-left font-normal">Served by</th>
            <th className="px-2 py-2 text-left font-normal">Calls</th>
            <th className="px-2 py-2 text-left font-normal">Health</th>
            <th className="px-2 py-2 text-right font-normal whitespace-nowrap">First token</th>
            <th className="px-2 py-2 text-right font-normal whitespace-nowrap">In flight</th>
            <th className="py-2 pr-4 pl-2 text-right font-normal whitespace-nowrap">Price per M tokens</th>
          </tr>
        </thead>
        {models.map((each) => (
          <ModelRows key={each.model.name} {...each} />
        ))}
      </table>
    </div>
  )
}

function ModelRows({ model, deployments }: ShownModel): React.JSX.Element {
  const hasOrder = new Set(deployments.map(({ priority }) => priority)).size > 1
  return (
    <tbody data-model={model.name} className="border-t border-line">
      <tr>
        <th scope="rowgroup" colSpan={columns} className="px-4 pt-2.5 pb-0.5 text-left font-normal">
          <ModelHead model={model} />
        </th>
      </tr>
      {deployments.map(({ status, priority, share, parameters, failures }, index) => (
        <tr key={status.id} data-deployment={status.id} className="align-top">
          <td className={`max-w-80 min-w-44 pr-2 pl-4 ${index === deployments.length - 1 ? "pt-1 pb-2.5" : "py-1"}`}>
            <span className="font-mono text-xs break-all">{status.id}</span>{" "}
            <Chips words={[...chipsOf(status), ...parameters, ...failures]} />
          </td>
          <td className="px-2 py-1 text-dim">
            <span className="whitespace-nowrap">{callsText({ hasOrder, priority, share }, model.sort)}</span>
          </td>
          <td className="px-2 py-1">
            <Health health={status.health} />
          </td>
          <td className="px-2 py-1 text-right">
            <Pace health={status.health} />
          </td>
          <td className="px-2 py-1 text-right">
            <Load health={status.health} />
          </td>
          <td className="py-1 pr-4 pl-2 text-right">
            <Price deployment={status} />
          </td>
        </tr>
      ))}
    </tbody>
  )
}

function ModelHead({ model }: { model: ServedModel }): React.JSX.Element {
  const { name, aliases, isPattern } = model
  return (
    <div className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
      <span className="font-medium break-all">{name}</span>
      {isPattern ? <Chips words={["any name that fits"]} /> : <Copy text={name} label={`Copy ${name}`} />}
      {aliases.length > 0 ? <span className="text-xs text-dim">also {aliases.join(", ")}</span> : null}
      <span className="text-xs text-dim">{factsOf(model).join(" · ")}</span>
    </div>
  )
}

function factsOf({ regions, fallbacks, contextFallbacks, contentFallbacks, sort, hedgeAfterMs }: ServedModel): string[] {
  return [
    ...(regions ? [`only in ${regions.join(", ")}`] : []),
    ...(sort === null ? [] : [`by ${sort}`]),
    ...(hedgeAfterMs === null ? [] : [`hedged after ${formatDuration(hedgeAfterMs)}`]),
    ...(fallbacks.length > 0 ? [`else ${fallbacks.join(", ")}`] : []),
    ...(contextFallbacks.length > 0 ? [`when too long ${contextFallbacks.join(", ")}`] : []),
    ...(contentFallbacks.length > 0 ? [`when filtered ${contentFallbacks.join(", ")}`] : []),
  ]
}

function chipsOf({ region, tags }: ShownModel["deployments"][number]["status"]): string[] {
  return [...(region === null ? [] : [region]), ...tags.map((tag) => `#${tag}`)]
}

function callsText(
  { hasOrder, priority, share }: { hasOrder: boolean; priority: number; share: number | null },
  sort: ServedModel["sort"],
): string {
  const order = hasOrder ? (priority === 0 ? "first" : `then (${priority})`) : undefined
  const part = share === null ? (sort !== null && !hasOrder ? `by ${sort}` : undefined) : `${Math.round(share * 100)} %`
  return [order, part].filter((word) => word !== undefined).join(", ") || "all"
}
