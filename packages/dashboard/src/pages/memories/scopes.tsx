// The scopes of the project: how much is in each, who may use it, and how long it keeps what is in it; each leads to its memories.
import type { Scope } from "@perdure/client"
import { Link } from "wouter"
import { usePrincipalNames } from "../../data/keys.ts"
import { useScopes } from "../../data/scopes.ts"
import { formatCount } from "../../lib/format.ts"
import { Failure, Loading } from "../../parts/small.tsx"

export function ScopesView(): React.JSX.Element {
  const found = useScopes()
  const nameOf = usePrincipalNames()
  if (found.error) return <Failure error={found.error} />
  if (found.isPending) return <Loading />
  if (found.data.length === 0) return <p className="text-sm text-dim">Nothing was remembered in this project yet.</p>
  return (
    <>
      <ul className="panel divide-y divide-line" aria-label="Scopes">
        {found.data.map((scope) => (
          <li key={scope.path} data-scope={scope.path} className="px-4 py-2.5">
            <Link to={`/memories?scope=${encodeURIComponent(scope.path)}`} className="font-mono text-sm break-words hover:underline">
              {scope.path}
            </Link>
            <p className="mt-1 flex flex-wrap gap-x-4 text-xs text-dim">
              <span>{formatCount(scope.entries)} remembered</span>
              <span>{grantsText(scope, nameOf)}</span>
              {scope.retentionDays === null ? null : <span>kept for {formatCount(scope.retentionDays)} days</span>}
              {scope.levelMin === 0 ? null : <span>recalls from trust {scope.levelMin} on</span>}
              {scope.modelBudgetMicroUsd === null ? null : (
                <span>models may cost ${(scope.modelBudgetMicroUsd / 1_000_000).toFixed(2)} a day</span>
              )}
              {scope.closed ? <span className="text-warn">closed: others need a grant</span> : null}
            </p>
          </li>
        ))}
      </ul>
      {found.hasNextPage ? (
        <button type="button" className="button self-start" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          Show more
        </button>
      ) : null}
    </>
  )
}

function grantsText({ grants }: Scope, nameOf: (id: string) => string): string {
  if (grants.length === 0) return "no grants"
  const whom = grants.map((grant) => ("user" in grant ? `the user ${grant.user}` : nameOf(grant.principal)) + ` (${grant.can.join(", ")})`)
  return `granted to ${whom.join("; ")}`
}
