// Usage, keys and memories as the pages read them.
import type { ApiKey, ApiKeyCreated, MemoryList, MemorySearch, Usage, UsageQuery } from "@perdure/client"
import { useMutation, useQuery, useQueryClient, type UseMutationResult, type UseQueryResult } from "@tanstack/react-query"
import { useCallback, useMemo } from "react"
import { shortId } from "../lib/format.ts"
import { client } from "./client.ts"

const usageEveryMs = 15_000

/** Usage since so many hours ago; the start is rounded to the minute so that equal questions are one. */
export function useUsage(hours: number, groupBy: NonNullable<UsageQuery["groupBy"]>): UseQueryResult<Usage> {
  return useQuery({
    queryKey: ["usage", hours, groupBy],
    queryFn: ({ signal }) => client.usage({ since: Math.floor(Date.now() / 60_000) * 60_000 - hours * 3_600_000, groupBy }, signal),
    refetchInterval: usageEveryMs,
  })
}

/** As many as one answer holds. */
const keysRead = 1_000

export function useKeys(): UseQueryResult<ApiKey[]> {
  return useQuery({
    queryKey: ["keys"],
    queryFn: async ({ signal }) => (await client.keys.list({ limit: keysRead }, signal)).keys,
    staleTime: 60_000,
  })
}

/** What a principal is called: the name of its key, or the id as it is. */
export function usePrincipalNames(): (principal: string) => string {
  const keys = useKeys()
  const names = useMemo(() => new Map(keys.data?.map((key) => [key.id, key.name])), [keys.data])
  return useCallback(
    (principal: string) => names.get(principal) ?? (principal.startsWith("key_") ? shortId(principal) : principal),
    [names],
  )
}

export function useCreateKey(): UseMutationResult<ApiKeyCreated, Error, string> {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (name: string) => client.keys.create({ name }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["keys"] }),
  })
}

export function useRevokeKey(): UseMutationResult<unknown, Error, string> {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => client.keys.revoke(id),
    onSettled: () => queries.invalidateQueries({ queryKey: ["keys"] }),
  })
}

const memoriesShown = 50

/** The memories of a scope that are close to a query, with their scores; the newest of it without a query. */
export function useMemories(scope: string, query: string): UseQueryResult<MemoryList["memories"] | MemorySearch["memories"]> {
  return useQuery({
    queryKey: ["memories", scope, query],
    queryFn: async ({ signal }) =>
      query === ""
        ? (await client.memories.list({ scope, limit: memoriesShown }, signal)).memories
        : (await client.memories.search({ scope, query, limit: memoriesShown }, signal)).memories,
  })
}
