// A decision about an experiment, with its reason for the log.
import type { Experiment } from "@perdure/client"
import { useState } from "react"
import type { ExperimentDecision } from "../../data/shaping.ts"
import { Pick } from "../../parts/filters.tsx"
import { Dialog } from "../../parts/dialog.tsx"

export interface DecideProps {
  what: "pause" | "resume" | "promote"
  experiment: Experiment
  busy: boolean
  problem: Error | null
  onSend: (decision: ExperimentDecision) => void
  onClose: () => void
}

const words = {
  pause: ["Pause", "Everybody gets the control, and nothing is counted, until it is resumed."],
  resume: ["Resume", "Requests are divided among the variants again, by the weights from before."],
  promote: ["Promote", "Everybody gets this variant from now on, and nothing is counted any more. Resuming takes it back."],
} as const

export function Decide({ what, experiment, busy, problem, onSend, onClose }: DecideProps): React.JSX.Element {
  const [reason, setReason] = useState("")
  const best = experiment.variants.toSorted((a, b) => (b.probabilityBest ?? b.weight) - (a.probabilityBest ?? a.weight))[0]
  const [variant, setVariant] = useState(best?.name ?? "")
  const [word, meaning] = words[what]
  const send = (event: React.FormEvent): void => {
    event.preventDefault()
    const because = { reason: reason.trim() }
    onSend(what === "promote" ? { promote: variant, ...because } : { status: what === "pause" ? "paused" : "running", ...because })
  }
  return (
    <Dialog title={`${word} ${experiment.name}`} onClose={onClose}>
      <form onSubmit={send} className="flex flex-col gap-4">
        <p className="text-sm text-dim">{meaning}</p>
        {what === "promote" ? (
          <Pick
            label="Variant"
            value={variant}
            options={experiment.variants.map(({ name }) => [name, name] as const)}
            onChange={setVariant}
          />
        ) : null}
        <label className="flex flex-col gap-1 text-sm">
          Reason, for the log
          <input value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} className="field w-full" />
        </label>
        {problem ? (
          <p role="alert" className="text-sm text-bad">
            {problem.message}
          </p>
        ) : null}
        <div className="flex justify-end gap-2">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-main" disabled={busy}>
            {word}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
