// The memories of one scope, newest first or by closeness to a query, with the score, the validity and the trust of each.
import type { MemoryList, MemorySearch } from "@perdure/client"
import { useState } from "react"
import { useSearchParams } from "wouter"
import { useMemories } from "../../data/others.ts"
import { Code, Failure, Id, Loading, PageHead, TimeAgo } from "../../parts/small.tsx"

type Found = MemoryList["memories"][number] | MemorySearch["memories"][number]

export function MemoriesPage(): React.JSX.Element {
  const [params, setParams] = useSearchParams()
  const scope = params.get("scope") ?? "project"
  const query = params.get("query") ?? ""
  const found = useMemories(scope, query)
  return (
    <>
      <PageHead title="Memories" />
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <div className="flex max-w-4xl flex-col gap-4 p-4 md:px-6">
          <SearchForm key={`${scope} ${query}`} scope={scope} query={query} onSearch={(next) => setParams(next)} />
          {found.error ? <Failure error={found.error} /> : null}
          {found.isPending ? <Loading /> : null}
          {found.data ? <Memories found={found.data} searched={query !== ""} /> : null}
          {found.data?.length === 0 && query === "" ? <HowToAdd scope={scope} /> : null}
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
  const [wantedScope, setScope] = useState(scope)
  const [wanted, setWanted] = useState(query)
  const send = (event: React.FormEvent): void => {
    event.preventDefault()
    if (wantedScope.trim() !== "") onSearch({ scope: wantedScope.trim(), query: wanted.trim() })
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

function Memories({ found, searched }: { found: readonly Found[]; searched: boolean }): React.JSX.Element | null {
  if (found.length === 0) return searched ? <p className="text-sm text-dim">No memory of this scope is close to that.</p> : null
  return (
    <ul className="panel divide-y divide-line">
      {found.map((hit) => (
        <li key={hit.id} className="px-4 py-2.5">
          <p className="break-words">{hit.text}</p>
          <p className="mt-1 flex flex-wrap gap-x-4 text-xs text-dim">
            {"score" in hit ? <span title="How close it is to what was looked for">score {hit.score.toFixed(3)}</span> : null}
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
