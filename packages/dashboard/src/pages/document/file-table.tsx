// The files of one vector store: what became of each, how far its reading is, why it failed, and the run that read it.
import type { VectorStoreFile } from "@perdure/client"
import { useState } from "react"
import { Link } from "wouter"
import { useDetachFile, useFile, useStoreFiles } from "../../data/documents.ts"
import { formatBytes } from "../../lib/format.ts"
import { fractionOf, stageText } from "../../lib/ingestion.ts"
import { Failure, Loading, TimeAgo } from "../../parts/small.tsx"
import { Mark } from "../../parts/status.tsx"
import { FileText } from "./file-text.tsx"

export function FileTable({ storeId }: { storeId: string }): React.JSX.Element {
  const files = useStoreFiles(storeId)
  const detach = useDetachFile(storeId)
  const [shown, setShown] = useState<{ fileId: string; name: string } | null>(null)
  if (files.error) return <Failure error={files.error} />
  if (files.isPending) return <Loading />
  if (files.data.length === 0) return <p className="text-sm text-dim">No files yet.</p>
  return (
    <section aria-label="Files" className="panel overflow-x-auto" tabIndex={0}>
      <table className="w-full text-sm">
        <thead className="text-xs text-dim">
          <tr className="border-b border-line">
            <th className="px-4 py-2 text-left font-normal">File</th>
            <th className="px-2 py-2 text-left font-normal">State</th>
            <th className="px-2 py-2 text-right font-normal">Text</th>
            <th className="px-2 py-2 text-right font-normal">Added</th>
            <th className="px-4 py-2">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {files.data.map((file) => (
            <FileRow
              key={file.id}
              file={file}
              isBusy={detach.isPending}
              onRemove={() => detach.mutate(file.id)}
              onShow={(name) => setShown({ fileId: file.id, name })}
            />
          ))}
        </tbody>
      </table>
      {files.hasNextPage ? (
        <button type="button" className="button m-3" disabled={files.isFetchingNextPage} onClick={() => void files.fetchNextPage()}>
          Show more
        </button>
      ) : null}
      {detach.error ? <Failure error={detach.error} /> : null}
      {shown ? <FileText storeId={storeId} {...shown} onClose={() => setShown(null)} /> : null}
    </section>
  )
}

interface FileRowProps {
  file: VectorStoreFile
  isBusy: boolean
  onRemove: () => void
  onShow: (name: string) => void
}

function FileRow({ file, isBusy, onRemove, onShow }: FileRowProps): React.JSX.Element {
  const { data: uploaded } = useFile(file.id)
  const name = uploaded?.filename ?? file.id
  return (
    <tr data-file={name} data-status={file.status} className="align-top">
      <td className="max-w-64 px-4 py-2 break-words">{name}</td>
      <td className="min-w-40 px-2 py-2">
        <State file={file} name={name} />
      </td>
      <td className="px-2 py-2 text-right whitespace-nowrap">{formatBytes(file.usage_bytes)}</td>
      <td className="px-2 py-2 text-right text-dim">
        <TimeAgo at={file.created_at * 1_000} />
      </td>
      <td className="px-4 py-2 text-right whitespace-nowrap">
        {file.status === "completed" ? (
          <button type="button" className="mr-3 text-xs text-dim underline hover:text-ink" onClick={() => onShow(name)}>
            Read<span className="sr-only"> {name}</span>
          </button>
        ) : null}
        <button type="button" className="text-xs text-dim underline hover:text-ink" disabled={isBusy} onClick={onRemove}>
          Remove<span className="sr-only"> {name}</span>
        </button>
      </td>
    </tr>
  )
}

const looks = {
  completed: ["good", "check", "ready"],
  failed: ["bad", "cross", "failed"],
  cancelled: ["still", "dash", "cancelled"],
  in_progress: ["live", "dot", "being read"],
} as const

function State({ file, name }: { file: VectorStoreFile; name: string }): React.JSX.Element {
  const [tone, shape, word] = looks[file.status]
  const { progress, run_id: runId } = file.perdure
  return (
    <>
      <span className="inline-flex items-center gap-1.5">
        <Mark tone={tone} shape={shape} />
        {runId === null ? (
          word
        ) : (
          <Link to={`/runs/${encodeURIComponent(runId)}`} className="hover:underline" title="The run that read it">
            {word}
          </Link>
        )}
      </span>
      {progress ? (
        <>
          <progress
            aria-label={`Progress of ${name}`}
            value={fractionOf(progress) ?? undefined}
            max={1}
            className="mt-1 block h-1.5 w-full"
          />
          <span className="text-xs text-dim">{stageText(progress)}</span>
        </>
      ) : null}
      {file.last_error ? <p className="mt-0.5 max-w-80 text-xs break-words text-bad">{file.last_error.message}</p> : null}
    </>
  )
}
