// One vector store: its files with how far the reading of each is, and a search to try.
import { useState } from "react"
import { Link, useLocation } from "wouter"
import { useDeleteStore, useVectorStore } from "../../data/documents.ts"
import { formatTime } from "../../lib/format.ts"
import { Dialog } from "../../parts/dialog.tsx"
import { Icon } from "../../parts/icons.tsx"
import { Copy, Failure, Id, Loading, PageHead } from "../../parts/small.tsx"
import { AddFiles } from "./add-files.tsx"
import { FileTable } from "./file-table.tsx"
import { TrySearch } from "./try-search.tsx"

export function DocumentPage({ storeId }: { storeId: string }): React.JSX.Element {
  const store = useVectorStore(storeId)
  const [isDeleting, setDeleting] = useState(false)
  return (
    <>
      <PageHead title={store.data?.name || "Vector store"}>
        <Link to="/documents" className="button order-first" aria-label="All vector stores">
          <Icon name="back" />
        </Link>
        <span className="inline-flex items-center text-dim">
          <Id id={storeId} full />
          <Copy text={storeId} label="Copy the id" />
        </span>
        {store.data?.expires_at ? <span className="text-xs text-dim">expires {formatTime(store.data.expires_at * 1_000)}</span> : null}
        <button type="button" className="button button-bad ml-auto" onClick={() => setDeleting(true)} disabled={!store.data}>
          Delete
        </button>
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        {store.error ? <Failure error={store.error} /> : null}
        {store.isPending ? <Loading /> : null}
        {store.data ? (
          <div className="grid gap-4 p-4 md:px-6 xl:grid-cols-2">
            <div className="flex min-w-0 flex-col gap-4">
              <AddFiles storeId={storeId} />
              <FileTable storeId={storeId} />
            </div>
            <TrySearch storeId={storeId} />
          </div>
        ) : null}
      </div>
      {isDeleting && store.data ? <DeleteStore id={storeId} name={store.data.name} onClose={() => setDeleting(false)} /> : null}
    </>
  )
}

function DeleteStore({ id, name, onClose }: { id: string; name: string; onClose: () => void }): React.JSX.Element {
  const remove = useDeleteStore(id)
  const [, navigate] = useLocation()
  return (
    <Dialog title={`Delete ${name || "this vector store"}?`} onClose={onClose}>
      <p className="text-sm text-dim">
        Its texts, words and vectors go at once. The files themselves stay, and other stores that hold them.
      </p>
      {remove.error ? <Failure error={remove.error} /> : null}
      <div className="flex justify-end gap-2">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="button button-bad"
          disabled={remove.isPending}
          onClick={() => remove.mutate(undefined, { onSuccess: () => navigate("/documents") })}
        >
          Delete
        </button>
      </div>
    </Dialog>
  )
}
