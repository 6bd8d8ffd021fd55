// Above the list: search, the filters, and the switch between live and paused.
import type { RunListQuery } from "@perdure/client"
import { useEffect, useRef, useState } from "react"
import type { LiveRuns } from "../../data/runs.ts"
import { allKinds, allStatuses, kindLabels, statusLooks } from "../../lib/statuses.ts"
import { Icon } from "../../parts/icons.tsx"
import { shortId } from "../../lib/format.ts"
import type { RunFilterName } from "./filter.ts"

export interface ToolbarProps {
  filter: RunListQuery
  setFilter: (name: RunFilterName, value: string) => void
  live: LiveRuns
  onPause: () => void
  searchField: React.RefObject<HTMLInputElement | null>
}

const kindOptions = allKinds.map((kind) => [kind, kindLabels[kind]] as const)
const statusOptions = allStatuses.map((status) => [status, statusLooks[status].label] as const)

export function Toolbar({ filter, setFilter, live, onPause, searchField }: ToolbarProps): React.JSX.Element {
  return (
    <>
      <Search value={filter.search ?? ""} onChange={(value) => setFilter("search", value)} field={searchField} />
      <Choice label="Kind" all="All kinds" value={filter.kind ?? ""} options={kindOptions} onChange={(value) => setFilter("kind", value)} />
      <Choice
        label="Status"
        all="All statuses"
        value={filter.status ?? ""}
        options={statusOptions}
        onChange={(value) => setFilter("status", value)}
      />
      <Chip name="conversation" value={filter.conversationId} onRemove={() => setFilter("conversationId", "")} />
      <Chip name="parent" value={filter.parentId} onRemove={() => setFilter("parentId", "")} />
      <LiveSwitch live={live} onPause={onPause} />
    </>
  )
}

const typingPauseMs = 250

function Search({
  value,
  onChange,
  field,
}: {
  value: string
  onChange: (value: string) => void
  field: ToolbarProps["searchField"]
}): React.JSX.Element {
  const [text, setText] = useState(value)
  const latest = useRef(onChange)
  useEffect(() => {
    latest.current = onChange
  })
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return undefined
    const timer = setTimeout(() => latest.current(text), typingPauseMs)
    return () => clearTimeout(timer)
  }, [text, value])
  return (
    <div className="relative max-w-96 min-w-40 flex-1">
      <Icon name="search" className="absolute top-2 left-2.5 text-dim" />
      <input
        ref={field}
        type="search"
        aria-label="Search runs"
        placeholder="Search name, model, id, text"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur()
        }}
        className="field w-full pr-8 pl-8"
      />
      <kbd
        className="pointer-events-none absolute top-1.5 right-2 rounded border border-line px-1.5 font-mono text-xs text-dim"
        aria-hidden="true"
      >
        /
      </kbd>
    </div>
  )
}

interface ChoiceProps {
  label: string
  all: string
  value: string
  options: readonly (readonly [string, string])[]
  onChange: (value: string) => void
}

function Choice({ label, all, value, options, onChange }: ChoiceProps): React.JSX.Element {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className={`field pr-1 ${value === "" ? "" : "border-accent text-accent"}`}
    >
      <option value="">{all}</option>
      {options.map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
  )
}

function Chip({ name, value, onRemove }: { name: string; value: string | undefined; onRemove: () => void }): React.JSX.Element | null {
  if (value === undefined) return null
  return (
    <button type="button" onClick={onRemove} className="button border-accent text-accent" title={`Remove the filter ${name} ${value}`}>
      {name} <span className="font-mono text-xs">{shortId(value)}</span> ×
    </button>
  )
}

function LiveSwitch({ live, onPause }: { live: LiveRuns; onPause: () => void }): React.JSX.Element {
  const paused = live.state === "paused"
  const dot = paused ? "bg-still" : live.state === "live" ? "bg-good" : "bg-warn breathe"
  const text = paused ? (live.held > 0 ? `Paused · ${live.held} changed` : "Paused") : live.state === "live" ? "Live" : "Connecting"
  return (
    <button
      type="button"
      aria-pressed={!paused}
      onClick={onPause}
      className="button ml-auto"
      title={paused ? "Go on" : "Pause the live list"}
    >
      <span className={`size-2 rounded-full ${dot}`} aria-hidden="true" />
      {text}
      <Icon name={paused ? "play" : "pause"} className="size-3.5 text-dim" />
    </button>
  )
}
