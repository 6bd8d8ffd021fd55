// The text of a file as it was read, chunk by chunk: what a search can find of it.
import { useFileContent } from "../../data/documents.ts"
import { Dialog } from "../../parts/dialog.tsx"
import { Failure, Loading } from "../../parts/small.tsx"

export function FileText(props: { storeId: string; fileId: string; name: string; onClose: () => void }): React.JSX.Element {
  const { storeId, fileId, name, onClose } = props
  const content = useFileContent(storeId, fileId)
  return (
    <Dialog title={name} onClose={onClose}>
      {content.error ? <Failure error={content.error} /> : null}
      {content.isPending ? <Loading /> : null}
      {content.data?.data.length === 0 ? <p className="text-sm text-dim">Nothing of it has been read yet.</p> : null}
      <ol aria-label="Chunks" className="max-h-[60vh] divide-y divide-line overflow-y-auto" tabIndex={0}>
        {content.data?.data.map(({ text }, index) => (
          // Chunks have no id here, and stand in the order of the file.
          <li key={index} className="py-2 text-sm break-words whitespace-pre-wrap">
            {text}
          </li>
        ))}
      </ol>
      {content.data?.has_more ? <p className="text-sm text-dim">There is more of it than is shown.</p> : null}
    </Dialog>
  )
}
