// API keys: what each may use and has used, and the dialogs that make, change, rotate, block and revoke them.
import type { ApiKey } from "@perdure/client"
import { useMemo, useState } from "react"
import { useKeyPages } from "../../data/keys.ts"
import { useUsage } from "../../data/others.ts"
import { useAddress } from "../../lib/address.ts"
import { Choice, NoneFits, SearchField } from "../../parts/filters.tsx"
import { Code, Failure, Loading, PageHead } from "../../parts/small.tsx"
import { BlockKey, CreateKey, EditKey, RevokeKey, RotateKey } from "./dialogs.tsx"
import { KeyTable, type KeyAction } from "./table.tsx"

const states = [
  ["live", "Live"],
  ["blocked", "Blocked"],
  ["expired", "Expired"],
  ["revoked", "Revoked"],
] as const
const usageHours = 30 * 24

type Open = "create" | { action: KeyAction; key: ApiKey } | null

export function KeysPage(): React.JSX.Element {
  const { params, set, clear } = useAddress()
  const [open, setOpen] = useState<Open>(null)
  const state = states.find(([name]) => name === params.get("state"))?.[0]
  const search = params.get("search") ?? ""
  return (
    <>
      <PageHead title="Keys">
        <SearchField label="Search keys" placeholder="Search names" value={search} onChange={(value) => set("search", value)} />
        <Choice label="State" all="All states" value={state ?? ""} options={states} onChange={(value) => set("state", value)} />
        <button type="button" className="button button-main ml-auto" onClick={() => setOpen("create")}>
          New key
        </button>
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <Keys state={state} search={search} onAction={(action, key) => setOpen({ action, key })} onClear={clear} />
      </div>
      <OpenDialog open={open} onClose={() => setOpen(null)} />
    </>
  )
}

function OpenDialog({ open, onClose }: { open: Open; onClose: () => void }): React.JSX.Element | null {
  if (open === null) return null
  if (open === "create") return <CreateKey onClose={onClose} />
  const { action, key } = open
  if (action === "edit") return <EditKey apiKey={key} onClose={onClose} />
  if (action === "block") return <BlockKey apiKey={key} onClose={onClose} />
  return action === "rotate" ? <RotateKey apiKey={key} onClose={onClose} /> : <RevokeKey apiKey={key} onClose={onClose} />
}

interface KeysProps {
  state: ApiKey["state"] | undefined
  search: string
  onAction: (action: KeyAction, key: ApiKey) => void
  onClear: () => void
}

function Keys({ state, search, onAction, onClear }: KeysProps): React.JSX.Element {
  const keys = useKeyPages({ ...(state === undefined ? {} : { state }), ...(search === "" ? {} : { search }) })
  const usage = useUsage(usageHours, "principal")
  const spent = useMemo(() => new Map(usage.data?.rows.map((row) => [row.group, row])), [usage.data])
  const isFiltered = state !== undefined || search !== ""
  if (keys.error) return <Failure error={keys.error} />
  if (keys.isPending) return <Loading />
  return (
    <div className="flex flex-col gap-4 p-4 md:px-6">
      {keys.data.length > 0 ? (
        <KeyTable keys={keys.data} spent={spent} onAction={onAction} />
      ) : isFiltered ? (
        <NoneFits what="key" onClear={onClear} />
      ) : (
        <NoKeys />
      )}
      {keys.hasNextPage ? (
        <div>
          <button type="button" className="button" disabled={keys.isFetchingNextPage} onClick={() => void keys.fetchNextPage()}>
            Show more
          </button>
        </div>
      ) : null}
    </div>
  )
}

function NoKeys(): React.JSX.Element {
  return (
    <div className="panel flex max-w-xl flex-col gap-3 px-4 py-4">
      <h2 className="text-base font-semibold">No keys yet</h2>
      <p className="text-sm text-dim">
        Give each application or person a key of its own: it says who called, what it cost, and can be limited, rotated and revoked without
        the others noticing. Make one with the button above, or on the command line:
      </p>
      <Code text={'perdure keys create my-app --models "gpt-*" --budget-usd 20 --per month'} label="Create a key" />
    </div>
  )
}
