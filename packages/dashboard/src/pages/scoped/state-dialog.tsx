// Writes a state, a new one or a next version of one; who was faster meanwhile is shown, and nothing of theirs is lost unseen.
import type { Expected, State } from "@perdure/client"
import { useState } from "react"
import { useLocation } from "wouter"
import { usePutState } from "../../data/scoped.ts"
import { scopedPath, typedJson } from "../../lib/scoped-look.ts"
import { Dialog, DialogButtons } from "../../parts/dialog.tsx"
import { Failure } from "../../parts/small.tsx"
import { Conflict } from "./conflict.tsx"
import { useSeen } from "./seen.ts"

export interface StateDialogProps {
  scope: string
  /** Absent: a new one. */
  state?: State
  /** What the field begins with, in place of the state's value. */
  text?: string
  onClose: () => void
}

export function StateDialog({ scope, state, text: begin, onClose }: StateDialogProps): React.JSX.Element {
  const put = usePutState(scope)
  const [, navigate] = useLocation()
  const [key, setKey] = useState(state?.key ?? "")
  const [text, setText] = useState(begin ?? (state ? jsonText(state.value) : ""))
  const [problem, setProblem] = useState<string | null>(null)

  const send = (seen: Expected): void => {
    const typed = typedJson(text)
    if ("problem" in typed) return setProblem(typed.problem)
    setProblem(null)
    const done = (): void => (state ? onClose() : navigate(scopedPath(scope, "states", key.trim())))
    put.mutate({ key: key.trim(), value: typed.value as State["value"], expected: seen }, { onSuccess: done }) // JSON as it was typed
  }
  const { expected, conflict, onTheirs, onMine } = useSeen<State>({
    entry: state,
    put,
    send,
    take: ({ value }) => setText(jsonText(value)),
  })
  return (
    <Dialog title={state ? `Edit ${state.key}` : "New state"} onClose={onClose}>
      {state ? null : (
        <label className="flex flex-col gap-1 text-sm">
          Key
          <input
            value={key}
            placeholder="checkout.step"
            onChange={(event) => setKey(event.target.value)}
            className="field font-mono text-xs"
          />
        </label>
      )}
      <label className="flex flex-col gap-1 text-sm">
        Value, as JSON
        <textarea
          rows={8}
          value={text}
          spellCheck={false}
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? undefined : "state-problem"}
          onChange={(event) => setText(event.target.value)}
          className="field h-auto py-1.5 font-mono text-xs"
        />
      </label>
      {problem === null ? null : (
        <p id="state-problem" role="alert" className="text-sm text-bad">
          {problem}
        </p>
      )}
      {conflict === undefined ? null : (
        <Conflict current={conflict} text={conflict ? jsonText(conflict.value) : ""} onTheirs={onTheirs} onMine={onMine} />
      )}
      {put.error && conflict === undefined ? <Failure error={put.error} /> : null}
      <DialogButtons
        word="Save"
        busy={put.isPending || conflict !== undefined || key.trim() === ""}
        onSend={() => send(expected)}
        onClose={onClose}
      />
    </Dialog>
  )
}

export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2)
}
