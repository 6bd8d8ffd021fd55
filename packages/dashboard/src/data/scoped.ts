// Blocks and operational states of a scope, as the pages read and write them.
import type { Block, BlockList, BlockPutRequest, BlockVersions, BlockWritten, Expected, State, StateList } from "@perdure/client"
import type { StateVersions, StateWritten } from "@perdure/client"
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

export function useBlockPages(scope: string): UseInfiniteQueryResult<Block[]> {
  return useInfiniteQuery({
    queryKey: ["scoped", "blocks", "pages", scope],
    queryFn: ({ pageParam, signal }) => client.blocks.list(scope, pageOf(pageParam), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: BlockList) => last.next,
    select: ({ pages }) => pages.flatMap(({ blocks }) => blocks),
  })
}

export function useBlock(scope: string, path: string): UseQueryResult<Block> {
  return useQuery({ queryKey: ["scoped", "blocks", "one", scope, path], queryFn: ({ signal }) => client.blocks.get(scope, path, signal) })
}

export function useBlockVersions(scope: string, path: string): UseQueryResult<BlockVersions["versions"]> {
  return useQuery({
    queryKey: ["scoped", "blocks", "one", scope, path, "versions"],
    queryFn: async ({ signal }) => (await client.blocks.versions(scope, path, signal)).versions,
  })
}

export interface BlockWrite {
  path: string
  block: BlockPutRequest
  expected: Expected
}

export function usePutBlock(scope: string): UseMutationResult<BlockWritten, Error, BlockWrite> {
  return useChange(({ path, block, expected }: BlockWrite) => client.blocks.put(scope, path, block, expected))
}

export function useConfirmBlock(scope: string, path: string): UseMutationResult<BlockWritten, Error, number> {
  return useChange((version: number) => client.blocks.confirm(scope, path, version))
}

export function useDeleteBlock(scope: string, path: string): UseMutationResult<unknown, Error, number> {
  return useChange((version: number) => client.blocks.delete(scope, path, { version }), ["scoped", "blocks", "pages"])
}

export function useStatePages(scope: string): UseInfiniteQueryResult<State[]> {
  return useInfiniteQuery({
    queryKey: ["scoped", "states", "pages", scope],
    queryFn: ({ pageParam, signal }) => client.states.list(scope, pageOf(pageParam), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: StateList) => last.next,
    select: ({ pages }) => pages.flatMap(({ states }) => states),
  })
}

export function useStateOf(scope: string, key: string): UseQueryResult<State> {
  return useQuery({ queryKey: ["scoped", "states", "one", scope, key], queryFn: ({ signal }) => client.states.get(scope, key, signal) })
}

export function useStateVersions(scope: string, key: string): UseQueryResult<StateVersions["versions"]> {
  return useQuery({
    queryKey: ["scoped", "states", "one", scope, key, "versions"],
    queryFn: async ({ signal }) => (await client.states.versions(scope, key, signal)).versions,
  })
}

export interface StateWrite {
  key: string
  value: State["value"]
  expected: Expected
}

export function usePutState(scope: string): UseMutationResult<StateWritten, Error, StateWrite> {
  return useChange(({ key, value, expected }: StateWrite) => client.states.put(scope, key, value, expected))
}

export function useDeleteState(scope: string, key: string): UseMutationResult<unknown, Error, number> {
  return useChange((version: number) => client.states.delete(scope, key, { version }), ["scoped", "states", "pages"])
}

function pageOf(after: string | null): { limit: number; after?: string } {
  return { limit: pageRows, ...(after === null ? {} : { after }) }
}

/** What is there is read again, also where a write was refused since something else is there. `changed`: what a success leaves to be read. */
function useChange<Result, Given>(
  work: (given: Given) => Promise<Result>,
  changed: readonly string[] = ["scoped"],
): UseMutationResult<Result, Error, Given> {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: work,
    onSettled: (_, error) => queries.invalidateQueries({ queryKey: error === null ? changed : ["scoped"] }),
  })
}
