// Scopes of memory: who may use them, how long they keep what is in them, what models may cost that work on it, and how far that work is.
import type { MemoryUpkeep, Scope, ScopeList, ScopeUpdateRequest } from "@perdure/contract"
import type { Transport } from "./transport.ts"

export interface Scopes {
  /** Those that the caller may read, by path; `next` of the answer is `after` of the next page. */
  list(page?: { after?: string; limit?: number }, signal?: AbortSignal): Promise<ScopeList>
  get(scope: string, signal?: AbortSignal): Promise<Scope>
  /** Grants, retention, budget, least trust; `closed` of `project`. What is absent stays, grants are replaced as a whole; one that is not there yet is made. */
  update(scope: string, patch: ScopeUpdateRequest): Promise<Scope>
  /** Backlog, failures and costs of the work that follows what was remembered. */
  upkeep(scope: string, signal?: AbortSignal): Promise<MemoryUpkeep>
}

export function scopesOf(transport: Transport): Scopes {
  const pathOf = (scope: string): string => `/v1/scopes/${encodeURIComponent(scope)}`
  return {
    list: (page, signal) => transport.json({ path: "/v1/scopes", query: { ...page }, signal }),
    get: (scope, signal) => transport.json({ path: pathOf(scope), signal }),
    update: (scope, patch) => transport.json({ method: "PATCH", path: pathOf(scope), body: patch }),
    upkeep: (scope, signal) => transport.json({ path: "/v1/memories/upkeep", query: { scope }, signal }),
  }
}
