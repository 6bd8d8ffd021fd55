// Erasing for good: what would go is counted first, then a person says yes, then the receipt is shown.
import type { ErasureCreateRequest } from "@perdure/client"
import { useEffect, useRef } from "react"
import { useErasure, useStartErasure } from "../data/erasures.ts"
import { Dialog } from "./dialog.tsx"
import { Receipt } from "./receipt.tsx"
import { Failure, Loading } from "./small.tsx"

export interface EraseDialogProps {
  title: string
  target: ErasureCreateRequest
  onClose: () => void
}

export function EraseDialog({ title, target, onClose }: EraseDialogProps): React.JSX.Element {
  const count = useStartErasure()
  const erase = useStartErasure()
  const asked = useRef(false)
  useEffect(() => {
    if (asked.current) return
    asked.current = true
    count.mutate({ ...target, dryRun: true })
  }, [count, target])
  const counted = useErasure(count.data?.id ?? null)
  const erased = useErasure(erase.data?.id ?? null)
  const error = count.error ?? erase.error ?? counted.error ?? erased.error
  const shown = erased.data ?? counted.data
  const isCounted = (counted.data?.receipt ?? null) !== null && erase.data === undefined
  return (
    <Dialog title={title} onClose={onClose}>
      <p className="text-sm text-dim">
        The texts, what was derived of them alone, and the same texts in runs, conversations, files and caches go from the database’s files
        for good. Nobody can bring them back.
      </p>
      {error ? <Failure error={error} /> : null}
      {shown ? <Receipt erasure={shown} /> : error ? null : <Loading />}
      <div className="flex justify-end gap-2">
        <button type="button" className="button" onClick={onClose}>
          {erase.data === undefined ? "Cancel" : "Close"}
        </button>
        {erase.data === undefined ? (
          <button type="button" className="button button-bad" disabled={!isCounted || erase.isPending} onClick={() => erase.mutate(target)}>
            Erase for good
          </button>
        ) : null}
      </div>
    </Dialog>
  )
}
