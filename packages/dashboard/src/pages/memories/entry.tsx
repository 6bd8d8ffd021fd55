// One memory in a list: its text, what kind it is, whose word, since when, and what has become of it.
import type { Memory } from "@perdure/client"
import { Link } from "wouter"
import { endText, wordText } from "../../lib/memory-look.ts"
import { PinButton } from "../../parts/pin-button.tsx"
import { TimeAgo } from "../../parts/small.tsx"

export function Entry({ entry, children }: { entry: Memory; children?: React.ReactNode }): React.JSX.Element {
  const end = endText(entry)
  return (
    <li data-memory={entry.id} className="px-4 py-2.5">
      <div className="flex items-start justify-between gap-2">
        <Link to={`/memories/${encodeURIComponent(entry.id)}`} className="min-w-0 break-words hover:underline">
          {entry.text ?? <span className="text-dim">(its text is gone)</span>}
        </Link>
        <PinButton memory={entry} />
      </div>
      <p className="mt-1 flex flex-wrap gap-x-4 text-xs text-dim">
        {children}
        <span>{entry.kind === "episode" ? entry.lane : entry.kind}</span>
        <span title={`From ${entry.label.sources.join(", ") || "nobody"}`}>{wordText(entry)}</span>
        {entry.pinned ? <span className="text-accent">pinned</span> : null}
        {entry.directive ? <span className="text-warn">asks for behaviour</span> : null}
        {entry.op === "contradict" ? <span className="text-warn">contradicts</span> : null}
        {end === null ? null : <span className="text-bad">{end}</span>}
        {entry.validTo === null ? null : <span>held until a time</span>}
        <TimeAgo at={entry.occurredAt ?? entry.createdAt} />
      </p>
    </li>
  )
}
