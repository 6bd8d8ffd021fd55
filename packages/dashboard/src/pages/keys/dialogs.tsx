// What is done with keys: make one, change one, give it a new secret, block it, end it; a secret is shown once, until it is put away.
import type { ApiKey, ApiKeyCreated } from "@perdure/client"
import { useState } from "react"
import { useCreateKey, useRevokeKey, useRotateKey, useUpdateKey } from "../../data/keys.ts"
import { formatTime } from "../../lib/format.ts"
import { emptyForm, formOf, newKeyOf, patchOf } from "../../lib/key-form.ts"
import { Dialog } from "../../parts/dialog.tsx"
import { Code } from "../../parts/small.tsx"
import { KeyForm } from "./form.tsx"

export function CreateKey({ onClose }: { onClose: () => void }): React.JSX.Element {
  const create = useCreateKey()
  if (create.data) return <Secret made={create.data} onClose={onClose} />
  return (
    <Dialog title="New key" onClose={onClose}>
      <KeyForm
        initial={emptyForm}
        action="Create key"
        busy={create.isPending}
        problem={create.error}
        onSend={(form) => create.mutate(newKeyOf(form, Date.now()))}
        onCancel={onClose}
      />
    </Dialog>
  )
}

interface KeyDialogProps {
  apiKey: ApiKey
  onClose: () => void
}

export function EditKey({ apiKey, onClose }: KeyDialogProps): React.JSX.Element {
  const update = useUpdateKey(apiKey.id)
  return (
    <Dialog title={`Change ${apiKey.name}`} onClose={onClose}>
      <KeyForm
        initial={formOf(apiKey)}
        action="Save"
        busy={update.isPending}
        problem={update.error}
        onSend={(form) => update.mutate(patchOf(form, Date.now()), { onSuccess: onClose })}
        onCancel={onClose}
      />
    </Dialog>
  )
}

const overlaps: readonly (readonly [number, string])[] = [
  [0, "It stops at once, with all earlier ones"],
  [3_600_000, "It works for another hour"],
  [86_400_000, "It works for another day"],
  [7 * 86_400_000, "It works for another week"],
]

export function RotateKey({ apiKey, onClose }: KeyDialogProps): React.JSX.Element {
  const [overlapMs, setOverlap] = useState(86_400_000)
  const rotate = useRotateKey(apiKey.id)
  if (rotate.data) return <Secret made={rotate.data} onClose={onClose} />
  return (
    <Dialog title={`New secret for ${apiKey.name}`} onClose={onClose}>
      <p className="text-sm text-dim">
        The key keeps its id, limits and history, and gets a new secret at once. What becomes of the old one?
      </p>
      <fieldset className="flex flex-col gap-1.5">
        <legend className="sr-only">The old secret</legend>
        {overlaps.map(([ms, words]) => (
          <label key={ms} className="flex items-baseline gap-2 text-sm">
            <input type="radio" name="overlap" checked={overlapMs === ms} onChange={() => setOverlap(ms)} className="accent-accent" />
            {words}
          </label>
        ))}
      </fieldset>
      <Decide word="Rotate" busy={rotate.isPending} problem={rotate.error} onDecide={() => rotate.mutate(overlapMs)} onCancel={onClose} />
    </Dialog>
  )
}

export function BlockKey({ apiKey, onClose }: KeyDialogProps): React.JSX.Element {
  const update = useUpdateKey(apiKey.id)
  const blocks = apiKey.blockedAt === null
  return (
    <Dialog title={`${blocks ? "Block" : "Unblock"} ${apiKey.name}?`} onClose={onClose}>
      <p className="text-sm text-dim">
        {blocks
          ? "Whoever uses it is refused in every process, and told that it is blocked, until it is unblocked. Batches that it has under way end."
          : "Its secret works again, in every process."}
      </p>
      <Decide
        word={blocks ? "Yes, block" : "Yes, unblock"}
        bad={blocks}
        busy={update.isPending}
        problem={update.error}
        onDecide={() => update.mutate({ blocked: blocks }, { onSuccess: onClose })}
        onCancel={onClose}
      />
    </Dialog>
  )
}

export function RevokeKey({ apiKey, onClose }: KeyDialogProps): React.JSX.Element {
  const revoke = useRevokeKey(apiKey.id)
  return (
    <Dialog title={`Revoke ${apiKey.name}?`} onClose={onClose}>
      <p className="text-sm text-dim">
        Whoever uses it is refused from now on, in every process. This cannot be undone; its history stays.
      </p>
      <Decide
        word="Yes, revoke"
        bad
        busy={revoke.isPending}
        problem={revoke.error}
        onDecide={() => revoke.mutate(undefined, { onSuccess: onClose })}
        onCancel={onClose}
      />
    </Dialog>
  )
}

interface DecideProps {
  word: string
  bad?: boolean
  busy: boolean
  problem: Error | null
  onDecide: () => void
  onCancel: () => void
}

function Decide({ word, bad = false, busy, problem, onDecide, onCancel }: DecideProps): React.JSX.Element {
  return (
    <div className="flex flex-wrap items-center gap-3">
      <button type="button" className={`button ${bad ? "button-bad" : "button-main"}`} disabled={busy} onClick={onDecide}>
        {word}
      </button>
      <button type="button" className="button" onClick={onCancel}>
        Cancel
      </button>
      <span role="status" className="text-sm text-bad">
        {problem?.message ?? ""}
      </span>
    </div>
  )
}

function Secret({ made, onClose }: { made: ApiKeyCreated; onClose: () => void }): React.JSX.Element {
  return (
    <Dialog title={made.name} onClose={onClose} holds>
      <p className="text-sm text-dim">Copy the key now. It is shown this once; only its hash is kept.</p>
      <Code text={made.secret} label="The new key" />
      {made.oldSecretsUntil === null ? null : (
        <p className="text-sm text-dim">The secret until now works until {formatTime(made.oldSecretsUntil)}.</p>
      )}
      <div>
        <button type="button" className="button button-main" onClick={onClose}>
          I have it
        </button>
      </div>
    </Dialog>
  )
}
