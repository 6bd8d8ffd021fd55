// Erasures as the pages read and start them; one that is under way is asked for again until it has its receipt.
import type { Erasure, ErasureCreateRequest } from "@perdure/client"
import { useMutation, useQuery, useQueryClient, type UseMutationResult, type UseQueryResult } from "@tanstack/react-query"
import { client } from "./client.ts"

const rowsShown = 50
const lookAgainMs = 1_000

const isUnderWay = (erasure: Erasure | undefined): boolean => erasure?.status === "in_progress"

/** The newest ones of the project. */
export function useErasures(): UseQueryResult<Erasure[]> {
  return useQuery({
    queryKey: ["erasures", "list"],
    queryFn: async ({ signal }) => (await client.erasures.list({ limit: rowsShown }, signal)).erasures,
    refetchInterval: ({ state }) => (state.data?.some(isUnderWay) ? lookAgainMs : false),
  })
}

export function useErasure(id: string | null): UseQueryResult<Erasure> {
  return useQuery({
    queryKey: ["erasures", id],
    enabled: id !== null,
    queryFn: ({ signal }) => client.erasures.get(id ?? "", signal),
    refetchInterval: ({ state }) => (isUnderWay(state.data) ? lookAgainMs : false),
  })
}

export function useStartErasure(): UseMutationResult<Erasure, Error, ErasureCreateRequest> {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (request: ErasureCreateRequest) => client.erasures.start(request),
    onSuccess: (erasure) => queries.setQueryData(["erasures", erasure.id], erasure),
    onSettled: () => Promise.all(["erasures", "memories"].map((name) => queries.invalidateQueries({ queryKey: [name] }))),
  })
}
