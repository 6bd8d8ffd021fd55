// One operational state: its value, whose word it is, what it was, and changing it.
import type { State } from "@perdure/client"
import { useState } from "react"
import { Link } from "wouter"
import { usePrincipalNames } from "../../data/keys.ts"
import { useDeleteState, useStateOf, useStateVersions } from "../../data/scoped.ts"
import { formatTime } from "../../lib/format.ts"
import { trustText } from "../../lib/memory-look.ts"
import { scopedPath } from "../../lib/scoped-look.ts"
import { FactList, RunLink, type Facts } from "../../parts/fact-list.tsx"
import { Icon } from "../../parts/icons.tsx"
import { JsonView } from "../../parts/json-view.tsx"
import { Failure, Loading } from "../../parts/small.tsx"
import { DeleteDialog } from "./delete-dialog.tsx"
import { History } from "./history.tsx"
import { jsonText, StateDialog } from "./state-dialog.tsx"

type Asked = { edit: string } | "delete" | null

export function StateView({ scope, stateKey }: { scope: string; stateKey: string }): React.JSX.Element {
  const found = useStateOf(scope, stateKey)
  const past = useStateVersions(scope, stateKey)
  const [asked, setAsked] = useState<Asked>(null)
  const remove = useDeleteState(scope, stateKey)
  const close = (): void => setAsked(null)
  const state = found.data
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <Link to={scopedPath(scope, "states")} className="button" aria-label="All states of the scope">
          <Icon name="back" />
        </Link>
        <h2 className="min-w-0 font-mono text-sm font-medium break-all">{stateKey}</h2>
        {state ? (
          <span className="ml-auto flex flex-wrap gap-2">
            <button type="button" className="button" onClick={() => setAsked({ edit: jsonText(state.value) })}>
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
      {state ? (
        <>
          <section aria-label="Value" tabIndex={0} className="panel overflow-x-auto px-4 py-3 font-mono text-xs leading-5">
            <JsonView value={state.value} />
          </section>
          <StateFacts state={state} />
          <History
            versions={past.data?.map((each) => ({ ...each, text: each.op === "delete" ? null : jsonText(each.value) }))}
            error={past.error}
            current={state.version}
            onRestore={(text) => setAsked({ edit: text })}
          />
          {asked === "delete" ? (
            <DeleteDialog name={stateKey} version={state.version} work={remove} to={scopedPath(scope, "states")} onClose={close} />
          ) : null}
          {asked !== null && typeof asked === "object" ? (
            <StateDialog scope={scope} state={state} text={asked.edit} onClose={close} />
          ) : null}
        </>
      ) : null}
    </>
  )
}

function StateFacts({ state }: { state: State }): React.JSX.Element {
  const nameOf = usePrincipalNames()
  const rows: Facts = [
    ["Trust", `${trustText(state.label.integrity)} (${state.label.integrity})`],
    ["Who can have written it", state.label.sources.join(", ")],
    ["Version", String(state.version)],
    ["Written by", nameOf(state.principal)],
    ["Written", formatTime(state.updatedAt)],
    ["Since", formatTime(state.createdAt)],
    ["Run", state.runId === null ? null : <RunLink id={state.runId} />],
  ]
  return <FactList rows={rows} />
}
