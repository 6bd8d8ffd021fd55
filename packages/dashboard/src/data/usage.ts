// What was spent, and what limits leave, as the pages read them.
import type { Alert, LimitStatus, Usage, UsageQuery } from "@perdure/client"
import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query"
import { ranges, startOf, type RangeName } from "../lib/spend.ts"
import type { SpendGroup } from "../lib/spend-group.ts"
import { client } from "./client.ts"

const spendEveryMs = 15_000
const limitsEveryMs = 5_000
const alertsEveryMs = 15_000

export type SpendFilter = Pick<UsageQuery, "tag" | "metadata">

/** Sums of each group over the range; `overTime`: apart for each of its hours or days. */
export function useSpend(range: RangeName, groupBy: SpendGroup, filter: SpendFilter, overTime: boolean): UseQueryResult<Usage> {
  const interval = overTime ? { interval: ranges[range].interval } : {}
  return useQuery({
    queryKey: ["usage", "spend", range, groupBy, filter, overTime],
    queryFn: ({ signal }) => client.usage({ since: startOf(range, Date.now()), groupBy, ...filter, ...interval }, signal),
    refetchInterval: spendEveryMs,
    placeholderData: keepPreviousData,
  })
}

/** What webhooks were told. */
export function useAlerts(): UseQueryResult<Alert[]> {
  return useQuery({
    queryKey: ["alerts"],
    queryFn: async ({ signal }) => (await client.alerts(signal)).alerts,
    refetchInterval: alertsEveryMs,
  })
}

export function useLimits(): UseQueryResult<LimitStatus[]> {
  return useQuery({
    queryKey: ["limits"],
    queryFn: async ({ signal }) => (await client.limits(signal)).limits,
    refetchInterval: limitsEveryMs,
  })
}
