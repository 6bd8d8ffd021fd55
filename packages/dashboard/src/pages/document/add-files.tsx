// Where files are dropped or chosen; each is uploaded and then read in the background.
import { useId, useState } from "react"
import { useAddFiles } from "../../data/documents.ts"
import { Failure } from "../../parts/small.tsx"

export function AddFiles({ storeId }: { storeId: string }): React.JSX.Element {
  const add = useAddFiles(storeId)
  const [isOver, setOver] = useState(false)
  const field = useId()
  const send = (files: FileList | null): void => {
    if (files !== null && files.length > 0) add.mutate([...files])
  }
  const drop = (event: React.DragEvent): void => {
    event.preventDefault()
    setOver(false)
    send(event.dataTransfer.files)
  }
  return (
    <section aria-label="Add files">
      <label
        htmlFor={field}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className={`flex cursor-pointer flex-col items-center gap-1 rounded-lg border border-dashed px-4 py-5 text-sm ${isOver ? "border-accent bg-accent-soft" : "border-line-strong"}`}
      >
        <span>
          {add.isPending ? "Uploading …" : "Drop files here, or "}
          {add.isPending ? null : <span className="font-medium text-accent">choose some</span>}
        </span>
        <span className="text-xs text-dim">PDF, Word, HTML, Markdown, text, CSV, JSON</span>
        <input
          id={field}
          type="file"
          multiple
          aria-label="Files to add"
          className="sr-only"
          disabled={add.isPending}
          onChange={(event) => {
            send(event.currentTarget.files)
            event.currentTarget.value = ""
          }}
        />
      </label>
      {add.error ? <Failure error={add.error} /> : null}
    </section>
  )
}
