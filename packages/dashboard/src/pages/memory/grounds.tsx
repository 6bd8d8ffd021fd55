// What a memory rests on: quotes of evidence with their sources, and what lies beneath them.
import type { MemoryExplanation, Source } from "@perdure/client"
import { Link } from "wouter"
import { usePrincipalNames } from "../../data/keys.ts"
import { wordText } from "../../lib/memory-look.ts"

type Ground = MemoryExplanation["grounds"][number]

export function Grounds({ explanation }: { explanation: MemoryExplanation }): React.JSX.Element {
  const { grounds, source } = explanation
  return (
    <section aria-label="Why it is there">
      <h2 className="heading mb-2">Why it is there</h2>
      {grounds.length === 0 ? (
        <p className="text-sm">
          It is evidence, kept as it came
          {source ? (
            <>
              {" "}
              from <SourceLink source={source} />
            </>
          ) : null}
          .
        </p>
      ) : (
        <GroundList grounds={grounds} />
      )}
    </section>
  )
}

function GroundList({ grounds }: { grounds: readonly Ground[] }): React.JSX.Element {
  return (
    <ul className="flex flex-col gap-2 border-l border-line pl-3">
      {grounds.map((ground) => (
        <li key={`${ground.kind} ${ground.id}`} className="text-sm">
          <Link
            to={ground.memory ? `/memories/${encodeURIComponent(ground.memory.id)}` : "/memories"}
            className="break-words hover:underline"
          >
            {ground.quote === null ? (ground.memory?.text ?? "(its text is gone)") : `“${ground.quote}”`}
          </Link>
          <p className="flex flex-wrap gap-x-4 text-xs text-dim">
            <span>{ground.quote === null ? ground.kind : `quote of an ${ground.kind}`}</span>
            {ground.memory ? <span>{wordText(ground.memory)}</span> : null}
            {ground.source ? <SourceLink source={ground.source} /> : null}
          </p>
          {ground.grounds.length > 0 ? <GroundList grounds={ground.grounds} /> : null}
        </li>
      ))}
    </ul>
  )
}

export function SourceLink({ source }: { source: Source }): React.JSX.Element {
  const nameOf = usePrincipalNames()
  return (
    <Link to={`/sources/${encodeURIComponent(source.id)}`} className="text-accent underline">
      {source.title ?? source.uri ?? nameOf(source.principal)}
      {source.revokedAt === null ? "" : " (revoked)"}
    </Link>
  )
}
