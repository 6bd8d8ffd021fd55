// The head of a run: its status and name, its id to copy, and the button that cancels it.
import type { Run } from "@perdure/client"
import { useState } from "react"
import { Link } from "wouter"
import { useCancelRun } from "../../data/runs.ts"
import { hasEnded, kindLabels } from "../../lib/statuses.ts"
import { Icon } from "../../parts/icons.tsx"
import { Copy, Id } from "../../parts/small.tsx"
import { StatusBadge } from "../../parts/status.tsx"

export function RunHead({ run }: { run: Run }): React.JSX.Element {
  return (
    <header className="flex min-h-14 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2.5 md:px-6">
      <Link
        to="/runs"
        className="-ml-1.5 inline-flex size-7 items-center justify-center rounded-md text-dim hover:bg-raised hover:text-ink"
        title="All runs"
      >
        <Icon name="back" />
        <span className="sr-only">All runs</span>
      </Link>
      <h1 className="min-w-0 truncate text-base font-semibold">{run.title ?? (run.name === "" ? kindLabels[run.kind] : run.name)}</h1>
      <StatusBadge status={run.status} />
      {run.title === null && run.name.toLowerCase() === run.kind ? null : (
        <span className="shrink-0 text-sm text-dim">{kindLabels[run.kind]}</span>
      )}
      <span className="inline-flex items-center gap-0.5 text-dim">
        <Id id={run.id} />
        <Copy text={run.id} label="Copy the run's id" />
      </span>
      <div className="ml-auto">{hasEnded(run.status) ? null : <CancelButton runId={run.id} />}</div>
    </header>
  )
}

function CancelButton({ runId }: { runId: string }): React.JSX.Element {
  const [asked, setAsked] = useState(false)
  const cancel = useCancelRun(runId)
  if (cancel.isError) return <span className="text-sm text-bad">{cancel.error.message}</span>
  if (cancel.isPending || cancel.isSuccess) return <span className="text-sm text-dim">Cancelling …</span>
  if (!asked) {
    return (
      <button type="button" className="button button-bad" onClick={() => setAsked(true)}>
        <Icon name="stop" className="size-3.5" /> Cancel
      </button>
    )
  }
  return (
    <span className="flex items-center gap-2 text-sm">
      Cancel this run?
      <button type="button" className="button button-bad" onClick={() => cancel.mutate()}>
        Yes, cancel
      </button>
      <button type="button" className="button" onClick={() => setAsked(false)}>
        No
      </button>
    </span>
  )
}
