// Erasures of the project with their receipts, and starting one: of a scope, of what is about somebody, or of a text.
import type { Erasure, ErasureCreateRequest } from "@perdure/client"
import { useState } from "react"
import { usePrincipalNames } from "../../data/keys.ts"
import { useErasures } from "../../data/erasures.ts"
import { targetText } from "../../lib/erasure-look.ts"
import { EraseDialog } from "../../parts/erase-dialog.tsx"
import { Pick } from "../../parts/filters.tsx"
import { Receipt } from "../../parts/receipt.tsx"
import { Failure, Loading, TimeAgo } from "../../parts/small.tsx"

export function ErasuresView({ scope }: { scope: string }): React.JSX.Element {
  const found = useErasures()
  const [target, setTarget] = useState<ErasureCreateRequest | null>(null)
  return (
    <>
      <EraseForm scope={scope} onAsk={setTarget} />
      {found.error ? <Failure error={found.error} /> : null}
      {found.isPending ? <Loading /> : null}
      {found.data?.length === 0 ? <p className="text-sm text-dim">Nothing was erased in this project.</p> : null}
      {found.data && found.data.length > 0 ? (
        <ul className="panel divide-y divide-line" aria-label="Erasures">
          {found.data.map((erasure) => (
            <Row key={erasure.id} erasure={erasure} />
          ))}
        </ul>
      ) : null}
      {target === null ? null : <EraseDialog title="Erase this for good?" target={target} onClose={() => setTarget(null)} />}
    </>
  )
}

function Row({ erasure }: { erasure: Erasure }): React.JSX.Element {
  const nameOf = usePrincipalNames()
  return (
    <li className="flex flex-col gap-1.5 px-4 py-2.5" data-erasure={erasure.id}>
      <p className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="break-words">{targetText(erasure.target)}</span>
        <span className="text-xs text-dim">
          by {nameOf(erasure.principal)}, <TimeAgo at={erasure.createdAt} />
        </span>
      </p>
      <Receipt erasure={erasure} />
    </li>
  )
}

const kinds = [
  ["query", "A text"],
  ["subject", "What is about somebody"],
  ["scope", "The whole scope"],
] as const
type Kind = (typeof kinds)[number][0]

/** Shorter texts are refused: too much would fit. */
const queryCharactersMin = 4

function EraseForm({ scope, onAsk }: { scope: string; onAsk: (target: ErasureCreateRequest) => void }): React.JSX.Element {
  const [kind, setKind] = useState<Kind>("query")
  const [text, setText] = useState("")
  const name = text.trim()
  const isReady = kind === "scope" || name.length >= (kind === "query" ? queryCharactersMin : 1)
  const send = (event: React.FormEvent): void => {
    event.preventDefault()
    if (!isReady) return
    onAsk(kind === "scope" ? { scope } : kind === "subject" ? { subject: name } : { query: name })
  }
  return (
    <form onSubmit={send} className="flex flex-wrap gap-2" aria-label="Erase">
      <Pick
        label="What to erase"
        value={kind}
        options={kinds}
        onChange={(value) => setKind(kinds.find(([each]) => each === value)?.[0] ?? "query")}
      />
      {kind === "scope" ? (
        <p className="self-center font-mono text-xs">{scope}</p>
      ) : (
        <input
          aria-label={kind === "query" ? "The text" : "Whom it is about"}
          placeholder={kind === "query" ? "The text, wherever it stands in the project" : "As it was named when it was remembered"}
          value={text}
          onChange={(event) => setText(event.target.value)}
          className="field min-w-40 flex-1"
        />
      )}
      <button type="submit" className="button button-bad" disabled={!isReady}>
        Count what would go
      </button>
    </form>
  )
}
