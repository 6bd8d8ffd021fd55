// The list's filter, kept in the address so that a view can be sent to somebody.
import type { RunListQuery } from "@perdure/client"
import { useSearchParams } from "wouter"
import { allKinds, allStatuses } from "../../lib/statuses.ts"

export type RunFilterName = "kind" | "status" | "search" | "conversationId" | "parentId" | "prompt" | "experiment" | "tag" | "metadata"

export function useRunFilter(): [RunListQuery, (name: RunFilterName, value: string) => void] {
  const [params, setParams] = useSearchParams()
  const set = (name: RunFilterName, value: string): void => {
    setParams(
      (before) => {
        const next = new URLSearchParams(before)
        if (value === "") next.delete(name)
        else next.set(name, value)
        return next
      },
      { replace: true },
    )
  }
  return [filterOf(params), set]
}

export function filterOf(params: URLSearchParams): RunListQuery {
  const kind = allKinds.find((known) => known === params.get("kind"))
  const status = allStatuses.find((known) => known === params.get("status"))
  const search = params.get("search") ?? ""
  const conversationId = params.get("conversationId") ?? ""
  const parentId = params.get("parentId") ?? ""
  const prompt = params.get("prompt") ?? ""
  const experiment = params.get("experiment") ?? ""
  const tag = params.get("tag") ?? ""
  const metadata = params.get("metadata") ?? ""
  return {
    ...(prompt === "" ? {} : { prompt }),
    ...(experiment === "" ? {} : { experiment }),
    ...(tag === "" ? {} : { tag }),
    ...(metadata === "" ? {} : { metadata }),
    ...(kind === undefined ? {} : { kind }),
    ...(status === undefined ? {} : { status }),
    ...(search === "" ? {} : { search }),
    ...(conversationId === "" ? {} : { conversationId }),
    ...(parentId === "" ? {} : { parentId }),
  }
}
