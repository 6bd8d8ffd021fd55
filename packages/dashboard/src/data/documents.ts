// Vector stores and their files as the pages read and change them.
import type { FileContent, UploadedFile, VectorStore, VectorStoreFile, VectorStoreSearch, VectorStoreSearchQuery } from "@perdure/client"
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

const pageRows = 100
const readingEveryMs = 1_000
const idleEveryMs = 15_000

export function useVectorStores(): UseInfiniteQueryResult<VectorStore[]> {
  return useInfiniteQuery({
    queryKey: ["vector-stores"],
    queryFn: ({ pageParam, signal }) => client.vectorStores.list({ limit: pageRows, ...afterOf(pageParam) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.has_more ? (last.data.at(-1)?.id ?? null) : null),
    select: ({ pages }) => pages.flatMap(({ data }) => data),
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ data }) => data.some((store) => store.status === "in_progress")) ? readingEveryMs : idleEveryMs,
  })
}

export function useVectorStore(id: string): UseQueryResult<VectorStore> {
  return useQuery({
    queryKey: ["vector-stores", id],
    queryFn: ({ signal }) => client.vectorStores.get(id, signal),
    refetchInterval: ({ state }) => (state.data?.status === "in_progress" ? readingEveryMs : idleEveryMs),
  })
}

/** The files of a store; asked for again every second while one of them is being read. */
export function useStoreFiles(id: string): UseInfiniteQueryResult<VectorStoreFile[]> {
  return useInfiniteQuery({
    queryKey: ["vector-stores", id, "files"],
    queryFn: ({ pageParam, signal }) => client.vectorStores.files(id, { limit: pageRows, ...afterOf(pageParam) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.has_more ? (last.data.at(-1)?.id ?? null) : null),
    select: ({ pages }) => pages.flatMap(({ data }) => data),
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ data }) => data.some((file) => file.status === "in_progress")) ? readingEveryMs : idleEveryMs,
  })
}

/** Name and size do not change, so each is asked for once. */
export function useFile(id: string): UseQueryResult<UploadedFile> {
  return useQuery({ queryKey: ["files", id], queryFn: ({ signal }) => client.files.get(id, signal), staleTime: Infinity })
}

/** Not asked while the request is null. */
export function useStoreSearch(id: string, request: VectorStoreSearchQuery | null): UseQueryResult<VectorStoreSearch> {
  return useQuery({
    queryKey: ["vector-stores", id, "search", request],
    queryFn: ({ signal }) => client.vectorStores.search(id, request ?? { query: "" }, signal),
    enabled: request !== null,
  })
}

/** The text of a file as it was read. */
export function useFileContent(id: string, fileId: string): UseQueryResult<FileContent> {
  return useQuery({
    queryKey: ["vector-stores", id, "content", fileId],
    queryFn: ({ signal }) => client.vectorStores.content(id, fileId, signal),
  })
}

export function useCreateStore(): UseMutationResult<VectorStore, Error, string> {
  return useChange((name: string) => client.vectorStores.create({ name }))
}

export function useDeleteStore(id: string): UseMutationResult<unknown, Error, void> {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => client.vectorStores.delete(id),
    // Only the list: what is asked of the store itself is there no more.
    onSuccess: () => queries.invalidateQueries({ queryKey: ["vector-stores"], exact: true }),
  })
}

/** Uploads files one after the other, and has each read; the first that is refused ends it. */
export function useAddFiles(id: string): UseMutationResult<void, Error, readonly File[]> {
  return useChange(async (files: readonly File[]) => {
    for (const file of files) {
      const uploaded = await client.files.upload(file)
      await client.vectorStores.attach(id, uploaded.id)
    }
  })
}

export function useDetachFile(id: string): UseMutationResult<unknown, Error, string> {
  return useChange((fileId: string) => client.vectorStores.detach(id, fileId))
}

function useChange<Result, Given>(work: (given: Given) => Promise<Result>): UseMutationResult<Result, Error, Given> {
  const queries = useQueryClient()
  return useMutation({ mutationFn: work, onSettled: () => queries.invalidateQueries({ queryKey: ["vector-stores"] }) })
}

function afterOf(last: string | null): { after?: string } {
  return last === null ? {} : { after: last }
}
