// The list of runs: live, filtered by its address, moved through by keys.
import { useQueryClient } from "@tanstack/react-query"
import { useCallback, useEffect, useMemo, useRef, useState } from "react"
import { useLocation } from "wouter"
import { useLiveRuns, useRunPages } from "../../data/runs.ts"
import { mergeRuns } from "../../lib/merge-runs.ts"
import { Failure, Loading, PageHead } from "../../parts/small.tsx"
import { NoRuns, NothingFound } from "./empty.tsx"
import { useRunFilter } from "./filter.ts"
import { RunTable } from "./table.tsx"
import { Toolbar } from "./toolbar.tsx"

export function RunsPage(): React.JSX.Element {
  const [filter, setFilter] = useRunFilter()
  const [, navigate] = useLocation()
  const [paused, setPaused] = useState(false)
  const [chosen, setChosen] = useState(-1)
  const searchField = useRef<HTMLInputElement>(null)
  const pages = useRunPages(filter)
  const live = useLiveRuns(paused)
  const runs = useMemo(() => mergeRuns(pages.data ?? [], live.runs, filter), [pages.data, live.runs, filter])
  useSearchAgain(filter.search ?? filter.prompt ?? filter.tag ?? filter.metadata, live.runs)
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const open = (index: number): void => {
    const run = runs[index]
    if (run) navigate(`/runs/${encodeURIComponent(run.id)}`)
  }
  useListKeys({ count: runs.length, chosen, setChosen, open, searchField })

  const filtered = Object.keys(filter).length > 0
  return (
    <>
      <PageHead title="Runs">
        <Toolbar filter={filter} setFilter={setFilter} live={live} onPause={() => setPaused(!paused)} searchField={searchField} />
      </PageHead>
      {pages.error ? <Failure error={pages.error} /> : null}
      {pages.isPending ? <Loading /> : null}
      {runs.length > 0 ? <RunTable runs={runs} chosen={chosen} onChoose={setChosen} onEnd={onEnd} /> : null}
      {runs.length === 0 && pages.isSuccess ? (
        filtered ? (
          <NothingFound onClear={() => navigate("/runs", { replace: true })} />
        ) : (
          <NoRuns />
        )
      ) : null}
    </>
  )
}

const searchAgainMs = 2_000

/** Only the server can say what a search finds, so it is asked again while runs change. */
function useSearchAgain(search: string | undefined, changed: unknown): void {
  const queries = useQueryClient()
  const waiting = useRef(false)
  useEffect(() => {
    if (search === undefined || waiting.current) return
    waiting.current = true
    setTimeout(() => {
      waiting.current = false
      void queries.invalidateQueries({ queryKey: ["runs"] })
    }, searchAgainMs)
  }, [search, changed, queries])
}

interface ListKeys {
  count: number
  chosen: number
  setChosen: (index: number) => void
  open: (index: number) => void
  searchField: React.RefObject<HTMLInputElement | null>
}

/** `j` and `k` move, Enter opens, `/` goes to the search. Nothing happens while somebody types or uses a control. */
function useListKeys(keys: ListKeys): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isOneOf(event.target, typing)) return
      const { count, chosen, setChosen, open, searchField } = latest.current
      if (event.key === "/") searchField.current?.focus()
      else if (event.key === "j" || event.key === "ArrowDown") setChosen(Math.min(count - 1, chosen + 1))
      else if (event.key === "k" || event.key === "ArrowUp") setChosen(Math.max(0, chosen - 1))
      else if (event.key === "Enter" && chosen >= 0 && !isOneOf(event.target, pressed)) open(chosen)
      else return
      event.preventDefault()
    }
    window.addEventListener("keydown", onKey)
    return () => window.removeEventListener("keydown", onKey)
  }, [])
}

const typing: readonly string[] = ["INPUT", "TEXTAREA", "SELECT"]
const pressed: readonly string[] = ["BUTTON", "A"]

function isOneOf(target: EventTarget | null, tags: readonly string[]): boolean {
  return target instanceof HTMLElement && tags.includes(target.tagName)
}
