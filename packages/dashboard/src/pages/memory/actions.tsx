// What a person may do about a memory: say it too, correct it, stop believing it, take its text away, or have it gone.
import type { Memory } from "@perdure/client"
import { useState } from "react"
import { useLocation } from "wouter"
import { useCorrectMemory, useDecideMemory, type Decision } from "../../data/memories.ts"
import { canDecide } from "../../lib/memory-look.ts"
import { Dialog, DialogButtons } from "../../parts/dialog.tsx"
import { PinButton } from "../../parts/pin-button.tsx"
import { Failure } from "../../parts/small.tsx"

const decisions: Readonly<Record<Decision, { word: string; title: string; what: string }>> = {
  confirm: {
    word: "Confirm",
    title: "Confirm this memory?",
    what: "You say it too: it then has the trust of your own word, with your confirmation as its evidence.",
  },
  retract: {
    word: "Retract",
    title: "Stop believing this?",
    what: "It is not recalled any more, nor what rests on it alone. Its history stays readable here.",
  },
  redact: {
    word: "Redact",
    title: "Take its text away?",
    what: "The text goes for good, with that of what rests on it alone. That something was here, from whom and when, stays.",
  },
  forget: {
    word: "Forget",
    title: "Forget this memory?",
    what: "It goes from everything that can be read, with what rests on it alone.",
  },
}

export function Actions({ memory }: { memory: Memory }): React.JSX.Element | null {
  const [asked, setAsked] = useState<Decision | "correct" | null>(null)
  if (!canDecide(memory)) return null
  return (
    <>
      <span className="ml-auto flex flex-wrap items-center gap-2">
        <PinButton memory={memory} />
        {memory.label.integrity < 3 ? <Act word="Confirm" onClick={() => setAsked("confirm")} /> : null}
        <Act word="Correct" onClick={() => setAsked("correct")} />
        <Act word="Retract" onClick={() => setAsked("retract")} />
        <Act word="Redact" isBad onClick={() => setAsked("redact")} />
        <Act word="Forget" isBad onClick={() => setAsked("forget")} />
      </span>
      {asked === null ? null : asked === "correct" ? (
        <Correct memory={memory} onClose={() => setAsked(null)} />
      ) : (
        <Decide memory={memory} decision={asked} onClose={() => setAsked(null)} />
      )}
    </>
  )
}

function Act({ word, isBad = false, onClick }: { word: string; isBad?: boolean; onClick: () => void }): React.JSX.Element {
  return (
    <button type="button" className={`button ${isBad ? "button-bad" : ""}`} onClick={onClick}>
      {word}
    </button>
  )
}

interface DecideProps {
  memory: Memory
  decision: Decision
  onClose: () => void
}

function Decide({ memory, decision, onClose }: DecideProps): React.JSX.Element {
  const { word, title, what } = decisions[decision]
  const decide = useDecideMemory(memory.id)
  const [, navigate] = useLocation()
  const done = (): void => (decision === "forget" ? navigate(`/memories?scope=${encodeURIComponent(memory.scope)}`) : onClose())
  return (
    <Dialog title={title} onClose={onClose}>
      <p className="text-sm text-dim">{what}</p>
      {decide.error ? <Failure error={decide.error} /> : null}
      <DialogButtons word={word} busy={decide.isPending} onSend={() => decide.mutate(decision, { onSuccess: done })} onClose={onClose} />
    </Dialog>
  )
}

function Correct({ memory, onClose }: { memory: Memory; onClose: () => void }): React.JSX.Element {
  const [text, setText] = useState(memory.text ?? "")
  const [, navigate] = useLocation()
  const correct = useCorrectMemory(memory.id)
  const done = (id: string): void => {
    navigate(`/memories/${encodeURIComponent(id)}`)
    onClose() // what was derived keeps its page
  }
  const send = (): void => correct.mutate(text.trim(), { onSuccess: done })
  const isSame = text.trim() === "" || text.trim() === memory.text
  return (
    <Dialog title="Correct this memory" onClose={onClose}>
      <p className="text-sm text-dim">
        What you write takes the place of the old statement as your own word, for the same time and subject. Both are kept with what they
        rest on.
      </p>
      <textarea
        aria-label="The right statement"
        rows={4}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="field h-auto py-1.5"
      />
      {correct.error ? <Failure error={correct.error} /> : null}
      <DialogButtons word="Correct" busy={correct.isPending || isSame} onSend={send} onClose={onClose} />
    </Dialog>
  )
}
