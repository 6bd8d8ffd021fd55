// The vector stores of the project: how many files each has, how many are still being read or failed, and when it was used.
import type { VectorStore } from "@perdure/client"
import { useState } from "react"
import { Link, useLocation } from "wouter"
import { useCreateStore, useVectorStores } from "../../data/documents.ts"
import { formatBytes, formatCount } from "../../lib/format.ts"
import { Dialog } from "../../parts/dialog.tsx"
import { Code, Failure, Id, Loading, PageHead, TimeAgo } from "../../parts/small.tsx"

export function DocumentsPage(): React.JSX.Element {
  const [isCreating, setCreating] = useState(false)
  const stores = useVectorStores()
  return (
    <>
      <PageHead title="Documents">
        <button type="button" className="button button-main ml-auto" onClick={() => setCreating(true)}>
          New vector store
        </button>
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <div className="flex flex-col gap-4 p-4 md:px-6">
          {stores.error ? <Failure error={stores.error} /> : null}
          {stores.isPending ? <Loading /> : null}
          {stores.data?.length === 0 ? <NoStores /> : null}
          {stores.data === undefined || stores.data.length === 0 ? null : <StoreTable stores={stores.data} />}
          {stores.hasNextPage ? (
            <button
              type="button"
              className="button self-start"
              disabled={stores.isFetchingNextPage}
              onClick={() => void stores.fetchNextPage()}
            >
              Show more
            </button>
          ) : null}
        </div>
      </div>
      {isCreating ? <CreateStore onClose={() => setCreating(false)} /> : null}
    </>
  )
}

function StoreTable({ stores }: { stores: readonly VectorStore[] }): React.JSX.Element {
  return (
    <section aria-label="Vector stores" className="panel overflow-x-auto" tabIndex={0}>
      <table className="w-full text-sm">
        <thead className="text-xs text-dim">
          <tr className="border-b border-line">
            <th className="px-4 py-2 text-left font-normal">Name</th>
            <th className="px-2 py-2 text-left font-normal">Files</th>
            <th className="px-2 py-2 text-right font-normal">Text</th>
            <th className="px-2 py-2 text-right font-normal">Used</th>
            <th className="px-4 py-2 text-right font-normal">Made</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {stores.map((store) => (
            <tr key={store.id} data-store={store.name}>
              <td className="max-w-72 px-4 py-2 break-words">
                <Link to={`/documents/${encodeURIComponent(store.id)}`} className="font-medium text-accent hover:underline">
                  {store.name === "" ? "(no name)" : store.name}
                </Link>{" "}
                <span className="text-dim">
                  <Id id={store.id} />
                </span>
                {store.status === "expired" ? <span className="ml-2 rounded bg-warn-soft px-1.5 text-xs text-warn">expired</span> : null}
              </td>
              <td className="px-2 py-2 whitespace-nowrap">
                <Counts counts={store.file_counts} />
              </td>
              <td className="px-2 py-2 text-right whitespace-nowrap">{formatBytes(store.usage_bytes)}</td>
              <td className="px-2 py-2 text-right text-dim">
                <TimeAgo at={store.last_active_at * 1_000} />
              </td>
              <td className="px-4 py-2 text-right text-dim">
                <TimeAgo at={store.created_at * 1_000} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Counts({ counts }: { counts: VectorStore["file_counts"] }): React.JSX.Element {
  return (
    <>
      {formatCount(counts.total)}
      {counts.in_progress > 0 ? <span className="text-live"> · {formatCount(counts.in_progress)} being read</span> : null}
      {counts.failed > 0 ? <span className="text-bad"> · {formatCount(counts.failed)} failed</span> : null}
    </>
  )
}

function CreateStore({ onClose }: { onClose: () => void }): React.JSX.Element {
  const [name, setName] = useState("")
  const [, navigate] = useLocation()
  const create = useCreateStore()
  const send = (event: React.FormEvent): void => {
    event.preventDefault()
    create.mutate(name.trim(), { onSuccess: (store) => navigate(`/documents/${encodeURIComponent(store.id)}`) })
  }
  return (
    <Dialog title="New vector store" onClose={onClose}>
      <form onSubmit={send} className="flex flex-col gap-3">
        <label className="flex flex-col gap-1 text-sm">
          Name
          <input value={name} onChange={(event) => setName(event.target.value)} className="field" required maxLength={200} />
        </label>
        {create.error ? <Failure error={create.error} /> : null}
        <div className="flex justify-end gap-2">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-main" disabled={create.isPending || name.trim() === ""}>
            Create
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function NoStores(): React.JSX.Element {
  const call = [
    `from openai import OpenAI`,
    `client = OpenAI(base_url="${location.origin}/v1", api_key="…")`,
    `store = client.vector_stores.create(name="handbook")`,
    `client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=open("handbook.pdf", "rb"))`,
  ].join("\n")
  return (
    <div className="panel flex max-w-2xl flex-col gap-3 px-4 py-4">
      <h2 className="text-base font-semibold">No documents yet</h2>
      <p className="text-sm text-dim">
        A vector store holds files that models can search, with OpenAI’s API: each file is read in the background, cut along its headings
        and found by words and by meaning. Make one with the button above, or with the client that you have:
      </p>
      <Code text={call} label="Make a vector store" />
    </div>
  )
}
