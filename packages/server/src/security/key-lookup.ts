// Finding keys by a secret of theirs, or by their place in a list of those that were not revoked.
import type { Clock } from "../core/index.ts"
import { apiKeys, type Store, type StoredKey } from "../store/index.ts"
import { managerOf } from "./key-admin.ts"
import { shown } from "./key-fields.ts"
import { requireManager } from "./key-rights.ts"
import type { KeyRing } from "./key-ring.ts"
import { digestOf, sameDigest, shortIdOf } from "./keys.ts"
import type { KeyLookup } from "./types.ts"

export interface KeyLookupOptions {
  store: Store
  ring: KeyRing
  pepper: Uint8Array
  clock: Clock
}

export function createKeyLookup({ store, ring, pepper, clock }: KeyLookupOptions): KeyLookup {
  return {
    keyOfSecret: async (projectId, secret, by) => {
      const short = shortIdOf(secret)
      const row = short === undefined ? undefined : await apiKeys.keyByShortId(store.system, projectId, short)
      const manager = managerOf(ring, by)
      if (manager && manager.id !== row?.id) requireManager(manager)
      const now = clock.now()
      return row && isSecretOf(row, digestOf(pepper, secret), now) ? shown(row, now) : undefined
    },
    keyPage: async (projectId, filter, by) => {
      const manager = managerOf(ring, by)
      if (manager) requireManager(manager)
      const now = clock.now()
      const [rows, total] = [
        await apiKeys.keyPage(store.system, projectId, filter),
        await apiKeys.countKeys(store.system, projectId, filter),
      ]
      return { keys: rows.map((row) => shown(row, now)), total }
    },
  }
}

/** The one in use, or one that a rotation replaced and that still works. */
function isSecretOf(row: StoredKey, digest: Uint8Array, now: number): boolean {
  if (row.revokedAt !== null) return false
  const retired = row.retired.filter(({ until }) => until > now).map(({ digest: each }) => Buffer.from(each, "hex"))
  return [row.digest, ...retired].some((each) => sameDigest(each, digest))
}
