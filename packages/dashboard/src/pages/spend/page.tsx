// What was spent: over time and in sums, by model, deployment, key, user, tag, metadata or kind; unknown prices are flagged.
import type { UsageRow } from "@perdure/client"
import { usePrincipalNames } from "../../data/keys.ts"
import { useSpend } from "../../data/usage.ts"
import { useAddress } from "../../lib/address.ts"
import { isUnknownModel } from "../../lib/model-group.ts"
import { measures, ranges, type MeasureName, type RangeName } from "../../lib/spend.ts"
import {
  spendFilterOf,
  spendGroupLink,
  spendGroupName,
  spendGroupOf,
  spendGroupOptions,
  spendGroupTitle,
  type SpendGroup,
} from "../../lib/spend-group.ts"
import { Pick, SearchField } from "../../parts/filters.tsx"
import { Failure, Loading, PageHead } from "../../parts/small.tsx"
import { SpendChart } from "./chart.tsx"
import { NothingSpent, UnknownPrices } from "./notices.tsx"
import { SpendTable } from "./table.tsx"

const rangeOptions = Object.entries(ranges).map(([name, { label }]) => [name, `Last ${label}`] as const)
const measureOptions = Object.entries(measures).map(([name, { label }]) => [name, label] as const)

export function SpendPage(): React.JSX.Element {
  const { params, set } = useAddress()
  const range = known(Object.keys(ranges) as RangeName[], params.get("range"), "month")
  const measure = known(Object.keys(measures) as MeasureName[], params.get("measure"), "cost")
  const group = spendGroupOf(params.get("by"))
  const only = params.get("only") ?? ""
  return (
    <>
      <PageHead title="Spend">
        <Pick label="Group" value={group} options={spendGroupOptions(group)} onChange={(value) => set("by", value)} />
        <Pick label="Measure" value={measure} options={measureOptions} onChange={(value) => set("measure", value)} />
        <SearchField label="Only runs of" placeholder="Tag, or name=value" value={only} onChange={(value) => set("only", value)} />
        <span className="ml-auto">
          <Pick label="Range" value={range} options={rangeOptions} onChange={(value) => set("range", value)} />
        </span>
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <Spend range={range} measure={measure} group={group} only={only} />
      </div>
    </>
  )
}

function known<Name extends string>(names: readonly Name[], given: string | null, otherwise: Name): Name {
  return names.find((name) => name === given) ?? otherwise
}

interface Wanted {
  range: RangeName
  measure: MeasureName
  group: SpendGroup
  only: string
}

function Spend({ range, measure, group, only }: Wanted): React.JSX.Element {
  const filter = spendFilterOf(only)
  const sums = useSpend(range, group, filter, false)
  const overTime = useSpend(range, group, filter, true)
  const perModel = useSpend(range, "model", filter, false)
  const nameOfKey = usePrincipalNames()
  const nameOf = (name: string): string => spendGroupName(group, name, nameOfKey)
  const error = sums.error ?? overTime.error
  if (error) return <Failure error={error} />
  if (!sums.data || !overTime.data) return <Loading />
  if (sums.data.total.runs === 0 && only !== "") return <p className="p-4 text-sm text-dim md:px-6">No run fits {only}.</p>
  if (sums.data.total.runs === 0) return <NothingSpent range={ranges[range].label} />
  return (
    <div className="flex max-w-6xl flex-col gap-4 p-4 md:px-6">
      <UnknownPrices models={unpriced(perModel.data?.rows ?? [])} />
      <SpendChart rows={overTime.data.rows} total={sums.data.total} range={range} measure={measure} nameOf={nameOf} />
      <SpendTable
        rows={sums.data.rows}
        total={sums.data.total}
        measure={measure}
        title={spendGroupTitle(group)}
        nameOf={nameOf}
        linkOf={spendGroupLink(group, range)}
      />
      {sums.data.overlapping ? (
        <p className="text-xs text-dim">A run with several tags, names or values counts for each of them, and once in the total.</p>
      ) : null}
      {sums.data.complete ? null : <p className="text-xs text-dim">There are more groups; those that cost least are in the total alone.</p>}
    </div>
  )
}

function unpriced(rows: readonly UsageRow[]): string[] {
  return rows.filter(({ costKnown, group }) => !costKnown && !isUnknownModel(group)).map(({ group }) => group)
}
