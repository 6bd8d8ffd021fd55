// How an experiment stands, as a mark with a word.
import type { ExperimentSummary } from "@perdure/client"
import { toneText, type StatusLook } from "../../lib/statuses.ts"
import { Mark } from "../../parts/status.tsx"

type Status = ExperimentSummary["status"]

export const statusWords: Readonly<Record<Status, string>> = { running: "Running", paused: "Paused", promoted: "Promoted" }
const looks: Readonly<Record<Status, Pick<StatusLook, "tone" | "shape">>> = {
  running: { tone: "live", shape: "dot" },
  paused: { tone: "still", shape: "pause" },
  promoted: { tone: "good", shape: "check" },
}

export function ExperimentStatus({ status, winner }: { status: Status; winner: string | null }): React.JSX.Element {
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <Mark {...looks[status]} />
      <span className={toneText[looks[status].tone]}>{winner === null ? statusWords[status] : `${statusWords[status]}: ${winner}`}</span>
    </span>
  )
}
