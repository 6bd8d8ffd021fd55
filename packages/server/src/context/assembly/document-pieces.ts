// Passages of vector stores as pieces of an assembly: found for the question, readable by the caller, each with where it stands.
import type { SearchResult } from "../retrieval/search-results.ts"
import type { Search } from "../retrieval/search.ts"
import { shownTexts } from "../memory/shown.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import type { Citation, Piece } from "./types.ts"

export interface DocumentRequest {
  /** None: nothing is searched. */
  vectorStoreIds?: readonly string[] | undefined
  query: string
  limit: number
  shown?: readonly string[]
  embedWaitMs?: number | undefined
}

/** `search` throws for a store that is none of the caller's project. */
export async function documentPieces(
  search: Search,
  caller: MemoryCaller,
  { vectorStoreIds = [], query, limit, shown = [], embedWaitMs }: DocumentRequest,
  signal: AbortSignal,
): Promise<{ pieces: Piece[]; wordsOnly: string | null }> {
  if (vectorStoreIds.length === 0 || query.trim() === "") return { pieces: [], wordsOnly: null }
  const { results, wordsOnly } = await search(
    { ...caller, user: caller.user ?? null },
    { vectorStoreIds, query, limit, embedWaitMs },
    signal,
  )
  const isShown = shownTexts(shown)
  const told = results.filter((result) => mayRead(caller, result) && !isShown(result.text))
  const best = Math.max(...told.map(({ score }) => score), Number.MIN_VALUE)
  return { pieces: told.map((result) => pieceOf(result, Math.max(0, result.score / best))), wordsOnly }
}

function mayRead({ projectId, principal, user }: MemoryCaller, { label: { readers } }: SearchResult): boolean {
  return readers === "public" || [projectId, principal, ...(user ? [user] : [])].some((reader) => readers.includes(reader))
}

function pieceOf({ chunkId, vectorStoreId, fileId, filename, heading, pages, text, label }: SearchResult, score: number): Piece {
  const citation: Citation = { vectorStoreId, fileId, filename, heading, pages }
  const facts = {
    file: filename,
    ...(heading.length === 0 ? {} : { heading: heading.join(" > ") }),
    ...(pages === null ? {} : { pages: pages[0] === pages[1] ? String(pages[0]) : pages.join("-") }),
  }
  return { section: "documents", id: chunkId, version: null, text, label, score, facts, citation }
}
