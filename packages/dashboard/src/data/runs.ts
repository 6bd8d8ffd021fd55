// The runs as the pages read them: pages of the list, the live stream over them, one run, and what a person can do to it.
import type { Run, RunListQuery, RunResolveRequest, RunSummary } from "@perdure/client"
import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type UseInfiniteQueryResult,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query"
import { useEffect, useRef, useState } from "react"
import { hasEnded } from "../lib/statuses.ts"
import { client } from "./client.ts"

const rowsPerPage = 100
/** Runs that the live stream may hold over the pages; the list is read anew beyond. */
const liveRunsMax = 2_000

export function useRunPages(filter: RunListQuery): UseInfiniteQueryResult<RunSummary[]> {
  return useInfiniteQuery({
    queryKey: ["runs", filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => client.runs.list({ ...filter, limit: rowsPerPage, before: pageParam }, signal),
    getNextPageParam: (page) => page.next ?? undefined,
    select: ({ pages }) => pages.flatMap((page) => page.runs),
  })
}

export interface LiveRuns {
  runs: ReadonlyMap<string, RunSummary>
  state: "live" | "reconnecting" | "paused"
  /** Changes that came while it was paused. */
  held: number
}

/** Summaries as they change. While paused, changes are kept back and shown together afterwards. */
export function useLiveRuns(paused: boolean): LiveRuns {
  const [runs, setRuns] = useState<ReadonlyMap<string, RunSummary>>(new Map())
  const [state, setState] = useState<"live" | "reconnecting">("reconnecting")
  const [held, setHeld] = useState(0)
  const waiting = useRef(new Map<string, RunSummary>())
  const pausedNow = useRef(paused)
  const queries = useQueryClient()

  useEffect(() => {
    pausedNow.current = paused
  }, [paused])

  useEffect(() => {
    const stop = new AbortController()
    const release = setInterval(() => {
      if (waiting.current.size === 0) return
      if (pausedNow.current) return setHeld(waiting.current.size)
      const changed = waiting.current
      waiting.current = new Map()
      setHeld(0)
      setRuns((known) => {
        const all = new Map([...known, ...changed])
        if (all.size <= liveRunsMax) return all
        void queries.invalidateQueries({ queryKey: ["runs"] })
        return changed
      })
    }, 150)
    const follow = async (): Promise<void> => {
      for await (const run of client.runs.changes({ signal: stop.signal, onState: setState })) waiting.current.set(run.id, run)
    }
    follow().catch(() => setState("reconnecting"))
    return () => {
      stop.abort()
      clearInterval(release)
    }
  }, [queries])

  return { runs, state: paused ? "paused" : state, held: paused ? held : 0 }
}

/** One run; read anew while it goes on, since totals and output change with its events. */
export function useRun(runId: string, lastSeq: number): UseQueryResult<Run> {
  const queries = useQueryClient()
  const query = useQuery({
    queryKey: ["run", runId],
    queryFn: ({ signal }) => client.runs.get(runId, signal),
    refetchInterval: ({ state }) => (state.data && !hasEnded(state.data.status) ? 1_500 : false),
  })
  const status = query.data?.status
  useEffect(() => {
    if (status !== undefined && hasEnded(status) && lastSeq <= (query.data?.lastSeq ?? 0)) return undefined
    const timer = setTimeout(() => void queries.invalidateQueries({ queryKey: ["run", runId] }), 300)
    return () => clearTimeout(timer)
  }, [lastSeq, status, runId, queries, query.data?.lastSeq])
  return query
}

export function useRelatedRuns(filter: RunListQuery, enabled: boolean): UseQueryResult<RunSummary[]> {
  return useQuery({
    queryKey: ["runs", "related", filter],
    queryFn: async ({ signal }) => (await client.runs.list({ ...filter, limit: 20 }, signal)).runs,
    enabled,
  })
}

export function useCancelRun(runId: string): UseMutationResult<unknown, Error, void> {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => client.runs.cancel(runId, "cancelled in the dashboard"),
    onSettled: () => queries.invalidateQueries({ queryKey: ["run", runId] }),
  })
}

export function useResolveRun(runId: string): UseMutationResult<Run, Error, RunResolveRequest> {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (decision: RunResolveRequest) => client.runs.resolve(runId, decision),
    onSettled: () => queries.invalidateQueries({ queryKey: ["run", runId] }),
  })
}
