// What the server says of itself, as every page shows it where something is wrong.
import { useQuery, type UseQueryResult } from "@tanstack/react-query"

const everyMs = 15_000

export interface ServerHealth {
  status: "ok" | "degraded" | "failing"
  checks?: Readonly<Record<string, { ok: boolean; detail?: string }>>
}

/** Answered with 503 where the server cannot serve: the body is the same. */
export function useHealth(): UseQueryResult<ServerHealth> {
  return useQuery({
    queryKey: ["health"],
    queryFn: async ({ signal }) => (await (await fetch("/health/ready", { signal })).json()) as ServerHealth,
    refetchInterval: everyMs,
  })
}
