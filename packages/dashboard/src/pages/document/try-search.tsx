// A search to try: what a question finds in this store, in order, with the score, the heading, and why it stands where it does.
import type { VectorStoreHit, VectorStoreSearch } from "@perdure/client"
import { useState } from "react"
import { useStoreSearch } from "../../data/documents.ts"
import { useAddress } from "../../lib/address.ts"
import { divided, tryRequests, trySettingsIn, type LeftOut } from "../../lib/try-settings.ts"
import { Failure, Loading } from "../../parts/small.tsx"
import { Why } from "../../parts/why.tsx"
import { TryOptions } from "./try-options.tsx"

const resultsShown = 10

export function TrySearch({ storeId }: { storeId: string }): React.JSX.Element {
  const { params, set } = useAddress()
  const query = params.get("query") ?? ""
  const settings = trySettingsIn(params)
  const { request, whole, problem } = tryRequests(query, resultsShown, settings)
  const found = useStoreSearch(storeId, query === "" ? null : request)
  const unfiltered = useStoreSearch(storeId, query === "" ? null : whole)
  const { told, leftOut } = divided(found.data?.data ?? [], unfiltered.data?.data ?? [], settings.threshold)
  return (
    <section aria-label="Try a search" className="flex min-w-0 flex-col gap-3">
      <SearchForm key={query} query={query} onSearch={(next) => set("query", next)} />
      <TryOptions />
      {problem === null ? null : <p className="text-sm text-bad">{problem}</p>}
      {query === "" ? <p className="text-sm text-dim">Ask what a model would ask: you see what it would be given, and why.</p> : null}
      {found.error ? <Failure error={found.error} /> : null}
      {query !== "" && found.isPending ? <Loading /> : null}
      {found.data ? <Notices {...found.data.perdure} /> : null}
      {found.data && told.length === 0 ? <p className="text-sm text-dim">Nothing in this store is close to that.</p> : null}
      {told.length > 0 ? (
        <ol className="panel divide-y divide-line">
          {told.map((hit) => (
            <Hit key={hit.perdure.chunk_id} hit={hit} />
          ))}
        </ol>
      ) : null}
      {leftOut.length > 0 ? <NotTold leftOut={leftOut} /> : null}
    </section>
  )
}

function Notices({ words_only: wordsOnly, reranked }: VectorStoreSearch["perdure"]): React.JSX.Element {
  return (
    <>
      {wordsOnly ? <p className="rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">Searched by words alone: {wordsOnly}.</p> : null}
      {reranked?.failed ? (
        <p className="rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">
          {reranked.model} did not order it: {reranked.failed}.
        </p>
      ) : null}
    </>
  )
}

const reasons = { threshold: "its score is too low", filter: "its attributes do not fit" } as const

function NotTold({ leftOut }: { leftOut: readonly LeftOut<VectorStoreHit>[] }): React.JSX.Element {
  return (
    <details className="panel">
      <summary className="cursor-pointer px-4 py-2 text-sm text-dim">{leftOut.length} left out, and why</summary>
      <ol className="divide-y divide-line border-t border-line">
        {leftOut.map(({ hit, reason }) => (
          <Hit key={hit.perdure.chunk_id} hit={hit} reason={reasons[reason]} />
        ))}
      </ol>
    </details>
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

function Hit({ hit, reason }: { hit: VectorStoreHit; reason?: string }): React.JSX.Element {
  const { heading, pages, why, label } = hit.perdure
  return (
    <li className="px-4 py-3">
      <p className="text-xs text-dim">
        <span className="font-medium text-ink">{hit.filename}</span>
        {heading.length > 0 ? ` › ${heading.join(" › ")}` : ""}
        {pages ? `, page ${pages[0] === pages[1] ? pages[0] : `${pages[0]}–${pages[1]}`}` : ""}
        {reason === undefined ? null : <span className="text-warn"> · left out: {reason}</span>}
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
