// Models and deployments as the pages read them: again and again, since breakers and cool-downs come and go in seconds.
import type { Deployments } from "@perdure/client"
import { useQuery, type UseQueryResult } from "@tanstack/react-query"
import { client } from "./client.ts"

const everyMs = 2_000

export function useDeployments(): UseQueryResult<Deployments> {
  return useQuery({
    queryKey: ["deployments"],
    queryFn: ({ signal }) => client.deployments(signal),
    refetchInterval: everyMs,
  })
}
