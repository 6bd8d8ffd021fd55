// What a question finds in a scope, with rank and score of each arm, and what it found and left out, with the reason.
import type { MemorySearch, MemorySearchRequest } from "@perdure/client"
import { Link } from "wouter"
import { useMemorySearch } from "../../data/memories.ts"
import { useAddress } from "../../lib/address.ts"
import { formatCount } from "../../lib/format.ts"
import { reasonText } from "../../lib/memory-look.ts"
import { Failure, Id, Loading } from "../../parts/small.tsx"
import { Why } from "../../parts/why.tsx"
import { Entry } from "./entry.tsx"

export function Found({ scope, query }: { scope: string; query: string }): React.JSX.Element {
  const { params } = useAddress()
  const found = useMemorySearch(requestOf(scope, query, params))
  if (found.error) return <Failure error={found.error} />
  if (found.isPending) return <Loading />
  const { memories, leftOut, withheld, tokens, wordsOnly } = found.data
  return (
    <>
      {wordsOnly === null ? null : (
        <p className="rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">Searched by words alone: {wordsOnly}.</p>
      )}
      {memories.length === 0 ? (
        <p className="text-sm text-dim">No memory of this scope is close to that.</p>
      ) : (
        <section aria-label="Found">
          <p className="mb-1.5 text-xs text-dim">
            {formatCount(memories.length)} found, {formatCount(tokens)} tokens
            {withheld > 0 ? `, ${formatCount(withheld)} withheld: they ask for behaviour` : ""}
          </p>
          <ol className="panel divide-y divide-line">
            {memories.map((hit) => (
              <Entry key={hit.versionId ?? hit.id} entry={hit}>
                <span title="How close it is to what was looked for">score {hit.score.toFixed(3)}</span>
                <Why why={hit.why} />
              </Entry>
            ))}
          </ol>
        </section>
      )}
      {leftOut.length > 0 ? <LeftOut entries={leftOut} /> : null}
    </>
  )
}

function requestOf(scope: string, query: string, params: URLSearchParams): MemorySearchRequest {
  const [level, asOf] = [params.get("level"), Date.parse(params.get("asOf") ?? "")]
  return {
    scope,
    query,
    ...(level === null ? {} : { levelMin: Number(level) }),
    ...(Number.isNaN(asOf) ? {} : { asOf }),
  }
}

function LeftOut({ entries }: { entries: MemorySearch["leftOut"] }): React.JSX.Element {
  return (
    <details className="text-sm">
      <summary className="cursor-pointer text-dim hover:text-ink">{formatCount(entries.length)} found and left out</summary>
      <ul className="panel mt-2 divide-y divide-line" aria-label="Left out">
        {entries.map((entry) => (
          <li key={entry.versionId ?? entry.id} className="flex flex-wrap gap-x-4 px-4 py-2 text-xs text-dim">
            <Link to={`/memories/${encodeURIComponent(entry.id)}`} className="text-accent hover:underline">
              <Id id={entry.id} />
            </Link>
            <span className="text-ink">{reasonText(entry.reason)}</span>
            <span>score {entry.score.toFixed(3)}</span>
            <Why why={entry.why} />
          </li>
        ))}
      </ul>
    </details>
  )
}
