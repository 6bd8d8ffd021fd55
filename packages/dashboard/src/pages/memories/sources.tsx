// Where the memories of a scope came from.
import { Link } from "wouter"
import { usePrincipalNames } from "../../data/keys.ts"
import { useSources } from "../../data/memories.ts"
import { sourceText } from "../../lib/memory-look.ts"
import { Failure, Id, Loading, TimeAgo } from "../../parts/small.tsx"

export function Sources({ scope }: { scope: string }): React.JSX.Element {
  const found = useSources(scope)
  const nameOf = usePrincipalNames()
  if (found.error) return <Failure error={found.error} />
  if (found.isPending) return <Loading />
  if (found.data.length === 0) return <p className="text-sm text-dim">Nothing was remembered in this scope yet.</p>
  return (
    <ul className="panel divide-y divide-line" aria-label="Sources">
      {found.data.map((source) => (
        <li key={source.id} data-source={source.id} className="px-4 py-2.5">
          <Link to={`/sources/${encodeURIComponent(source.id)}`} className="break-words hover:underline">
            {source.title ?? source.uri ?? nameOf(source.principal)}
          </Link>
          <p className="mt-1 flex flex-wrap gap-x-4 text-xs text-dim">
            <span>{source.kind}</span>
            <span>{sourceText(source)}</span>
            {source.revokedAt === null ? null : <span className="text-bad">revoked</span>}
            <Id id={source.id} />
            <TimeAgo at={source.createdAt} />
          </p>
        </li>
      ))}
    </ul>
  )
}
