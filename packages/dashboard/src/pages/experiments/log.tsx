// Why an experiment is as it is: its changes, newest first, each with its reason.
import type { ExperimentLogEntry } from "@perdure/client"
import { usePrincipalNames } from "../../data/keys.ts"
import { TimeAgo } from "../../parts/small.tsx"

const words: Readonly<Record<ExperimentLogEntry["kind"], string>> = {
  created: "Begun",
  changed: "Weights set",
  paused: "Paused",
  resumed: "Resumed",
  promoted: "Promoted",
  sampled: "Weights shifted",
}

export function Log({ log }: { log: readonly ExperimentLogEntry[] }): React.JSX.Element {
  const nameOf = usePrincipalNames()
  return (
    <section aria-label="Log" className="panel">
      <h2 className="heading px-4 pt-3 pb-2">Why it is so</h2>
      {log.length === 0 ? <p className="px-4 pb-3 text-sm text-dim">Nothing was changed since it was declared.</p> : null}
      <ol className="divide-y divide-line">
        {log.map(({ id, at, kind, reason, principal }) => (
          <li key={id} data-entry={kind} className="px-4 py-2 text-sm">
            <p className="flex flex-wrap gap-x-3 text-xs text-dim">
              <span className="font-medium text-ink">{words[kind]}</span>
              <span>{principal === null ? "by its scores" : `by ${nameOf(principal)}`}</span>
              <TimeAgo at={at} />
            </p>
            <p className="mt-0.5 break-words">{reason}</p>
          </li>
        ))}
      </ol>
    </section>
  )
}
