// One memory: what it says, what it rests on down to the sources, its versions over time, and what a person may do about it.
import type { MemoryExplanation } from "@perdure/client"
import { Link } from "wouter"
import { usePrincipalNames } from "../../data/keys.ts"
import { useExplanation } from "../../data/memories.ts"
import { formatTime } from "../../lib/format.ts"
import { endText, wordText } from "../../lib/memory-look.ts"
import { FactList, RunLink, type Facts } from "../../parts/fact-list.tsx"
import { Icon } from "../../parts/icons.tsx"
import { Copy, Failure, Id, Loading, PageHead } from "../../parts/small.tsx"
import { Actions } from "./actions.tsx"
import { Grounds, SourceLink } from "./grounds.tsx"
import { Versions } from "./versions.tsx"

export function MemoryPage({ memoryId }: { memoryId: string }): React.JSX.Element {
  const found = useExplanation(memoryId)
  const memory = found.data?.memory
  return (
    <>
      <PageHead title="Memory">
        <Link
          to={memory ? `/memories?scope=${encodeURIComponent(memory.scope)}` : "/memories"}
          className="button order-first"
          aria-label="All memories of the scope"
        >
          <Icon name="back" />
        </Link>
        <span className="inline-flex items-center text-dim">
          <Id id={memoryId} full />
          <Copy text={memoryId} label="Copy the id" />
        </span>
        {memory ? <Actions memory={memory} /> : null}
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        {found.error ? <Failure error={found.error} /> : null}
        {found.isPending ? <Loading /> : null}
        {found.data ? (
          <div className="grid gap-5 p-4 md:px-6 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
            <div className="flex flex-col gap-5">
              <p className="panel px-4 py-3 text-base break-words whitespace-pre-wrap">
                {found.data.memory.text ?? <span className="text-dim">Its text is gone.</span>}
              </p>
              <Grounds explanation={found.data} />
              {found.data.memory.versionId === null ? null : <Versions memoryId={memoryId} />}
            </div>
            <MemoryFacts explanation={found.data} />
          </div>
        ) : null}
      </div>
    </>
  )
}

function MemoryLink({ id }: { id: string }): React.JSX.Element {
  return (
    <Link to={`/memories/${encodeURIComponent(id)}`} className="font-mono text-xs text-accent underline">
      {id}
    </Link>
  )
}

function MemoryFacts({ explanation }: { explanation: MemoryExplanation }): React.JSX.Element {
  const { memory, source, model, corrects, correctedBy } = explanation
  const nameOf = usePrincipalNames()
  const time = (at: number | null): string | null => (at === null ? null : formatTime(at))
  const rows: Facts = [
    ["Scope", <span className="font-mono text-xs">{memory.scope}</span>],
    ["Kind", memory.kind === "episode" ? `evidence, ${memory.lane}` : memory.kind],
    ["About", memory.slot],
    ["Trust", `${wordText(memory)} (${memory.label.integrity})`],
    ["Pinned", memory.pinned ? "told whatever is asked" : null],
    ["Asks for behaviour", memory.directive ? "yes" : null],
    ["Came from", source ? <SourceLink source={source} /> : null],
    ["Said instead of", corrects === null ? null : <MemoryLink id={corrects} />],
    ["Corrected by", correctedBy === null ? null : <MemoryLink id={correctedBy} />],
    ["Who can have written it", memory.label.sources.join(", ")],
    ["Speaker", memory.speaker],
    ["Written by", nameOf(memory.principal)],
    ["Derived by", model],
    ["Confidence", memory.confidence === null ? null : memory.confidence.toFixed(2)],
    ["Said or happened", time(memory.occurredAt)],
    ["Holds from", time(memory.validFrom)],
    ["Holds until", time(memory.validTo)],
    ["Recorded", time(memory.createdAt)],
    ["Ended", memory.expiredAt === null ? null : `${formatTime(memory.expiredAt)}: ${endText(memory) ?? ""}`],
    ["Run", memory.runId === null ? null : <RunLink id={memory.runId} />],
  ]
  return <FactList rows={rows} />
}
