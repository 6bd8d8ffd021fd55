// What went in and what came out, as text that is only ever text, with the documents that the answer cites.
import type { Run, RunEvent } from "@perdure/client"
import { useMemo, useState } from "react"
import { hasEnded } from "../../lib/statuses.ts"
import { answerOf, promptOf, type Said } from "../../lib/talk.ts"
import { Icon } from "../../parts/icons.tsx"
import { JsonView } from "../../parts/json-view.tsx"

export function Talk({ run, events }: { run: Run; events: readonly RunEvent[] }): React.JSX.Element {
  const [raw, setRaw] = useState(false)
  const prompt = useMemo(() => promptOf(run.input), [run.input])
  const answer = useMemo(() => answerOf(run, events), [run, events])
  const nothing = prompt.length === 0 && answer.length === 0 && hasEnded(run.status)
  return (
    <section aria-label="Prompt and answer" className="panel flex min-w-0 flex-col self-start">
      <div className="flex items-center justify-between border-b border-line px-4 py-2">
        <h2 className="heading">Prompt and answer</h2>
        <div role="group" aria-label="Show as" className="flex rounded-md border border-line-strong text-xs">
          <Tab here={!raw} onClick={() => setRaw(false)} text="Text" />
          <Tab here={raw} onClick={() => setRaw(true)} text="JSON" />
        </div>
      </div>
      {raw ? (
        <div className="flex flex-col gap-3 overflow-x-auto p-4 font-mono text-xs leading-5">
          <JsonView value={{ input: run.input, output: run.output }} />
        </div>
      ) : (
        <div className="flex flex-col gap-4 p-4">
          {nothing ? (
            <p className="text-sm text-dim">{notKept(run)}</p>
          ) : (
            <Both prompt={prompt} answer={answer} over={hasEnded(run.status)} />
          )}
        </div>
      )}
    </section>
  )
}

function Both({ prompt, answer, over }: { prompt: readonly Said[]; answer: readonly Said[]; over: boolean }): React.JSX.Element {
  return (
    <>
      <Part name="Prompt" said={prompt} none="No input." />
      <hr className="border-line" />
      <Part name="Answer" said={answer} none={over ? "No output." : "Nothing yet."} />
    </>
  )
}

const stateless: readonly string[] = [
  "chat",
  "embedding",
  "image",
  "audio",
  "moderation",
  "rerank",
  "realtime",
  "pass_through",
  "memory",
  "retrieval",
  "file",
]

function notKept(run: Run): string {
  return stateless.includes(run.kind) ? "Not kept: stateless calls keep their numbers, not their texts." : "Nothing was kept."
}

function Tab({ here, onClick, text }: { here: boolean; onClick: () => void; text: string }): React.JSX.Element {
  return (
    <button
      type="button"
      aria-pressed={here}
      onClick={onClick}
      className={`h-6 rounded-[5px] px-2 ${here ? "bg-raised font-medium" : "text-dim hover:text-ink"}`}
    >
      {text}
    </button>
  )
}

function Part({ name, said, none }: { name: string; said: readonly Said[]; none: string }): React.JSX.Element {
  return (
    <div className="flex flex-col gap-3" data-part={name.toLowerCase()}>
      <h3 className="sr-only">{name}</h3>
      {said.length === 0 ? <p className="text-sm text-dim">{none}</p> : said.map((one, index) => <Entry key={index} said={one} />)}
    </div>
  )
}

const cutAt = 4_000
const monospaced: readonly string[] = ["tool call", "tool result", "tool error", "input", "output"]

function Entry({ said }: { said: Said }): React.JSX.Element {
  const [whole, setWhole] = useState(false)
  const cut = !whole && said.text.length > cutAt
  return (
    <div className="min-w-0">
      <div className="mb-0.5 text-xs font-medium text-dim first-letter:uppercase">{said.role}</div>
      <div
        className={`break-words whitespace-pre-wrap ${monospaced.includes(said.role) ? "rounded-md bg-raised p-2 font-mono text-xs leading-5" : ""}`}
      >
        {cut ? said.text.slice(0, cutAt) : said.text}
        {cut ? (
          <button type="button" className="ml-1 text-accent underline" onClick={() => setWhole(true)}>
            show {said.text.length - cutAt} more characters
          </button>
        ) : null}
      </div>
      {said.citations.length > 0 ? (
        <ul aria-label="Citations" className="mt-2 flex flex-wrap gap-1.5">
          {said.citations.map(({ title, id }) => (
            <li
              key={`${id} ${title}`}
              title={id}
              className="inline-flex items-center gap-1 rounded border border-line bg-raised px-1.5 py-0.5 text-xs"
            >
              <Icon name="file" className="size-3.5 text-dim" />
              {title}
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}
