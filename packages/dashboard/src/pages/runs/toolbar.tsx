// Above the list: search, the filters, and the switch between live and paused.
import type { RunListQuery } from "@perdure/client"
import type { LiveRuns } from "../../data/runs.ts"
import { allKinds, allStatuses, kindLabels, statusLooks } from "../../lib/statuses.ts"
import { Choice, SearchField } from "../../parts/filters.tsx"
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
      <SearchField
        label="Search runs"
        placeholder="Search name, model, id, text"
        value={filter.search ?? ""}
        onChange={(value) => setFilter("search", value)}
        field={searchField}
        shortcut="/"
      />
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
      <Chip name="prompt" value={filter.prompt} onRemove={() => setFilter("prompt", "")} />
      <Chip name="experiment" value={filter.experiment} onRemove={() => setFilter("experiment", "")} />
      <Chip name="tag" value={filter.tag} onRemove={() => setFilter("tag", "")} />
      <Chip name="metadata" value={filter.metadata} onRemove={() => setFilter("metadata", "")} />
      <LiveSwitch live={live} onPause={onPause} />
    </>
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
