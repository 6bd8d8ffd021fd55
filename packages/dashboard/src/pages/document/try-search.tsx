// A search to try: what a question finds in this store, in order, with the score, the heading, and why it stands where it does.
import type { VectorStoreHit } from "@perdure/client"
import { useState } from "react"
import { useStoreSearch } from "../../data/documents.ts"
import { useAddress } from "../../lib/address.ts"
import { Failure, Loading } from "../../parts/small.tsx"
import { Why } from "../../parts/why.tsx"

const resultsShown = 10

export function TrySearch({ storeId }: { storeId: string }): React.JSX.Element {
  const { params, set } = useAddress()
  const query = params.get("query") ?? ""
  const found = useStoreSearch(storeId, query, resultsShown)
  return (
    <section aria-label="Try a search" className="flex min-w-0 flex-col gap-3">
      <SearchForm key={query} query={query} onSearch={(next) => set("query", next)} />
      {query === "" ? <p className="text-sm text-dim">Ask what a model would ask: you see what it would be given, and why.</p> : null}
      {found.error ? <Failure error={found.error} /> : null}
      {query !== "" && found.isPending ? <Loading /> : null}
      {found.data?.perdure.words_only ? (
        <p className="rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">Searched by words alone: {found.data.perdure.words_only}.</p>
      ) : null}
      {found.data?.data.length === 0 ? <p className="text-sm text-dim">Nothing in this store is close to that.</p> : null}
      {found.data && found.data.data.length > 0 ? (
        <ol className="panel divide-y divide-line">
          {found.data.data.map((hit) => (
            <Hit key={hit.perdure.chunk_id} hit={hit} />
          ))}
        </ol>
      ) : null}
    </section>
  )
}

function SearchForm({ query, onSearch }: { query: string; onSearch: (query: string) => void }): React.JSX.Element {
  const [wanted, setWanted] = useState(query)
  const send = (event: React.FormEvent): void => {
    event.preventDefault()
    onSearch(wanted.trim())
  }
  return (
    <form role="search" onSubmit={send} className="flex gap-2">
      <input
        type="search"
        aria-label="Question"
        placeholder="Try a search"
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
        className="field min-w-0 flex-1"
      />
      <button type="submit" className="button button-main">
        Search
      </button>
    </form>
  )
}

function Hit({ hit }: { hit: VectorStoreHit }): React.JSX.Element {
  const { heading, why, label } = hit.perdure
  return (
    <li className="px-4 py-3">
      <p className="text-xs text-dim">
        <span className="font-medium text-ink">{hit.filename}</span>
        {heading.length > 0 ? ` › ${heading.join(" › ")}` : ""}
      </p>
      <p className="mt-1 text-sm break-words whitespace-pre-wrap">{hit.content.map(({ text }) => text).join("\n")}</p>
      <p className="mt-1.5 flex flex-wrap gap-x-4 text-xs text-dim">
        <span>score {hit.score.toFixed(3)}</span>
        <Why why={why} />
        <span>integrity {label.integrity}</span>
        {Object.entries(hit.attributes).map(([name, value]) => (
          <span key={name}>
            {name}: {String(value)}
          </span>
        ))}
      </p>
    </li>
  )
}
