// Memory as the pages read and change it: searches with what was left out, entries with their versions and grounds, sources, reviews.
import type {
  BlastRadius,
  MemoryExplanation,
  MemoryList,
  MemoryReviewList,
  MemorySearch,
  MemorySearchRequest,
  MemoryVersions,
  Source,
} from "@perdure/client"
import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type UseInfiniteQueryResult,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query"
import { client } from "./client.ts"

const pageRows = 50

export type Kind = MemoryList["memories"][number]["kind"]

export interface Narrowed {
  kind?: Kind
  pinned?: "true"
}

/** The newest of a scope, and more on demand. */
export function useMemoryPages(scope: string, narrowed: Narrowed): UseInfiniteQueryResult<MemoryList["memories"]> {
  return useInfiniteQuery({
    queryKey: ["memories", "pages", scope, narrowed],
    queryFn: ({ pageParam, signal }) =>
      client.memories.list({ scope, limit: pageRows, ...narrowed, ...(pageParam === null ? {} : { before: pageParam }) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: MemoryList) => last.next,
    select: ({ pages }) => pages.flatMap(({ memories }) => memories),
  })
}

export function useMemorySearch(request: MemorySearchRequest): UseQueryResult<MemorySearch> {
  return useQuery({
    queryKey: ["memories", "search", request],
    queryFn: ({ signal }) => client.memories.search({ limit: pageRows, ...request, explain: true }, signal),
  })
}

export function useExplanation(id: string): UseQueryResult<MemoryExplanation> {
  return useQuery({ queryKey: ["memories", id, "explain"], queryFn: ({ signal }) => client.memories.explain(id, signal) })
}

export function useVersions(id: string): UseQueryResult<MemoryVersions> {
  return useQuery({ queryKey: ["memories", id, "versions"], queryFn: ({ signal }) => client.memories.versions(id, signal) })
}

export function useReviews(scope: string): UseQueryResult<MemoryReviewList> {
  return useQuery({ queryKey: ["memories", "reviews", scope], queryFn: ({ signal }) => client.memories.reviews({ scope }, signal) })
}

export function useSources(scope: string): UseQueryResult<Source[]> {
  return useQuery({
    queryKey: ["memories", "sources", scope],
    queryFn: async ({ signal }) => (await client.sources.list({ scope, limit: pageRows }, signal)).sources,
  })
}

export function useBlastRadius(sourceId: string): UseQueryResult<BlastRadius> {
  return useQuery({ queryKey: ["memories", "blast", sourceId], queryFn: ({ signal }) => client.sources.blastRadius(sourceId, signal) })
}

export type Decision = "confirm" | "retract" | "redact" | "forget"

export function useDecideMemory(id: string): UseMutationResult<unknown, Error, Decision> {
  return useChange(async (decision: Decision) => client.memories[decision](id))
}

export function usePinMemory(id: string): UseMutationResult<unknown, Error, boolean> {
  return useChange((pinned: boolean) => client.memories.pin(id, pinned))
}

/** As the person's own word, in the place of the old one. */
export function useCorrectMemory(id: string): UseMutationResult<string, Error, string> {
  return useChange(async (text: string) => (await client.memories.correct(id, { text })).id)
}

export function useRevokeSource(id: string): UseMutationResult<unknown, Error, string> {
  return useChange((reason: string) => client.sources.revoke(id, reason === "" ? undefined : reason))
}

function useChange<Result, Given>(work: (given: Given) => Promise<Result>): UseMutationResult<Result, Error, Given> {
  const queries = useQueryClient()
  return useMutation({ mutationFn: work, onSettled: () => queries.invalidateQueries({ queryKey: ["memories"] }) })
}
