// Usage as the pages read it.
import type { Usage, UsageQuery } from "@perdure/client"
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
