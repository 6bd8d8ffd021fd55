// The facts of a run in one strip: model, tokens, cost, times, who asked, and how far its data is trusted.
import type { Run, RunEvent } from "@perdure/client"
import { Link } from "wouter"
import { usePrincipalNames } from "../../data/keys.ts"
import { formatCost, formatCount, formatDuration, progressText } from "../../lib/format.ts"
import { field, numberOf, textOf } from "../../lib/json.ts"
import { useNow } from "../../lib/now.ts"
import { runsSaying } from "../../lib/spend-group.ts"
import { hasEnded } from "../../lib/statuses.ts"
import { TimeAgo } from "../../parts/small.tsx"

const integrityWords = ["anyone could have written it", "curated", "the system", "the user or the operator"] as const

export function RunFacts({ run, events }: { run: Run; events: readonly RunEvent[] }): React.JSX.Element {
  const { label } = run
  const nameOf = usePrincipalNames()
  const stated = !(label.sources.length === 1 && label.sources[0] === "unknown")
  return (
    <dl className="panel flex flex-wrap gap-x-8 gap-y-3 px-4 py-3">
      {run.progress ? <Fact name="Requests">{progressText(run.progress)}</Fact> : <Used run={run} />}
      <Fact name="Duration">
        {hasEnded(run.status) ? formatDuration((run.finishedAt ?? run.createdAt) - run.createdAt) : <Elapsed since={run.createdAt} />}
      </Fact>
      <Fact name="First token">{formatDuration(firstTokenMs(run, events))}</Fact>
      <Fact name="Started">
        <TimeAgo at={run.startedAt ?? run.createdAt} />
      </Fact>
      {run.attempt > 1 ? <Fact name="Attempt">{run.attempt}</Fact> : null}
      {run.wakeAt !== null && !hasEnded(run.status) ? <Fact name="Wakes">{new Date(run.wakeAt).toLocaleString()}</Fact> : null}
      <Fact name="Asked by" note={run.principal}>
        {nameOf(run.principal)}
        {run.user === null ? null : <span className="text-dim"> for {run.user}</span>}
      </Fact>
      <Chosen run={run} />
      <Said run={run} />
      <Fact name="Integrity" note={`${integrityWords[label.integrity]}; from ${label.sources.join(", ") || "nobody"}`}>
        {stated ? label.integrity : "–"} <span className="text-dim">· {stated ? integrityWords[label.integrity] : "not stated"}</span>
      </Fact>
    </dl>
  )
}

function listOf(metadata: Run["metadata"]): string | undefined {
  const list = textOf(field(metadata, "priceList"))
  return list === undefined ? undefined : `by the price list ${list}`
}

/** The prompt and the variant of an experiment that it used. */
function Chosen({ run }: { run: Run }): React.JSX.Element {
  const [prompt, version] = ["id", "version"].map((name) => textOf(field(run.metadata, "prompt", name)))
  const [experiment, variant] = ["name", "variant"].map((name) => textOf(field(run.metadata, "experiment", name)))
  return (
    <>
      {prompt === undefined ? null : (
        <Fact name="Prompt">
          <Link to={`/prompts/${encodeURIComponent(prompt)}`} className="text-accent hover:underline">
            {prompt}@{version}
          </Link>
        </Fact>
      )}
      {experiment === undefined ? null : (
        <Fact name="Experiment">
          <Link to={`/experiments/${encodeURIComponent(experiment)}`} className="text-accent hover:underline">
            {experiment}={variant}
          </Link>
        </Fact>
      )}
    </>
  )
}

/** Its tags and its metadata, each leading to the runs that have the same. */
function Said({ run: { tags = [], requestMetadata = {} } }: { run: Run }): React.JSX.Element {
  const said = Object.entries(requestMetadata).map(
    ([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)] as const,
  )
  return (
    <>
      {tags.length === 0 ? null : (
        <Fact name="Tags">
          <span className="flex flex-wrap gap-x-3">
            {tags.map((tag) => (
              <Link key={tag} to={`/runs?tag=${encodeURIComponent(tag)}`} className="text-accent hover:underline">
                {tag}
              </Link>
            ))}
          </span>
        </Fact>
      )}
      {said.map(([name, value]) => (
        <Fact key={name} name={name}>
          <Link to={runsSaying(name, value)} className="text-accent hover:underline">
            {value}
          </Link>
        </Fact>
      ))}
    </>
  )
}

/** Each request of a batch is a run of its own with its bill. */
function Used({ run: { model, usage, metadata } }: { run: Run }): React.JSX.Element {
  return (
    <>
      <Fact name="Model">{model ?? "–"}</Fact>
      <Fact name="Tokens in">{formatCount(usage.inputTokens)}</Fact>
      <Fact name="Tokens out">{formatCount(usage.outputTokens)}</Fact>
      <Fact name="Cached">{formatCount(usage.cachedTokens)}</Fact>
      {usage.reasoningTokens > 0 ? <Fact name="Reasoning">{formatCount(usage.reasoningTokens)}</Fact> : null}
      <Fact name="Cost" note={usage.costKnown ? listOf(metadata) : "a price is missing: at least this"}>
        {formatCost(usage.costMicroUsd, usage.costKnown)}
      </Fact>
    </>
  )
}

function Fact({ name, note, children }: { name: string; note?: string | undefined; children: React.ReactNode }): React.JSX.Element {
  return (
    <div title={note}>
      <dt className="text-xs text-dim">{name}</dt>
      <dd className="text-base font-medium">{children}</dd>
    </div>
  )
}

function Elapsed({ since }: { since: number }): React.JSX.Element {
  const now = useNow()
  return <span className="text-live">{formatDuration(Math.max(0, Math.round((now - since) / 1_000) * 1_000))}</span>
}

/** Durable runs: the first delta of text; light ones: what their record says. */
function firstTokenMs(run: Run, events: readonly RunEvent[]): number | undefined {
  const first = events.find((event) => event.type.endsWith(".delta"))
  if (first) return Math.max(0, first.at - run.createdAt)
  return numberOf(field(run.metadata, "firstTokenMs")) ?? numberOf(field(events[0]?.data, "firstTokenMs"))
}
