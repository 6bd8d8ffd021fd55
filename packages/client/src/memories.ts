// Memory: what is remembered of a scope, why, where it came from, and taking it back.
import type {
  BlastRadius,
  Memory,
  MemoryCreated,
  MemoryCorrectRequest,
  MemoryCreateRequest,
  MemoryExplanation,
  MemoryList,
  MemoryListQuery,
  MemoryReviewList,
  MemorySearch,
  MemorySearchRequest,
  MemoryVersions,
  Revocation,
  SourceList,
} from "@perdure/contract"
import type { Transport } from "./transport.ts"

export interface ScopePageQuery {
  scope?: string
  before?: string
  limit?: number
}

export interface Memories {
  /** Resolves when it is committed and can be found. */
  remember(request: MemoryCreateRequest): Promise<MemoryCreated>
  /** The newest of a scope; of the project where none is named. */
  list(query?: Partial<MemoryListQuery>, signal?: AbortSignal): Promise<MemoryList>
  search(request: MemorySearchRequest, signal?: AbortSignal): Promise<MemorySearch>
  get(id: string, signal?: AbortSignal): Promise<Memory>
  versions(id: string, signal?: AbortSignal): Promise<MemoryVersions>
  /** What it rests on, down to the sources. */
  explain(id: string, signal?: AbortSignal): Promise<MemoryExplanation>
  confirm(id: string): Promise<Memory>
  retract(id: string): Promise<Memory>
  /** In one step: what is right takes the place of the old one, with its subject, session and times unless others are given. */
  correct(id: string, correction: MemoryCorrectRequest): Promise<Memory>
  redact(id: string): Promise<Memory>
  /** Told of its scope whatever is asked, or not any more. */
  pin(id: string, pinned?: boolean): Promise<Memory>
  forget(id: string): Promise<unknown>
  /** What a person should decide on. */
  reviews(query?: ScopePageQuery, signal?: AbortSignal): Promise<MemoryReviewList>
}

export interface Sources {
  list(query?: ScopePageQuery, signal?: AbortSignal): Promise<SourceList>
  /** All that came from it, what was derived of that, and the runs that were given any of it. */
  blastRadius(id: string, signal?: AbortSignal): Promise<BlastRadius>
  revoke(id: string, reason?: string): Promise<Revocation>
}

export function memoriesOf(transport: Transport): Memories {
  const act = (id: string, what: string): Promise<Memory> => transport.json({ method: "POST", path: `${memoryPath(id)}/${what}`, body: {} })
  return {
    remember: (request) => transport.json({ method: "POST", path: "/v1/memories", body: request }),
    list: (query, signal) => transport.json({ path: "/v1/memories", query: { ...query }, signal }),
    search: (request, signal) => transport.json({ method: "POST", path: "/v1/memories/search", body: request, signal }),
    get: (id, signal) => transport.json({ path: memoryPath(id), signal }),
    versions: (id, signal) => transport.json({ path: `${memoryPath(id)}/versions`, signal }),
    explain: (id, signal) => transport.json({ path: `${memoryPath(id)}/explain`, signal }),
    confirm: (id) => act(id, "confirm"),
    retract: (id) => act(id, "retract"),
    correct: (id, correction) => transport.json({ method: "POST", path: `${memoryPath(id)}/correct`, body: correction }),
    redact: (id) => act(id, "redact"),
    pin: (id, pinned = true) => transport.json({ method: pinned ? "PUT" : "DELETE", path: `${memoryPath(id)}/pin` }),
    forget: (id) => transport.json({ method: "DELETE", path: memoryPath(id) }),
    reviews: (query, signal) => transport.json({ path: "/v1/memories/reviews", query: { ...query }, signal }),
  }
}

export function sourcesOf(transport: Transport): Sources {
  return {
    list: (query, signal) => transport.json({ path: "/v1/sources", query: { ...query }, signal }),
    blastRadius: (id, signal) => transport.json({ path: `${sourcePath(id)}/blast_radius`, signal }),
    revoke: (id, reason) =>
      transport.json({ method: "POST", path: `${sourcePath(id)}/revoke`, body: reason === undefined ? {} : { reason } }),
  }
}

function memoryPath(id: string): string {
  return `/v1/memories/${encodeURIComponent(id)}`
}

function sourcePath(id: string): string {
  return `/v1/sources/${encodeURIComponent(id)}`
}
