// Which provider could not be reached in this run: at what address, why, and what to do about it.
import type { RunEvent } from "@perdure/client"
import { useMemo } from "react"
import { field, textOf } from "../../lib/json.ts"

export interface UnreachedProps {
  events: readonly RunEvent[]
  /** Else another deployment answered. */
  failed: boolean
}

export function Unreached({ events, failed }: UnreachedProps): React.JSX.Element | null {
  const fault = useMemo(() => faultIn(events), [events])
  if (!fault) return null
  return (
    <section
      aria-label="Provider not reached"
      className={`rounded-lg border border-line px-3.5 py-2.5 text-sm ${failed ? "bg-bad-soft" : "bg-warn-soft"}`}
    >
      <h2 className="font-medium">
        {fault.provider} was not reached{failed ? "" : ", another deployment answered"}
      </h2>
      <p className="mt-0.5 break-words">{fault.cause}</p>
      <p className="mt-0.5 break-words text-dim">Next: {fault.next}</p>
    </section>
  )
}

/** The last one: of an error of a durable run, or in the record of a light one. */
function faultIn(events: readonly RunEvent[]): { provider: string; cause: string; next: string } | undefined {
  for (const { data } of events.toReversed()) {
    const fault = field(data, "reachFault") ?? field(data, "data", "reachFault")
    const [provider, cause, next] = ["provider", "cause", "next"].map((name) => textOf(field(fault, name)))
    if (provider !== undefined && cause !== undefined && next !== undefined) return { provider, cause, next }
  }
  return undefined
}
