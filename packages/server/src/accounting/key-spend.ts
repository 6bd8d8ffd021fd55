// What keys have spent, each since a time of its own: from the records of their calls.
import { usage, type Store } from "../store/index.ts"

export interface KeySince {
  keyId: string
  /** Epoch milliseconds. */
  since: number
}

/** Millionths of a dollar by key id; a key without calls is not in it. */
export type ReadKeySpend = (projectId: string, keys: readonly KeySince[]) => Promise<ReadonlyMap<string, number>>

export function createKeySpend({ store }: { store: Pick<Store, "project"> }): ReadKeySpend {
  return async (projectId, keys) => {
    if (keys.length === 0) return new Map()
    const rows = await usage.spendOfPrincipals(
      store.project(projectId),
      projectId,
      keys.map(({ keyId }) => keyId),
      keys.map(({ since }) => since),
    )
    return new Map(rows.map(({ principal, costMicroUsd }) => [principal, costMicroUsd]))
  }
}
