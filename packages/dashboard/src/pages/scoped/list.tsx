// The frame of the lists of blocks and states: what is there, more on demand, and how to begin where nothing is.
import { useState } from "react"
import { Failure, Loading } from "../../parts/small.tsx"

export interface ScopedListProps {
  label: string
  /** What they are for, where there is none. */
  empty: string
  /** On the button. */
  add: string
  /** Makes a new one. */
  dialog: (onClose: () => void) => React.ReactNode
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

export function ScopedList({ label, empty, add, dialog, found, children }: ScopedListProps): React.JSX.Element {
  const [adding, setAdding] = useState(false)
  if (found.error) return <Failure error={found.error} />
  if (found.isPending) return <Loading />
  const isEmpty = found.data?.length === 0
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="min-w-0 flex-1 basis-60 text-sm text-dim">{isEmpty ? empty : ""}</p>
        <button type="button" className="button" onClick={() => setAdding(true)}>
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
      {adding ? dialog(() => setAdding(false)) : null}
    </>
  )
}
