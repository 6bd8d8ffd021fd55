// Keys as the pages read and change them.
import type { ApiKey, ApiKeyCreated, ApiKeyCreateRequest, ApiKeyList, ApiKeyListQuery, ApiKeyUpdateRequest } from "@perdure/client"
import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type UseInfiniteQueryResult,
  type UseMutationResult,
} from "@tanstack/react-query"
import { useCallback, useMemo } from "react"
import { shortId } from "../lib/format.ts"
import { client } from "./client.ts"

const pageRows = 100
/** As many as one answer holds. */
const namesRead = 1_000

/** The newest that fit, and more on demand. */
export function useKeyPages(filter: Pick<ApiKeyListQuery, "state" | "search">): UseInfiniteQueryResult<ApiKey[]> {
  return useInfiniteQuery({
    queryKey: ["keys", "pages", filter],
    queryFn: ({ pageParam, signal }) =>
      client.keys.list({ ...filter, limit: pageRows, ...(pageParam === null ? {} : { before: pageParam }) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: ApiKeyList) => last.next,
    select: ({ pages }) => pages.flatMap(({ keys }) => keys),
  })
}

/** What a principal is called: the name of its key, or the id as it is. */
export function usePrincipalNames(): (principal: string) => string {
  const { data } = useQuery({
    queryKey: ["keys", "names"],
    queryFn: async ({ signal }) => new Map((await client.keys.list({ limit: namesRead }, signal)).keys.map(({ id, name }) => [id, name])),
    staleTime: 60_000,
  })
  const names = useMemo(() => data ?? new Map<string, string>(), [data])
  return useCallback(
    (principal: string) => names.get(principal) ?? (principal.startsWith("key_") ? shortId(principal) : principal),
    [names],
  )
}

export function useCreateKey(): UseMutationResult<ApiKeyCreated, Error, ApiKeyCreateRequest> {
  return useChange((request: ApiKeyCreateRequest) => client.keys.create(request))
}

export function useUpdateKey(keyId: string): UseMutationResult<ApiKey, Error, ApiKeyUpdateRequest> {
  return useChange((patch: ApiKeyUpdateRequest) => client.keys.update(keyId, patch))
}

export function useRotateKey(keyId: string): UseMutationResult<ApiKeyCreated, Error, number> {
  return useChange((overlapMs: number) => client.keys.rotate(keyId, { overlapMs }))
}

export function useRevokeKey(keyId: string): UseMutationResult<unknown, Error, void> {
  return useChange(() => client.keys.revoke(keyId))
}

function useChange<Result, Given>(work: (given: Given) => Promise<Result>): UseMutationResult<Result, Error, Given> {
  const queries = useQueryClient()
  return useMutation({ mutationFn: work, onSettled: () => queries.invalidateQueries({ queryKey: ["keys"] }) })
}
