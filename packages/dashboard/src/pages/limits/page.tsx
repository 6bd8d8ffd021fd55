// Budgets, rates and calls at once: how much of each is used, held by calls under way, and left.
import type { LimitStatus } from "@perdure/client"
import { usePrincipalNames } from "../../data/keys.ts"
import { useLimits } from "../../data/usage.ts"
import { useAddress } from "../../lib/address.ts"
import { byFullness, scopeText, sortOf, stateOf, type LimitSort, type LimitState } from "../../lib/limit-look.ts"
import { Choice, NoneFits, SearchField } from "../../parts/filters.tsx"
import { Code, Failure, Loading, PageHead } from "../../parts/small.tsx"
import { AlertTable } from "./alerts.tsx"
import { LimitTable } from "./table.tsx"

const sorts = [
  ["money", "Budgets"],
  ["rate", "Rates"],
  ["concurrent", "Calls at once"],
] as const satisfies readonly (readonly [LimitSort, string])[]
const states = [
  ["full", "Used up"],
  ["near", "Nearly used up"],
  ["free", "With room"],
] as const satisfies readonly (readonly [LimitState, string])[]

export function LimitsPage(): React.JSX.Element {
  const { params, set, clear } = useAddress()
  const filter = { search: params.get("search") ?? "", sort: params.get("sort") ?? "", state: params.get("state") ?? "" }
  return (
    <>
      <PageHead title="Limits">
        <SearchField
          label="Search limits"
          placeholder="Search names, keys, models"
          value={filter.search}
          onChange={(value) => set("search", value)}
        />
        <Choice label="Sort of limit" all="All limits" value={filter.sort} options={sorts} onChange={(value) => set("sort", value)} />
        <Choice label="State" all="All states" value={filter.state} options={states} onChange={(value) => set("state", value)} />
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <Limits filter={filter} onClear={clear} />
      </div>
    </>
  )
}

interface Filter {
  search: string
  sort: string
  state: string
}

function Limits({ filter, onClear }: { filter: Filter; onClear: () => void }): React.JSX.Element {
  const limits = useLimits()
  const nameOfKey = usePrincipalNames()
  if (limits.error) return <Failure error={limits.error} />
  if (limits.isPending) return <Loading />
  if (limits.data.length === 0) return <NoLimits />
  const shown = limits.data.filter((limit) => fits(limit, filter, nameOfKey)).sort(byFullness)
  return (
    <div className="flex max-w-6xl flex-col gap-4 p-4 md:px-6">
      {shown.length > 0 ? <LimitTable limits={shown} nameOfKey={nameOfKey} /> : <NoneFits what="limit" onClear={onClear} />}
      <AlertTable />
      <p className="text-xs text-dim">
        Amounts of all processes together. Held is what calls under way may use at most; the rest of it comes back when they end.
      </p>
    </div>
  )
}

function fits(limit: LimitStatus, { search, sort, state }: Filter, nameOfKey: (id: string) => string): boolean {
  if (sort !== "" && sortOf(limit) !== sort) return false
  if (state !== "" && stateOf(limit) !== state) return false
  return `${limit.name} ${scopeText(limit, nameOfKey)}`.toLowerCase().includes(search.toLowerCase())
}

const example = `budgets:
  - { name: team, usd: 500, per: month }
  - { name: each-key, for: { key: "*" }, usd: 20, per: day }
rateLimits:
  - { name: pace, for: { key: "*" }, requests: 600, per: minute }`

function NoLimits(): React.JSX.Element {
  return (
    <div className="p-4 md:px-6">
      <div className="panel flex max-w-xl flex-col gap-3 px-4 py-4">
        <h2 className="text-base font-semibold">Nothing is limited yet</h2>
        <p className="text-sm text-dim">
          A budget holds what a call may cost before it is made, so it cannot be overshot by calls that run at the same time. Declare
          budgets and rates in perdure.yaml, or give a key limits of its own on the page of keys; what they use shows here.
        </p>
        <Code text={example} label="Limits in perdure.yaml" />
      </div>
    </div>
  )
}
