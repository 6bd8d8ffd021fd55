// API keys: the list, a new one whose secret is shown this once, and revoking.
import type { ApiKey, ApiKeyCreated } from "@perdure/client"
import { useState } from "react"
import { useCreateKey, useKeys, useRevokeKey } from "../../data/others.ts"
import { Code, Failure, Id, Loading, PageHead, TimeAgo } from "../../parts/small.tsx"

export function KeysPage(): React.JSX.Element {
  const keys = useKeys()
  const create = useCreateKey()
  return (
    <>
      <PageHead title="Keys" />
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <div className="flex max-w-4xl flex-col gap-4 p-4 md:px-6">
          <NewKey onCreate={(name) => create.mutate(name)} busy={create.isPending} />
          {create.error ? <Failure error={create.error} /> : null}
          {create.data ? <Created made={create.data} onClose={() => create.reset()} /> : null}
          {keys.error ? <Failure error={keys.error} /> : null}
          {keys.isPending ? <Loading /> : null}
          {keys.data ? <KeyTable keys={keys.data} /> : null}
        </div>
      </div>
    </>
  )
}

function NewKey({ onCreate, busy }: { onCreate: (name: string) => void; busy: boolean }): React.JSX.Element {
  const [name, setName] = useState("")
  const send = (event: React.FormEvent): void => {
    event.preventDefault()
    if (name.trim() === "") return
    onCreate(name.trim())
    setName("")
  }
  return (
    <form onSubmit={send} className="flex flex-wrap items-center gap-2">
      <input
        aria-label="Name of the new key"
        placeholder="Name, for example: billing service"
        value={name}
        maxLength={200}
        onChange={(event) => setName(event.target.value)}
        className="field w-72"
      />
      <button type="submit" className="button button-main" disabled={busy || name.trim() === ""}>
        Create key
      </button>
    </form>
  )
}

function Created({ made, onClose }: { made: ApiKeyCreated; onClose: () => void }): React.JSX.Element {
  return (
    <section aria-label="The new key" className="panel border-accent px-4 py-3">
      <h2 className="text-base font-semibold">{made.name}</h2>
      <p className="mt-0.5 mb-2 text-sm text-dim">Copy the key now. It is shown this once; only its hash is kept.</p>
      <Code text={made.secret} label="The new key" />
      <button type="button" className="button mt-3" onClick={onClose}>
        I have it
      </button>
    </section>
  )
}

function KeyTable({ keys }: { keys: readonly ApiKey[] }): React.JSX.Element {
  const sorted = [...keys].sort((a, b) => Number(a.revokedAt !== null) - Number(b.revokedAt !== null) || b.createdAt - a.createdAt)
  return (
    <div className="panel overflow-x-auto">
      <table className="w-full text-sm">
        <thead className="text-xs text-dim">
          <tr className="border-b border-line">
            <th className="px-4 py-2 text-left font-normal">Name</th>
            <th className="px-2 py-2 text-left font-normal">Key</th>
            <th className="px-2 py-2 text-left font-normal">Id</th>
            <th className="px-2 py-2 text-left font-normal">Created</th>
            <th className="px-4 py-2 text-right font-normal">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {sorted.map((key) => (
            <KeyRow key={key.id} apiKey={key} />
          ))}
        </tbody>
      </table>
      {keys.length === 0 ? <p className="px-4 py-3 text-sm text-dim">No keys yet. Create one above, or with: perdure keys create</p> : null}
    </div>
  )
}

function KeyRow({ apiKey }: { apiKey: ApiKey }): React.JSX.Element {
  const revoked = apiKey.revokedAt !== null
  return (
    <tr className={revoked ? "text-dim" : ""}>
      <td className={`px-4 py-2 ${revoked ? "line-through" : "font-medium"}`}>{apiKey.name}</td>
      <td className="px-2 py-2 font-mono text-xs">{apiKey.hint}</td>
      <td className="px-2 py-2">
        <Id id={apiKey.id} />
      </td>
      <td className="px-2 py-2 text-dim">
        <TimeAgo at={apiKey.createdAt} />
      </td>
      <td className="px-4 py-1.5 text-right">
        {revoked ? <span className="text-xs">revoked</span> : <Revoke id={apiKey.id} name={apiKey.name} />}
      </td>
    </tr>
  )
}

function Revoke({ id, name }: { id: string; name: string }): React.JSX.Element {
  const [asked, setAsked] = useState(false)
  const revoke = useRevokeKey()
  if (revoke.error) return <span className="text-bad">{revoke.error.message}</span>
  if (!asked) {
    return (
      <button type="button" className="button button-bad" aria-label={`Revoke ${name}`} onClick={() => setAsked(true)}>
        Revoke
      </button>
    )
  }
  return (
    <span className="inline-flex gap-2">
      <button type="button" className="button button-bad" disabled={revoke.isPending} onClick={() => revoke.mutate(id)}>
        Yes, revoke
      </button>
      <button type="button" className="button" onClick={() => setAsked(false)}>
        Keep
      </button>
    </span>
  )
}
