// What is looked at: the scope, a question, the kind of memory, the least trust, and the time as of which it was known.
import { useState } from "react"
import { useSearchParams } from "wouter"
import { useScopes } from "../../data/scopes.ts"
import { useAddress } from "../../lib/address.ts"
import { Choice } from "../../parts/filters.tsx"

const kinds = ["episode", "fact", "preference", "event", "procedure", "reflection", "summary", "timeline", "profile"] as const
export const levels = [
  ["1", "Curated or better"],
  ["2", "The system’s or better"],
  ["3", "Users’ own words"],
] as const

export interface ToolbarProps {
  /** A question can be asked. */
  isSearch: boolean
  /** What is found can be narrowed here. */
  isFiltered: boolean
}

export function Toolbar({ isSearch, isFiltered }: ToolbarProps): React.JSX.Element {
  const { params, set } = useAddress()
  const query = params.get("query") ?? ""
  return (
    <div className="flex flex-wrap items-start gap-2">
      <SearchForm key={`${params.get("scope")} ${query}`} isSearch={isSearch} />
      {isFiltered && query === "" ? (
        <>
          <Choice
            label="Kind"
            all="All kinds"
            value={params.get("kind") ?? ""}
            options={kinds.map((kind) => [kind, kind])}
            onChange={(value) => set("kind", value)}
          />
          <label className="flex items-center gap-1.5 self-center text-xs text-dim">
            <input
              type="checkbox"
              checked={params.get("pinned") === "true"}
              onChange={(event) => set("pinned", event.target.checked ? "true" : "")}
            />
            pinned only
          </label>
        </>
      ) : null}
      {isFiltered && query !== "" ? (
        <>
          <Choice
            label="Trust"
            all="All levels"
            value={params.get("level") ?? ""}
            options={levels}
            onChange={(value) => set("level", value)}
          />
          <label className="flex items-center gap-1.5 text-xs text-dim">
            as of
            <input
              type="datetime-local"
              aria-label="As of"
              value={params.get("asOf") ?? ""}
              onChange={(event) => set("asOf", event.target.value)}
              className="field"
            />
          </label>
        </>
      ) : null}
    </div>
  )
}

function SearchForm({ isSearch }: { isSearch: boolean }): React.JSX.Element {
  const [params, setParams] = useSearchParams()
  const known = useScopes()
  const [scope, setScope] = useState(params.get("scope") ?? "project")
  const [query, setQuery] = useState(params.get("query") ?? "")
  const send = (event: React.FormEvent): void => {
    event.preventDefault()
    const next = new URLSearchParams(params)
    next.set("scope", scope.trim() === "" ? "project" : scope.trim())
    next.delete("entry")
    if (query.trim() === "") next.delete("query")
    else next.set("query", query.trim())
    setParams(next)
  }
  return (
    <form onSubmit={send} role="search" className="flex grow basis-md flex-wrap gap-2">
      <input
        aria-label="Scope"
        placeholder="Scope: user:ada"
        list="known-scopes"
        value={scope}
        onChange={(event) => setScope(event.target.value)}
        className="field w-44 font-mono text-xs"
      />
      <datalist id="known-scopes">
        {known.data?.map(({ path }) => (
          <option key={path} value={path} />
        ))}
      </datalist>
      {isSearch ? (
        <input
          type="search"
          aria-label="What to look for"
          placeholder="What to look for"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          className="field min-w-40 flex-1"
        />
      ) : null}
      <button type="submit" className="button button-main">
        {isSearch ? "Search" : "Show"}
      </button>
    </form>
  )
}
