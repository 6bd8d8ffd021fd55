// The newest memories of a scope, of all kinds or one.
import { useMemoryPages, type Kind } from "../../data/memories.ts"
import { useAddress } from "../../lib/address.ts"
import { NoneFits } from "../../parts/filters.tsx"
import { Code, Failure, Loading } from "../../parts/small.tsx"
import { Entry } from "./entry.tsx"

export function Newest({ scope }: { scope: string }): React.JSX.Element {
  const { params, set } = useAddress()
  const kind = params.get("kind")
  const pinned = params.get("pinned") === "true"
  const found = useMemoryPages(scope, {
    ...(kind === null ? {} : { kind: kind as Kind }), // the server says what it does not know
    ...(pinned ? { pinned: "true" } : {}),
  })
  if (found.error) return <Failure error={found.error} />
  if (found.isPending) return <Loading />
  if (found.data.length === 0)
    return kind !== null ? (
      <NoneFits what="memory" onClear={() => set("kind", "")} />
    ) : pinned ? (
      <p className="text-sm text-dim">Nothing of this scope is pinned. A pin keeps a memory before models, whatever is asked.</p>
    ) : (
      <HowToAdd scope={scope} />
    )
  return (
    <>
      <ul className="panel divide-y divide-line" aria-label="Memories">
        {found.data.map((entry) => (
          <Entry key={entry.id} entry={entry} />
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

function HowToAdd({ scope }: { scope: string }): React.JSX.Element {
  const call = [
    `curl ${location.origin}/v1/memories \\`,
    `  -H "authorization: Bearer $PERDURE_API_KEY" \\`,
    `  -H "content-type: application/json" \\`,
    `  -d '${JSON.stringify({ scope, text: "Invoices are sent on the first of the month." })}'`,
  ].join("\n")
  return (
    <div>
      <p className="mb-2 text-sm text-dim">No memories of this scope yet. A scope is the project, a user, an agent. This adds one:</p>
      <Code text={call} label="Add a memory" />
    </div>
  )
}
