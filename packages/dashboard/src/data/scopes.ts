// Scopes of memory as the pages read them, a page at a time.
import type { Scope, ScopeList } from "@perdure/client"
import { useInfiniteQuery, type UseInfiniteQueryResult } from "@tanstack/react-query"
import { client } from "./client.ts"

const pageRows = 100

export function useScopes(): UseInfiniteQueryResult<Scope[]> {
  return useInfiniteQuery({
    queryKey: ["memories", "scopes"],
    queryFn: ({ pageParam, signal }) =>
      client.scopes.list({ limit: pageRows, ...(pageParam === null ? {} : { after: pageParam }) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: ScopeList) => last.next,
    select: ({ pages }) => pages.flatMap(({ scopes }) => scopes),
  })
}
