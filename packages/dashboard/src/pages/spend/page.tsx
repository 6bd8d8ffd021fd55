// What was spent: over time and in sums, by model, deployment, key, user, tag or kind; unknown prices are flagged.
import type { UsageRow } from "@perdure/client"
import { usePrincipalNames } from "../../data/keys.ts"
import { useSpend, type SpendGroup } from "../../data/usage.ts"
import { useAddress } from "../../lib/address.ts"
import { isUnknownModel, modelName, runsOfModel } from "../../lib/model-group.ts"
import { measures, ranges, type MeasureName, type RangeName } from "../../lib/spend.ts"
import { Pick } from "../../parts/filters.tsx"
import { Failure, Loading, PageHead } from "../../parts/small.tsx"
import { SpendChart } from "./chart.tsx"
import { NothingSpent, UnknownPrices } from "./notices.tsx"
import { SpendTable } from "./table.tsx"

const groups = [
  ["model", "By model"],
  ["deployment", "By deployment"],
  ["principal", "By key"],
  ["user", "By user"],
  ["tag", "By tag"],
  ["kind", "By kind"],
] as const satisfies readonly (readonly [SpendGroup, string])[]
const rangeOptions = Object.entries(ranges).map(([name, { label }]) => [name, `Last ${label}`] as const)
const measureOptions = Object.entries(measures).map(([name, { label }]) => [name, label] as const)

export function SpendPage(): React.JSX.Element {
  const { params, set } = useAddress()
  const range = known(Object.keys(ranges) as RangeName[], params.get("range"), "month")
  const measure = known(Object.keys(measures) as MeasureName[], params.get("measure"), "cost")
  const group = known(
    groups.map(([name]) => name),
    params.get("by"),
    "model",
  )
  return (
    <>
      <PageHead title="Spend">
        <Pick label="Group" value={group} options={groups} onChange={(value) => set("by", value)} />
        <Pick label="Measure" value={measure} options={measureOptions} onChange={(value) => set("measure", value)} />
        <span className="ml-auto">
          <Pick label="Range" value={range} options={rangeOptions} onChange={(value) => set("range", value)} />
        </span>
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <Spend range={range} measure={measure} group={group} />
      </div>
    </>
  )
}

function known<Name extends string>(names: readonly Name[], given: string | null, otherwise: Name): Name {
  return names.find((name) => name === given) ?? otherwise
}

function Spend({ range, measure, group }: { range: RangeName; measure: MeasureName; group: SpendGroup }): React.JSX.Element {
  const sums = useSpend(range, group, false)
  const overTime = useSpend(range, group, true)
  const perModel = useSpend(range, "model", false)
  const nameOfKey = usePrincipalNames()
  const nameOf = (name: string): string =>
    name === "" ? noneOf[group] : group === "principal" ? nameOfKey(name) : group === "model" ? modelName(name) : name
  const error = sums.error ?? overTime.error
  if (error) return <Failure error={error} />
  if (!sums.data || !overTime.data) return <Loading />
  if (sums.data.total.runs === 0) return <NothingSpent range={ranges[range].label} />
  return (
    <div className="flex max-w-6xl flex-col gap-4 p-4 md:px-6">
      <UnknownPrices models={unpriced(perModel.data?.rows ?? [])} />
      <SpendChart rows={overTime.data.rows} total={sums.data.total} range={range} measure={measure} nameOf={nameOf} />
      <SpendTable
        rows={sums.data.rows}
        total={sums.data.total}
        measure={measure}
        title={groups.find(([name]) => name === group)?.[1] ?? ""}
        nameOf={nameOf}
        linkOf={group === "model" ? runsOfModel : undefined}
      />
      {group === "tag" ? <p className="text-xs text-dim">A run with several tags counts for each of them, and once in the total.</p> : null}
    </div>
  )
}

/** What stands for runs without a group. */
const noneOf: Readonly<Record<SpendGroup, string>> = {
  model: "no model",
  deployment: "no deployment",
  principal: "nobody",
  user: "no user",
  tag: "no tag",
  kind: "none",
}

function unpriced(rows: readonly UsageRow[]): string[] {
  return rows.filter(({ costKnown, group }) => !costKnown && !isUnknownModel(group)).map(({ group }) => group)
}
