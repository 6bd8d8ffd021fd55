// The runs around this one: its parent, its children, the others of its conversation.
import type { Run, RunSummary } from "@perdure/client"
import { Link } from "wouter"
import { useRelatedRuns } from "../../data/runs.ts"
import { formatDuration, shortId } from "../../lib/format.ts"
import { field, textOf } from "../../lib/json.ts"
import { TimeAgo } from "../../parts/small.tsx"
import { StatusMark } from "../../parts/status.tsx"

export function RelatedRuns({ run }: { run: Run }): React.JSX.Element | null {
  const children = useRelatedRuns({ parentId: run.id }, run.lastSeq > 1)
  const conversation = useRelatedRuns({ conversationId: run.conversationId ?? "" }, run.conversationId !== null)
  const turns = (conversation.data ?? []).filter((other) => other.id !== run.id)
  const previous = textOf(field(run.input, "previous_response_id"))
  const parts = [run.parentId !== null, previous !== undefined, (children.data ?? []).length > 0, turns.length > 0]
  if (!parts.includes(true)) return null
  return (
    <section aria-label="Related runs" className="panel min-w-0">
      <h2 className="heading border-b border-line px-4 py-2 leading-6">Related runs</h2>
      <div className="flex flex-col gap-3 p-4 text-sm">
        <RunLink title="Started by" id={run.parentId ?? undefined} />
        <RunLink title="Continues" id={previous?.replace(/^resp_/, "run_")} />
        <RunLinks title="Child runs" runs={children.data ?? []} all={`/runs?parentId=${encodeURIComponent(run.id)}`} />
        <RunLinks title="Same conversation" runs={turns} all={`/runs?conversationId=${encodeURIComponent(run.conversationId ?? "")}`} />
      </div>
    </section>
  )
}

function RunLink({ title, id }: { title: string; id: string | undefined }): React.JSX.Element | null {
  if (id === undefined) return null
  return (
    <p>
      <span className="text-dim">{title} </span>
      <Link to={`/runs/${encodeURIComponent(id)}`} className="font-mono text-xs text-accent underline">
        {shortId(id)}
      </Link>
    </p>
  )
}

export function RunLinks({ title, runs, all }: { title: string; runs: readonly RunSummary[]; all: string }): React.JSX.Element | null {
  if (runs.length === 0) return null
  return (
    <div>
      <Link to={all} className="text-xs font-medium text-dim underline hover:text-ink">
        {title}
      </Link>
      <ul className="mt-1 divide-y divide-line">
        {runs.map((run) => (
          <li key={run.id} className="flex items-center gap-2 py-1.5">
            <StatusMark status={run.status} />
            <Link to={`/runs/${encodeURIComponent(run.id)}`} className="truncate hover:underline">
              {run.title ?? (run.name || run.kind)} <span className="font-mono text-xs text-dim">{shortId(run.id)}</span>
            </Link>
            {run.error ? <span className="truncate text-xs text-bad">{run.error.message}</span> : null}
            <span className="ml-auto text-xs text-dim">{formatDuration(run.durationMs)}</span>
            <span className="text-xs text-dim">
              <TimeAgo at={run.createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}
