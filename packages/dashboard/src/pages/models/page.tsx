// Models: the names that clients ask for, and where each of them is served.
import { useMemo, useState } from "react"
import { useDeployments } from "../../data/deployments.ts"
import { useAddress } from "../../lib/address.ts"
import { shownModels, type ModelFilter } from "../../lib/deployment-health.ts"
import { formatCount } from "../../lib/format.ts"
import { ConfigurationNotice } from "../../parts/configuration-notice.tsx"
import { Choice, NoneFits, SearchField } from "../../parts/filters.tsx"
import { Code, Failure, Loading, PageHead } from "../../parts/small.tsx"
import { ModelTable } from "./table.tsx"

const filters: readonly (readonly [ModelFilter, string])[] = [
  ["trouble", "With trouble"],
  ["unpriced", "Price unknown"],
]
/** Discovery may find hundreds. */
const rowsShown = 200

export function ModelsPage(): React.JSX.Element {
  const { params, set, clear } = useAddress()
  const only = filters.find(([name]) => name === params.get("only"))?.[0]
  const search = params.get("search") ?? ""
  return (
    <>
      <PageHead title="Models">
        <SearchField
          label="Search models"
          placeholder="Search names, providers, tags"
          value={search}
          onChange={(value) => set("search", value)}
        />
        <Choice label="Show" all="All models" value={only ?? ""} options={filters} onChange={(value) => set("only", value)} />
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <Models search={search} only={only} onClear={clear} />
      </div>
    </>
  )
}

interface ModelsProps {
  search: string
  only: ModelFilter | undefined
  onClear: () => void
}

function Models({ search, only, onClear }: ModelsProps): React.JSX.Element {
  const { data, error } = useDeployments()
  const [rowsMax, setRowsMax] = useState(rowsShown)
  const shown = useMemo(() => data && shownModels(data, { search, only, now: Date.now() }), [data, search, only])
  if (!data || !shown) return error ? <Failure error={error} /> : <Loading />
  return (
    <div className="flex flex-col gap-4 p-4 md:px-6">
      <ConfigurationNotice configuration={data.configuration} />
      {shown.length > 0 ? <ModelTable models={shown.slice(0, rowsMax)} /> : <NoneFits what="model" onClear={onClear} />}
      {shown.length > rowsMax ? (
        <div>
          <button type="button" className="button" onClick={() => setRowsMax(rowsMax + rowsShown)}>
            Show more of {formatCount(shown.length)}
          </button>
        </div>
      ) : null}
      {data.deployments.every(({ provider }) => provider === "embedded") ? <OnlyBuiltIn /> : null}
    </div>
  )
}

const example = `providers:
  openai: { apiKey: { env: OPENAI_API_KEY } }
models:
  fast:
    deployments: [{ provider: openai, model: gpt-4.1-mini }]`

function OnlyBuiltIn(): React.JSX.Element {
  return (
    <div className="panel flex max-w-xl flex-col gap-3 px-4 py-4">
      <h2 className="text-base font-semibold">Only the built-in models yet</h2>
      <p className="text-sm text-dim">
        Set a provider&apos;s key in the environment, or declare models in perdure.yaml; the file is followed while the server runs.
      </p>
      <Code text={example} label="Declare a model" />
    </div>
  )
}
