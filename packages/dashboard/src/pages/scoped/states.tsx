// The operational states of a scope: one versioned JSON value by key.
import type { State } from "@perdure/client"
import { Link } from "wouter"
import { usePrincipalNames } from "../../data/keys.ts"
import { useStatePages } from "../../data/scoped.ts"
import { trustText } from "../../lib/memory-look.ts"
import { scopedPath, valueLine } from "../../lib/scoped-look.ts"
import { TimeAgo } from "../../parts/small.tsx"
import { ScopedList } from "./list.tsx"
import { StateDialog } from "./state-dialog.tsx"

export function States({ scope }: { scope: string }): React.JSX.Element {
  const found = useStatePages(scope)
  return (
    <ScopedList
      label="States"
      empty="No states in this scope. A state is a value that programs and agents share by its key: a step, a counter, a setting. It changes only from the version that its writer saw."
      add="New state"
      dialog={(onClose) => <StateDialog scope={scope} onClose={onClose} />}
      found={found}
    >
      {found.data?.map((state) => (
        <Row key={state.key} state={state} />
      ))}
    </ScopedList>
  )
}

function Row({ state: { scope, key, value, version, principal, label, updatedAt } }: { state: State }): React.JSX.Element {
  const nameOf = usePrincipalNames()
  return (
    <li data-entry={key} className="px-4 py-2.5">
      <Link to={scopedPath(scope, "states", key)} className="font-mono text-xs font-medium break-all hover:underline">
        {key}
      </Link>
      <p className="mt-0.5 font-mono text-xs break-all">{valueLine(value)}</p>
      <p className="mt-1 flex flex-wrap gap-x-4 text-xs text-dim">
        <span>{trustText(label.integrity)}</span>
        <span>
          version {version} by {nameOf(principal)}
        </span>
        <TimeAgo at={updatedAt} />
      </p>
    </li>
  )
}
