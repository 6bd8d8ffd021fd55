// When a vector store has expired: so many days after it was last used.
import type { StoredVectorStore } from "../store/index.ts"

const dayMs = 24 * 60 * 60 * 1000

export function expiresAt(store: Pick<StoredVectorStore, "expiresAfterDays" | "lastActiveAt">): number | null {
  return store.expiresAfterDays === null ? null : store.lastActiveAt + store.expiresAfterDays * dayMs
}

export function isExpired(store: Pick<StoredVectorStore, "expiresAfterDays" | "lastActiveAt">, now: number): boolean {
  const at = expiresAt(store)
  return at !== null && at <= now
}
