// One block: its text, whose word it is, what it was, and what a person may do about it.
import type { Block } from "@perdure/client"
import { useState } from "react"
import { usePrincipalNames } from "../../data/keys.ts"
import { useBlock, useBlockVersions, useConfirmBlock, useDeleteBlock } from "../../data/scoped.ts"
import { formatTime } from "../../lib/format.ts"
import { trustText } from "../../lib/memory-look.ts"
import { Dialog, DialogButtons } from "../../parts/dialog.tsx"
import { FactList, RunLink, type Facts } from "../../parts/fact-list.tsx"
import { Failure } from "../../parts/small.tsx"
import { BlockDialog } from "./block-dialog.tsx"
import { Standing, tokensText } from "./blocks.tsx"
import { EntryFrame } from "./entry-frame.tsx"
import { History } from "./history.tsx"

export function BlockView({ scope, path }: { scope: string; path: string }): React.JSX.Element {
  const found = useBlock(scope, path)
  const past = useBlockVersions(scope, path)
  const remove = useDeleteBlock(scope, path)
  const [confirming, setConfirming] = useState(false)
  const confirm = (block: Block): React.ReactNode =>
    block.instructs ? null : (
      <button type="button" className="button" onClick={() => setConfirming(true)}>
        Confirm
      </button>
    )
  return (
    <EntryFrame
      scope={scope}
      kind="blocks"
      name={path}
      found={found}
      remove={remove}
      textOf={({ text }) => text}
      editor={(block, text, onClose) => <BlockDialog scope={scope} block={block} text={text} onClose={onClose} />}
      buttons={confirm}
    >
      {(block, edit) => (
        <>
          <p className="panel px-4 py-3 text-base break-words whitespace-pre-wrap">{block.text}</p>
          <BlockFacts block={block} />
          <History versions={past.data} error={past.error} current={block.version} onRestore={edit} />
          {confirming ? <Confirm block={block} onClose={() => setConfirming(false)} /> : null}
        </>
      )}
    </EntryFrame>
  )
}

function BlockFacts({ block }: { block: Block }): React.JSX.Element {
  const nameOf = usePrincipalNames()
  const rows: Facts = [
    ["Stands as", <Standing block={block} />],
    ["Trust", `${trustText(block.label.integrity)} (${block.label.integrity})`],
    ["Who can have written it", block.label.sources.join(", ")],
    ["What it is for", block.description],
    ["Size", tokensText(block)],
    ["Agents", block.readOnly ? "cannot change it" : "may change it"],
    ["Version", String(block.version)],
    ["Written by", nameOf(block.principal)],
    ["Written", formatTime(block.updatedAt)],
    ["Since", formatTime(block.createdAt)],
    ["Run", block.runId === null ? null : <RunLink id={block.runId} />],
  ]
  return <FactList rows={rows} />
}

/** What is confirmed is the text that stands here. */
function Confirm({ block, onClose }: { block: Block; onClose: () => void }): React.JSX.Element {
  const confirm = useConfirmBlock(block.scope, block.path)
  return (
    <Dialog title="Stand by this text?" onClose={onClose}>
      <p className="text-sm text-dim">You say it too: from then on it instructs the models of this scope. Read it to its end.</p>
      <p
        tabIndex={0}
        className="panel max-h-60 overflow-y-auto px-3 py-2 text-sm break-words whitespace-pre-wrap"
        aria-label="The text"
        role="group"
      >
        {block.text}
      </p>
      {confirm.error ? <Failure error={confirm.error} /> : null}
      <DialogButtons
        word="Confirm"
        busy={confirm.isPending}
        onSend={() => confirm.mutate(block.version, { onSuccess: onClose })}
        onClose={onClose}
      />
    </Dialog>
  )
}
