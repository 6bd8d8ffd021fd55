// Writes a block, a new one or a next version of one; who was faster meanwhile is shown, and nothing of theirs is lost unseen.
import type { Block, Expected } from "@perdure/client"
import { useState } from "react"
import { useLocation } from "wouter"
import { usePutBlock } from "../../data/scoped.ts"
import { scopedPath } from "../../lib/scoped-look.ts"
import { Dialog, DialogButtons } from "../../parts/dialog.tsx"
import { Failure } from "../../parts/small.tsx"
import { Conflict } from "./conflict.tsx"
import { useSeen } from "./seen.ts"

export interface BlockDialogProps {
  scope: string
  /** Absent: a new one. */
  block?: Block
  /** What the field begins with, in place of the block's text. */
  text?: string
  onClose: () => void
}

export function BlockDialog({ scope, block, text: begin, onClose }: BlockDialogProps): React.JSX.Element {
  const put = usePutBlock(scope)
  const [, navigate] = useLocation()
  const [path, setPath] = useState(block?.path ?? "")
  const [text, setText] = useState(begin ?? block?.text ?? "")
  const [description, setDescription] = useState(block?.description ?? "")
  const [tokensMax, setTokensMax] = useState(block?.tokensMax?.toString() ?? "")
  const [readOnly, setReadOnly] = useState(block?.readOnly ?? false)

  const send = (seen: Expected): void => {
    const limit = tokensMax.trim() === "" ? null : Number(tokensMax)
    const written = { text, readOnly, description: description.trim() === "" ? null : description.trim(), tokensMax: limit }
    const done = (): void => (block ? onClose() : navigate(scopedPath(scope, "blocks", path.trim())))
    put.mutate({ path: path.trim(), block: written, expected: seen }, { onSuccess: done })
  }
  const { expected, conflict, onTheirs, onMine } = useSeen<Block>({
    entry: block,
    put,
    send,
    take: ({ text: current }) => setText(current),
  })
  return (
    <Dialog title={block ? `Edit ${block.path}` : "New block"} onClose={onClose}>
      {block ? null : (
        <label className="flex flex-col gap-1 text-sm">
          Path
          <input
            value={path}
            placeholder="style, or plans/q1.md"
            onChange={(event) => setPath(event.target.value)}
            className="field font-mono text-xs"
          />
        </label>
      )}
      <label className="flex flex-col gap-1 text-sm">
        Text
        <textarea rows={8} value={text} onChange={(event) => setText(event.target.value)} className="field h-auto py-1.5" />
      </label>
      <label className="flex flex-col gap-1 text-sm">
        What it is for
        <input value={description} maxLength={1_000} onChange={(event) => setDescription(event.target.value)} className="field" />
      </label>
      <div className="flex flex-wrap items-end gap-x-6 gap-y-3">
        <label className="flex flex-col gap-1 text-sm">
          Most tokens
          <input
            type="number"
            min={1}
            value={tokensMax}
            placeholder="no limit"
            onChange={(event) => setTokensMax(event.target.value)}
            className="field w-32"
          />
        </label>
        <label className="flex h-8 items-center gap-1.5 text-sm">
          <input type="checkbox" checked={readOnly} onChange={(event) => setReadOnly(event.target.checked)} />
          agents cannot change it
        </label>
      </div>
      {conflict === undefined ? null : <Conflict current={conflict} text={conflict?.text ?? ""} onTheirs={onTheirs} onMine={onMine} />}
      {put.error && conflict === undefined ? <Failure error={put.error} /> : null}
      <p className="text-xs text-dim">What you write is your own word: it instructs the models of this scope.</p>
      <DialogButtons
        word="Save"
        busy={put.isPending || conflict !== undefined || path.trim() === "" || text.trim() === ""}
        onSend={() => send(expected)}
        onClose={onClose}
      />
    </Dialog>
  )
}
