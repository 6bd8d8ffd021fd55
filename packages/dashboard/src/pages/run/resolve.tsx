// A person's decision on a run that stopped between an intent and its result: did the effect happen?
import type { Run, RunEvent, RunResolveRequest } from "@perdure/client"
import { useState } from "react"
import { useResolveRun } from "../../data/runs.ts"
import { field, textOf } from "../../lib/json.ts"

type Decision = RunResolveRequest["decision"]

const choices: readonly (readonly [Decision, string, string])[] = [
  ["done", "It happened", "The step counts as done with the result below, and the run goes on."],
  ["again", "It did not happen", "The step runs again, and the run goes on."],
  ["fail", "End the run", "The run fails with the reason below."],
]

export function Resolve({ run, events }: { run: Run; events: readonly RunEvent[] }): React.JSX.Element {
  const [decision, setDecision] = useState<Decision>("done")
  const [text, setText] = useState("")
  const [problem, setProblem] = useState<string>()
  const resolve = useResolveRun(run.id)
  const { step, reason } = doubtOf(events)
  const send = (event: React.FormEvent): void => {
    event.preventDefault()
    const request = requestOf(decision, text)
    if (typeof request === "string") return setProblem(request)
    setProblem(undefined)
    resolve.mutate(request)
  }
  return (
    <form onSubmit={send} aria-label="Resolve the doubt" className="panel border-warn px-4 py-3">
      <h2 className="text-base font-semibold">
        Did {step === undefined ? "the last step" : <code className="font-mono text-sm">{step}</code>} happen?
      </h2>
      <p className="mt-0.5 text-sm text-dim">
        {reason === undefined ? "It was begun, and its result was never written" : `${reason[0]?.toUpperCase()}${reason.slice(1)}`}. It is
        not repeated without your decision.
      </p>
      <fieldset className="mt-3 flex flex-col gap-1.5">
        <legend className="sr-only">Decision</legend>
        {choices.map(([value, label, note]) => (
          <label key={value} className="flex items-baseline gap-2 text-sm">
            <input
              type="radio"
              name="decision"
              value={value}
              checked={decision === value}
              onChange={() => setDecision(value)}
              className="accent-accent"
            />
            <span className="font-medium">{label}</span>
            <span className="text-dim">{note}</span>
          </label>
        ))}
      </fieldset>
      {decision === "again" ? null : (
        <label className="mt-3 block text-sm">
          <span className="text-dim">{decision === "done" ? "Result, as JSON (empty: null)" : "Reason"}</span>
          <textarea
            value={text}
            onChange={(event) => setText(event.target.value)}
            rows={2}
            className="field mt-1 h-auto w-full py-1.5 font-mono text-xs"
          />
        </label>
      )}
      <div className="mt-3 flex items-center gap-3">
        <button type="submit" className="button button-main" disabled={resolve.isPending}>
          Decide
        </button>
        <span role="status" className="text-sm text-bad">
          {problem ?? resolve.error?.message ?? ""}
        </span>
      </div>
    </form>
  )
}

/** The request, or what is wrong with the text. */
function requestOf(decision: Decision, text: string): RunResolveRequest | string {
  if (decision === "again") return { decision }
  if (decision === "fail") return text.trim() === "" ? "Say why the run is to end." : { decision, reason: text.trim() }
  try {
    return { decision, result: text.trim() === "" ? null : JSON.parse(text) }
  } catch {
    return "The result is not valid JSON. A text needs its quotation marks."
  }
}

/** What the kernel wrote when it parked the run; the last intent where it wrote nothing. */
function doubtOf(events: readonly RunEvent[]): { step: string | undefined; reason: string | undefined } {
  const doubt = events.findLast((event) => event.type === "run.in_doubt")
  const event = doubt ?? events.findLast((each) => each.type === "step.intended")
  return { step: textOf(field(event?.data, "key")), reason: textOf(field(doubt?.data, "reason")) }
}
