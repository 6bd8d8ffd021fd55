// The frame of the lists of blocks and states: what is there, more on demand, and how to begin where nothing is.
import { Failure, Loading } from "../../parts/small.tsx"

export interface ScopedListProps {
  label: string
  /** What they are for, where there is none. */
  empty: string
  /** On the button. */
  add: string
  onAdd: () => void
  found: {
    data: readonly unknown[] | undefined
    error: Error | null
    isPending: boolean
    hasNextPage: boolean
    isFetchingNextPage: boolean
    fetchNextPage: () => Promise<unknown>
  }
  children: React.ReactNode
}

export function ScopedList({ label, empty, add, onAdd, found, children }: ScopedListProps): React.JSX.Element {
  if (found.error) return <Failure error={found.error} />
  if (found.isPending) return <Loading />
  const isEmpty = found.data?.length === 0
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="min-w-0 flex-1 basis-60 text-sm text-dim">{isEmpty ? empty : ""}</p>
        <button type="button" className="button" onClick={onAdd}>
          {add}
        </button>
      </div>
      {isEmpty ? null : (
        <ul className="panel divide-y divide-line" aria-label={label}>
          {children}
        </ul>
      )}
      {found.hasNextPage ? (
        <button type="button" className="button self-start" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          Show more
        </button>
      ) : null}
    </>
  )
}
