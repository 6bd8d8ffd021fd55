// What one search of a comparison found, in order, with its place against the first search, and what that one had found beside.
import type { MemorySearch } from "@perdure/client"
import type { UseQueryResult } from "@tanstack/react-query"
import { Link } from "wouter"
import { compared, differenceText, type Compared, type Placed } from "../../lib/compare.ts"
import { formatCount } from "../../lib/format.ts"
import { reasonText, wordText } from "../../lib/memory-look.ts"
import { Failure, Loading } from "../../parts/small.tsx"
import { Why } from "../../parts/why.tsx"

export interface ColumnProps {
  column: string
  found: UseQueryResult<MemorySearch>
  /** Of the first search; absent for that one itself. */
  first?: MemorySearch | undefined
}

export function Column({ column, found, first }: ColumnProps): React.JSX.Element {
  const name = column.toUpperCase()
  return (
    <section aria-label={`Found by ${name}`} aria-busy={found.isFetching} className="flex min-w-0 flex-col gap-2">
      <h2 className="heading">{name}</h2>
      {found.error ? <Failure error={found.error} /> : null}
      {found.isPending ? <Loading /> : null}
      {found.data ? <Answer answer={found.data} first={column === "a" ? undefined : first} /> : null}
    </section>
  )
}

function Answer({ answer, first }: { answer: MemorySearch; first: MemorySearch | undefined }): React.JSX.Element {
  const { placed, gone, counts } = compared(first ?? answer, answer)
  return (
    <>
      <p className="text-xs text-dim">
        {first === undefined ? null : <span className="font-medium text-ink">{differenceText(counts)} · </span>}
        {formatCount(answer.memories.length)} found, {formatCount(answer.tokens)} tokens
        {answer.withheld > 0 ? `, ${formatCount(answer.withheld)} withheld` : ""}
      </p>
      {answer.wordsOnly === null ? null : (
        <p className="rounded-md bg-warn-soft px-3 py-2 text-xs text-warn">Searched by words alone: {answer.wordsOnly}.</p>
      )}
      {placed.length === 0 ? (
        <p className="text-sm text-dim">Nothing of the scope is close to that, with these settings.</p>
      ) : (
        <ol className="panel divide-y divide-line">
          {placed.map((each) => (
            <Hit key={each.hit.versionId ?? each.hit.id} placed={each} isFirst={first === undefined} />
          ))}
        </ol>
      )}
      {gone.length > 0 ? <Gone gone={gone} /> : null}
    </>
  )
}

function Hit({ placed: { hit, rank, moved }, isFirst }: { placed: Placed; isFirst: boolean }): React.JSX.Element {
  return (
    <li data-memory={hit.id} data-rank={rank} className="px-3 py-2">
      <p className="flex items-start gap-2 text-sm">
        <span className="w-6 shrink-0 text-right text-dim">{rank}</span>
        <Link to={`/memories/${encodeURIComponent(hit.id)}`} className="min-w-0 flex-1 break-words hover:underline">
          {hit.text ?? <span className="text-dim">(its text is gone)</span>}
        </Link>
        {isFirst ? null : <Moved moved={moved} />}
      </p>
      <p className="mt-1 flex flex-wrap gap-x-3 pl-8 text-xs text-dim">
        <span title="How close it is to what was looked for">score {hit.score.toFixed(3)}</span>
        <Why why={hit.why} />
        <span>{hit.kind === "episode" ? hit.lane : hit.kind}</span>
        <span>{wordText(hit)}</span>
      </p>
    </li>
  )
}

function Moved({ moved }: { moved: number | null }): React.JSX.Element | null {
  if (moved === null) return <span className="shrink-0 rounded bg-live-soft px-1.5 text-xs text-live">new</span>
  if (moved === 0) return null
  const places = `${Math.abs(moved)} ${Math.abs(moved) === 1 ? "place" : "places"}`
  return (
    <span className={`shrink-0 text-xs ${moved > 0 ? "text-good" : "text-bad"}`} title={`${places} ${moved > 0 ? "up" : "down"} against A`}>
      <span aria-hidden="true">{moved > 0 ? "▲" : "▼"}</span>
      {Math.abs(moved)}
      <span className="sr-only">{` ${moved > 0 ? "up" : "down"} against A`}</span>
    </span>
  )
}

function Gone({ gone }: { gone: Compared["gone"] }): React.JSX.Element {
  return (
    <section aria-label="Disappeared">
      <h3 className="heading mb-1">Disappeared</h3>
      <ul className="panel divide-y divide-line">
        {gone.map(({ hit, rank, reason }) => (
          <li key={hit.versionId ?? hit.id} className="px-3 py-2 text-xs text-dim">
            <Link to={`/memories/${encodeURIComponent(hit.id)}`} className="break-words line-through hover:text-ink">
              {hit.text ?? "(its text is gone)"}
            </Link>
            <p className="mt-0.5">
              {rank} in A; {reason === null ? "not among what was found" : reasonText(reason)}
            </p>
          </li>
        ))}
      </ul>
    </section>
  )
}
