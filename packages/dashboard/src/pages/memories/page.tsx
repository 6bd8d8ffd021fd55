// Searches the memories of one scope, with the score, the validity and the trust of each.
import type { MemorySearch } from "@perdure/client"
import { useState } from "react"
import { useSearchParams } from "wouter"
import { useMemorySearch } from "../../data/others.ts"
import { Code, Failure, Id, Loading, PageHead, TimeAgo } from "../../parts/small.tsx"

type Hit = MemorySearch["memories"][number]

export function MemoriesPage(): React.JSX.Element {
  const [params, setParams] = useSearchParams()
  const scope = params.get("scope") ?? ""
  const query = params.get("query") ?? ""
  const found = useMemorySearch(scope, query)
  const asked = scope !== "" && query !== ""
  return (
    <>
      <PageHead title="Memories" />
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <div className="flex max-w-4xl flex-col gap-4 p-4 md:px-6">
          <SearchForm key={`${scope} ${query}`} scope={scope} query={query} onSearch={(next) => setParams(next)} />
          {found.error ? <Failure error={found.error} /> : null}
          {asked && found.isPending ? <Loading /> : null}
          {found.data ? <Hits hits={found.data} /> : null}
          {asked ? null : <HowToAdd />}
        </div>
      </div>
    </>
  )
}

interface SearchFormProps {
  scope: string
  query: string
  onSearch: (next: { scope: string; query: string }) => void
}

function SearchForm({ scope, query, onSearch }: SearchFormProps): React.JSX.Element {
  const [wantedScope, setScope] = useState(scope === "" ? "project" : scope)
  const [wanted, setWanted] = useState(query)
  const send = (event: React.FormEvent): void => {
    event.preventDefault()
    if (wantedScope.trim() !== "" && wanted.trim() !== "") onSearch({ scope: wantedScope.trim(), query: wanted.trim() })
  }
  return (
    <form onSubmit={send} role="search" className="flex flex-wrap gap-2">
      <input
        aria-label="Scope"
        placeholder="Scope: user:ada"
        value={wantedScope}
        onChange={(event) => setScope(event.target.value)}
        className="field w-44 font-mono text-xs"
      />
      <input
        type="search"
        aria-label="What to look for"
        placeholder="What to look for"
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
        className="field min-w-52 flex-1"
      />
      <button type="submit" className="button button-main">
        Search
      </button>
    </form>
  )
}

function Hits({ hits }: { hits: readonly Hit[] }): React.JSX.Element {
  if (hits.length === 0) return <p className="text-sm text-dim">No memory of this scope is close to that.</p>
  return (
    <ul className="panel divide-y divide-line">
      {hits.map((hit) => (
        <li key={hit.id} className="px-4 py-2.5">
          <p className="break-words">{hit.text}</p>
          <p className="mt-1 flex flex-wrap gap-x-4 text-xs text-dim">
            <span title="How close it is to what was looked for">score {hit.score.toFixed(3)}</span>
            <span>integrity {hit.label.integrity}</span>
            <span>from {hit.label.sources.join(", ") || "nobody"}</span>
            {hit.validTo === null ? null : <span>no longer valid</span>}
            <Id id={hit.id} />
            <TimeAgo at={hit.createdAt} />
          </p>
        </li>
      ))}
    </ul>
  )
}

function HowToAdd(): React.JSX.Element {
  const call = [
    `curl ${location.origin}/v1/memories \\`,
    `  -H "authorization: Bearer $PERDURE_API_KEY" \\`,
    `  -H "content-type: application/json" \\`,
    `  -d '{"scope":"project","text":"Invoices are sent on the first of the month."}'`,
  ].join("\n")
  return (
    <div>
      <p className="mb-2 text-sm text-dim">Memories belong to a scope: the project, a user, an agent. This adds one:</p>
      <Code text={call} label="Add a memory" />
    </div>
  )
}
