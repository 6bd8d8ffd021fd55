// The blocks of a scope: texts that stand before its agents whatever is asked, by path, with whether they instruct.
import type { Block } from "@perdure/client"
import { Link } from "wouter"
import { usePrincipalNames } from "../../data/keys.ts"
import { useBlockPages } from "../../data/scoped.ts"
import { formatCount } from "../../lib/format.ts"
import { scopedPath, valueLine } from "../../lib/scoped-look.ts"
import { TimeAgo } from "../../parts/small.tsx"
import { BlockDialog } from "./block-dialog.tsx"
import { ScopedList } from "./list.tsx"

export function Blocks({ scope }: { scope: string }): React.JSX.Element {
  const found = useBlockPages(scope)
  return (
    <ScopedList
      label="Blocks"
      empty="No blocks in this scope. A block is a text that always stands before the models of the scope: how to answer, what never to do."
      add="New block"
      dialog={(onClose) => <BlockDialog scope={scope} onClose={onClose} />}
      found={found}
    >
      {found.data?.map((block) => (
        <Row key={block.path} block={block} />
      ))}
    </ScopedList>
  )
}

function Row({ block }: { block: Block }): React.JSX.Element {
  const nameOf = usePrincipalNames()
  const { scope, path, text, description, version, principal, readOnly, updatedAt } = block
  return (
    <li data-entry={path} className="px-4 py-2.5">
      <Link to={scopedPath(scope, "blocks", path)} className="font-mono text-xs font-medium break-all hover:underline">
        {path}
      </Link>
      <p className="mt-0.5 text-sm break-words">{valueLine(text)}</p>
      <p className="mt-1 flex flex-wrap gap-x-4 text-xs text-dim">
        <Standing block={block} />
        <span>{tokensText(block)}</span>
        {readOnly ? <span>agents cannot change it</span> : null}
        {description === null ? null : <span className="break-words">{description}</span>}
        <span>
          version {version} by {nameOf(principal)}
        </span>
        <TimeAgo at={updatedAt} />
      </p>
    </li>
  )
}

export function Standing({ block: { instructs } }: { block: Pick<Block, "instructs"> }): React.JSX.Element {
  return instructs ? (
    <span className="text-good" title="A person wrote or confirmed it">
      instructs models
    </span>
  ) : (
    <span className="text-warn" title="A model wrote or touched it, and no person has confirmed it since">
      data only, not confirmed
    </span>
  )
}

export function tokensText({ tokens, tokensMax }: Pick<Block, "tokens" | "tokensMax">): string {
  return tokensMax === null ? `${formatCount(tokens)} tokens` : `${formatCount(tokens)} of ${formatCount(tokensMax)} tokens`
}
