// One run: what it is, what was said, where its time went, and its whole log, live.
import type { Run, RunEvent } from "@perdure/client"
import { Link } from "wouter"
import { useRun } from "../../data/runs.ts"
import { useRunEvents, type StreamState } from "../../data/run-events.ts"
import { shortId } from "../../lib/format.ts"
import { Failure, Loading, PageHead, useTitle } from "../../parts/small.tsx"
import { Decisions } from "./decisions.tsx"
import { EventLog } from "./event-log.tsx"
import { RunFacts } from "./facts.tsx"
import { RunHead } from "./head.tsx"
import { RelatedRuns } from "./related.tsx"
import { Unreached } from "./unreached.tsx"
import { Resolve } from "./resolve.tsx"
import { Talk } from "./talk.tsx"
import { WaterfallView } from "./waterfall.tsx"

export function RunPage({ runId }: { runId: string }): React.JSX.Element {
  const { events, state } = useRunEvents(runId)
  const run = useRun(runId, events.at(-1)?.seq ?? 0)
  useTitle(run.data ? `${run.data.title ?? (run.data.name || run.data.kind)} ${shortId(runId)}` : "Run")
  if (run.isPending) return <Loading />
  if (!run.data) return <NoRun error={run.error ?? new Error(`There is no run '${runId}'.`)} />
  return <Loaded run={run.data} events={events} state={state} />
}

function NoRun({ error }: { error: Error }): React.JSX.Element {
  return (
    <>
      <PageHead title="Run">
        <Link to="/runs" className="text-sm text-accent underline">
          All runs
        </Link>
      </PageHead>
      <Failure error={error} />
    </>
  )
}

function Loaded({ run, events, state }: { run: Run; events: readonly RunEvent[]; state: StreamState }): React.JSX.Element {
  return (
    <>
      <RunHead run={run} />
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <div className="flex flex-col gap-4 p-4 md:px-6">
          <RunFacts run={run} events={events} />
          {run.error ? <RunFailure code={run.error.code} message={run.error.message} /> : null}
          <Unreached events={events} failed={run.error !== null} />
          {run.status === "in_doubt" ? <Resolve run={run} events={events} /> : null}
          <div className="grid gap-4 xl:grid-cols-2">
            <Talk run={run} events={events} />
            <div className="flex min-w-0 flex-col gap-4">
              <WaterfallView run={run} events={events} />
              <Decisions events={events} />
              <RelatedRuns run={run} />
            </div>
          </div>
          <EventLog events={events} state={state} startAt={run.createdAt} />
        </div>
      </div>
    </>
  )
}

function RunFailure({ code, message }: { code: string; message: string }): React.JSX.Element {
  return (
    <div role="alert" className="rounded-lg border border-line bg-bad-soft px-3.5 py-2.5 text-sm">
      <span className="font-mono text-xs text-bad">{code}</span>
      <p className="mt-0.5 break-words">{message}</p>
    </div>
  )
}
