// Deployments: each place that serves models, those in trouble first.
import type { Deployments, DeploymentStatus } from "@perdure/client"
import { useMemo } from "react"
import { useSearchParams } from "wouter"
import { useDeployments } from "../../data/deployments.ts"
import { healthLook } from "../../lib/deployment-health.ts"
import { ConfigurationNotice } from "../../parts/configuration-notice.tsx"
import { SearchField } from "../../parts/filters.tsx"
import { Failure, Loading, PageHead } from "../../parts/small.tsx"
import { DeploymentTable } from "./table.tsx"

export function DeploymentsPage(): React.JSX.Element {
  const [params, setParams] = useSearchParams()
  const search = params.get("search") ?? ""
  return (
    <>
      <PageHead title="Deployments">
        <SearchField
          label="Search deployments"
          placeholder="Search deployments, models, regions"
          value={search}
          onChange={(value) => setParams(value === "" ? {} : { search: value })}
        />
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <Places search={search} />
      </div>
    </>
  )
}

function Places({ search }: { search: string }): React.JSX.Element {
  const { data, error } = useDeployments()
  const serves = useMemo(() => (data ? namesOf(data) : new Map<string, string[]>()), [data])
  if (!data) return error ? <Failure error={error} /> : <Loading />
  const now = Date.now()
  const trouble = (each: DeploymentStatus): number => healthLook(each.health, now).trouble
  const shown = data.deployments
    .filter((each) => fits(each, serves.get(each.id) ?? [], search.toLowerCase()))
    .toSorted((a, b) => trouble(b) - trouble(a))
  return (
    <div className="flex flex-col gap-4 p-4 md:px-6">
      <ConfigurationNotice configuration={data.configuration} />
      {shown.length > 0 ? (
        <DeploymentTable deployments={shown} serves={serves} />
      ) : (
        <p className="panel px-4 py-4 text-sm text-dim">No deployment fits the search.</p>
      )}
    </div>
  )
}

/** The names that clients ask for, by deployment. */
function namesOf({ models }: Pick<Deployments, "models">): Map<string, string[]> {
  const names = new Map<string, string[]>()
  for (const { name, deployments } of models) for (const { id } of deployments) names.set(id, [...(names.get(id) ?? []), name])
  return names
}

function fits({ id, provider, region, tags }: DeploymentStatus, names: readonly string[], text: string): boolean {
  return [id, provider, region ?? "", ...tags, ...names].some((word) => word.toLowerCase().includes(text))
}
