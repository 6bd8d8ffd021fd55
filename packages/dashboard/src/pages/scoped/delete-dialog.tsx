// Asks before a block or a state is taken away, and takes away only the version that was read.
import type { UseMutationResult } from "@tanstack/react-query"
import { useLocation } from "wouter"
import { Dialog, DialogButtons } from "../../parts/dialog.tsx"
import { Failure } from "../../parts/small.tsx"

export interface DeleteDialogProps {
  name: string
  version: number
  work: UseMutationResult<unknown, Error, number>
  /** Where to go then. */
  to: string
  onClose: () => void
}

export function DeleteDialog({ name, version, work, to, onClose }: DeleteDialogProps): React.JSX.Element {
  const [, navigate] = useLocation()
  return (
    <Dialog title={`Delete ${name}?`} onClose={onClose}>
      <p className="text-sm text-dim">It is no longer there for agents and applications. What it was stays in its history.</p>
      {work.error ? <Failure error={work.error} /> : null}
      <DialogButtons
        word="Delete"
        isBad
        busy={work.isPending}
        onSend={() => work.mutate(version, { onSuccess: () => navigate(to) })}
        onClose={onClose}
      />
    </Dialog>
  )
}
