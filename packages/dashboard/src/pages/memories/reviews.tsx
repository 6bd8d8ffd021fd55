// What a person should decide on: claims against what is believed, texts that ask for behaviour, memories that lost part of their support.
import { useReviews } from "../../data/memories.ts"
import { Failure, Loading } from "../../parts/small.tsx"
import { Entry } from "./entry.tsx"

const reasons: Readonly<Record<string, string>> = {
  contradiction: "says otherwise than what is believed, and does not settle it",
  directive: "asks for behaviour, and is trusted too little for that",
  support: "lost part of what it rests on",
  corroborated: "independent sources say it; it is trusted only once a person confirms it",
}

export function Reviews({ scope }: { scope: string }): React.JSX.Element {
  const found = useReviews(scope)
  if (found.error) return <Failure error={found.error} />
  if (found.isPending) return <Loading />
  if (found.data.reviews.length === 0) return <p className="text-sm text-dim">There is nothing to decide in this scope.</p>
  return (
    <ul className="panel divide-y divide-line" aria-label="To decide">
      {found.data.reviews.map(({ id, reason, memory, corroboration }) => (
        <Entry key={id} entry={memory}>
          <span className="text-warn">{reasons[reason] ?? reason}</span>
          {corroboration.map(({ source, memoryId, quote }) => (
            <span key={memoryId} className="block text-dim">
              {source.kind} {source.uri}: “{quote}”
            </span>
          ))}
        </Entry>
      ))}
    </ul>
  )
}
