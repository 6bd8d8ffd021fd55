// One operational state: its value, whose word it is, what it was, and changing it.
import type { State } from "@perdure/client"
import { usePrincipalNames } from "../../data/keys.ts"
import { useDeleteState, useStateOf, useStateVersions } from "../../data/scoped.ts"
import { formatTime } from "../../lib/format.ts"
import { trustText } from "../../lib/memory-look.ts"
import { FactList, RunLink, type Facts } from "../../parts/fact-list.tsx"
import { JsonView } from "../../parts/json-view.tsx"
import { EntryFrame } from "./entry-frame.tsx"
import { History } from "./history.tsx"
import { jsonText, StateDialog } from "./state-dialog.tsx"

export function StateView({ scope, stateKey }: { scope: string; stateKey: string }): React.JSX.Element {
  const found = useStateOf(scope, stateKey)
  const past = useStateVersions(scope, stateKey)
  const remove = useDeleteState(scope, stateKey)
  return (
    <EntryFrame
      scope={scope}
      kind="states"
      name={stateKey}
      found={found}
      remove={remove}
      textOf={({ value }) => jsonText(value)}
      editor={(state, text, onClose) => <StateDialog scope={scope} state={state} text={text} onClose={onClose} />}
    >
      {(state, edit) => (
        <>
          <section aria-label="Value" tabIndex={0} className="panel overflow-x-auto px-4 py-3 font-mono text-xs leading-5">
            <JsonView value={state.value} />
          </section>
          <StateFacts state={state} />
          <History
            versions={past.data?.map((each) => ({ ...each, text: each.op === "delete" ? null : jsonText(each.value) }))}
            error={past.error}
            current={state.version}
            onRestore={edit}
          />
        </>
      )}
    </EntryFrame>
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
