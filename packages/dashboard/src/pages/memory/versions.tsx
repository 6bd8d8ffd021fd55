// The versions of a derived memory over time, newest first: what each said, when it held, and what replaced it.
import { useVersions } from "../../data/memories.ts"
import { formatTime } from "../../lib/format.ts"
import { endText, wordText } from "../../lib/memory-look.ts"
import { Failure } from "../../parts/small.tsx"

export function Versions({ memoryId }: { memoryId: string }): React.JSX.Element | null {
  const found = useVersions(memoryId)
  if (found.error) return <Failure error={found.error} />
  if (!found.data) return null
  return (
    <section aria-label="Versions">
      <h2 className="heading mb-2">Versions</h2>
      <ol className="panel divide-y divide-line">
        {found.data.versions.map((version) => {
          const end = endText(version)
          return (
            <li key={version.versionId} className="px-4 py-2.5 text-sm">
              <p className={`break-words ${end === null ? "" : "text-dim"}`}>{version.text ?? "(its text is gone)"}</p>
              <p className="mt-1 flex flex-wrap gap-x-4 text-xs text-dim">
                <span>{version.op ?? "assert"}</span>
                <span>{wordText(version)}</span>
                <span>recorded {formatTime(version.createdAt)}</span>
                {version.validFrom === null ? null : <span>holds from {formatTime(version.validFrom)}</span>}
                {end === null ? <span className="text-good">believed</span> : <span className="text-bad">{end}</span>}
              </p>
            </li>
          )
        })}
      </ol>
    </section>
  )
}
