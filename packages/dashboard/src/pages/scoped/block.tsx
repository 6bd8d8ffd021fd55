// One block: its text, whose word it is, what it was, and what a person may do about it.
import type { Block } from "@perdure/client"
import { useState } from "react"
import { Link } from "wouter"
import { usePrincipalNames } from "../../data/keys.ts"
import { useBlock, useBlockVersions, useConfirmBlock, useDeleteBlock } from "../../data/scoped.ts"
import { formatTime } from "../../lib/format.ts"
import { trustText } from "../../lib/memory-look.ts"
import { scopedPath } from "../../lib/scoped-look.ts"
import { Dialog, DialogButtons } from "../../parts/dialog.tsx"
import { FactList, RunLink, type Facts } from "../../parts/fact-list.tsx"
import { Icon } from "../../parts/icons.tsx"
import { Failure, Loading } from "../../parts/small.tsx"
import { BlockDialog } from "./block-dialog.tsx"
import { Standing, tokensText } from "./blocks.tsx"
import { DeleteDialog } from "./delete-dialog.tsx"
import { History } from "./history.tsx"

type Asked = { edit: string } | "confirm" | "delete" | null

export function BlockView({ scope, path }: { scope: string; path: string }): React.JSX.Element {
  const found = useBlock(scope, path)
  const past = useBlockVersions(scope, path)
  const [asked, setAsked] = useState<Asked>(null)
  const remove = useDeleteBlock(scope, path)
  const close = (): void => setAsked(null)
  const block = found.data
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <Link to={scopedPath(scope, "blocks")} className="button" aria-label="All blocks of the scope">
          <Icon name="back" />
        </Link>
        <h2 className="min-w-0 font-mono text-sm font-medium break-all">{path}</h2>
        {block ? (
          <span className="ml-auto flex flex-wrap gap-2">
            {block.instructs ? null : (
              <button type="button" className="button" onClick={() => setAsked("confirm")}>
                Confirm
              </button>
            )}
            <button type="button" className="button" onClick={() => setAsked({ edit: block.text })}>
              Edit
            </button>
            <button type="button" className="button button-bad" onClick={() => setAsked("delete")}>
              Delete
            </button>
          </span>
        ) : null}
      </div>
      {found.error ? <Failure error={found.error} /> : null}
      {found.isPending ? <Loading /> : null}
      {block ? (
        <>
          <p className="panel px-4 py-3 text-base break-words whitespace-pre-wrap">{block.text}</p>
          <BlockFacts block={block} />
          <History versions={past.data} error={past.error} current={block.version} onRestore={(text) => setAsked({ edit: text })} />
          {asked === "confirm" ? <Confirm block={block} onClose={close} /> : null}
          {asked === "delete" ? (
            <DeleteDialog name={path} version={block.version} work={remove} to={scopedPath(scope, "blocks")} onClose={close} />
          ) : null}
          {asked !== null && typeof asked === "object" ? (
            <BlockDialog scope={scope} block={block} text={asked.edit} onClose={close} />
          ) : null}
        </>
      ) : null}
    </>
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
