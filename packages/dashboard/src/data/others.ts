// Usage and memories as the pages read them.
import type { MemoryList, MemorySearch, Usage, UsageQuery } from "@perdure/client"
import { useQuery, type UseQueryResult } from "@tanstack/react-query"
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
