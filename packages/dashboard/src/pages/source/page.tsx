// One source: what came from it, what was derived of that, the runs that were given any of it, and taking it all back.
import type { BlastRadius } from "@perdure/client"
import { useState } from "react"
import { Link } from "wouter"
import { useBlastRadius, useRevokeSource } from "../../data/memories.ts"
import { formatCount, formatTime } from "../../lib/format.ts"
import { sourceText } from "../../lib/memory-look.ts"
import { Dialog } from "../../parts/dialog.tsx"
import { EraseDialog } from "../../parts/erase-dialog.tsx"
import { Icon } from "../../parts/icons.tsx"
import { Failure, Id, Loading, PageHead, TimeAgo } from "../../parts/small.tsx"

export function SourcePage({ sourceId }: { sourceId: string }): React.JSX.Element {
  const found = useBlastRadius(sourceId)
  const [asked, setAsked] = useState<"revoke" | "erase" | null>(null)
  const source = found.data?.source
  return (
    <>
      <PageHead title={source?.title ?? source?.uri ?? "Source"}>
        <Link
          to={source ? `/memories?scope=${encodeURIComponent(source.scope)}&view=sources` : "/memories"}
          className="button order-first"
          aria-label="All sources of the scope"
        >
          <Icon name="back" />
        </Link>
        <span className="text-dim">
          <Id id={sourceId} full />
        </span>
        {source ? (
          <span className="ml-auto flex gap-2">
            {source.revokedAt === null ? (
              <button type="button" className="button button-bad" onClick={() => setAsked("revoke")}>
                Revoke
              </button>
            ) : null}
            <button type="button" className="button button-bad" onClick={() => setAsked("erase")}>
              Erase
            </button>
          </span>
        ) : null}
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        {found.error ? <Failure error={found.error} /> : null}
        {found.isPending ? <Loading /> : null}
        {found.data ? <Reach radius={found.data} /> : null}
      </div>
      {asked === "revoke" && found.data ? <Revoke radius={found.data} onClose={() => setAsked(null)} /> : null}
      {asked === "erase" ? (
        <EraseDialog title="Erase all that came from this source?" target={{ source: sourceId }} onClose={() => setAsked(null)} />
      ) : null}
    </>
  )
}

function Reach({ radius }: { radius: BlastRadius }): React.JSX.Element {
  const { source, episodes, versions, derived, episodeIds, runs } = radius
  return (
    <div className="flex max-w-4xl flex-col gap-5 p-4 md:px-6">
      {source.revokedAt === null ? null : (
        <p className="rounded-md bg-bad-soft px-3 py-2 text-sm text-bad">
          Revoked {formatTime(source.revokedAt)} by {source.revokedBy}
          {source.reason === null ? "" : `: ${source.reason}`}
        </p>
      )}
      <p className="text-sm text-dim">
        {source.kind} in <span className="font-mono text-xs">{source.scope}</span>, {sourceText(source)}, since{" "}
        {formatTime(source.createdAt)}
      </p>
      <div className="grid gap-4 md:grid-cols-3">
        <Group title="Came from it" count={episodes}>
          {episodeIds.map((id) => (
            <MemoryLink key={id} id={id} label="" />
          ))}
        </Group>
        <Group title="Derived of that" count={versions}>
          {derived.map(({ memoryId, versionId, kind, endedBy }) => (
            <MemoryLink key={versionId} id={memoryId} label={endedBy === null ? kind : `${kind}, ended`} />
          ))}
        </Group>
        <Group title="Runs that were given it" count={runs.length}>
          {runs.map(({ runId, recalledAt }) => (
            <li key={runId} className="flex justify-between gap-2 px-3 py-1.5 text-xs">
              <Link to={`/runs/${encodeURIComponent(runId)}`} className="text-accent hover:underline">
                <Id id={runId} />
              </Link>
              <span className="text-dim">
                <TimeAgo at={recalledAt} />
              </span>
            </li>
          ))}
        </Group>
      </div>
    </div>
  )
}

function Group({ title, count, children }: { title: string; count: number; children: React.ReactNode }): React.JSX.Element {
  return (
    <section aria-label={title}>
      <h2 className="heading mb-1.5">
        {title} · {formatCount(count)}
      </h2>
      {count === 0 ? (
        <p className="text-sm text-dim">Nothing.</p>
      ) : (
        <ul className="panel max-h-96 divide-y divide-line overflow-y-auto" tabIndex={0}>
          {children}
        </ul>
      )}
    </section>
  )
}

function MemoryLink({ id, label }: { id: string; label: string }): React.JSX.Element {
  return (
    <li className="flex justify-between gap-2 px-3 py-1.5 text-xs">
      <Link to={`/memories/${encodeURIComponent(id)}`} className="text-accent hover:underline">
        <Id id={id} />
      </Link>
      <span className="text-dim">{label}</span>
    </li>
  )
}

function Revoke({ radius, onClose }: { radius: BlastRadius; onClose: () => void }): React.JSX.Element {
  const { source, episodes, versions, runs } = radius
  const [reason, setReason] = useState("")
  const revoke = useRevokeSource(source.id)
  return (
    <Dialog title="Revoke this source?" onClose={onClose}>
      <p className="text-sm text-dim">
        {formatCount(episodes)} that came from it and {formatCount(versions)} derived of that are not recalled any more, except what rests
        on other sources too. {formatCount(runs.length)} runs were given any of it: their answers stay as they were.
      </p>
      <label className="flex flex-col gap-1 text-sm">
        Why
        <input value={reason} onChange={(event) => setReason(event.target.value)} className="field" maxLength={500} />
      </label>
      {revoke.error ? <Failure error={revoke.error} /> : null}
      <div className="flex justify-end gap-2">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="button button-bad"
          disabled={revoke.isPending}
          onClick={() => revoke.mutate(reason.trim(), { onSuccess: onClose })}
        >
          Revoke
        </button>
      </div>
    </Dialog>
  )
}
