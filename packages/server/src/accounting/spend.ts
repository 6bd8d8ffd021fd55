// What calls cost: of some keys each since a time of its own, call by call, and by day, key, user, model and team.
import { spend, usage, type Store } from "../store/index.ts"

export type SpendCall = spend.SpendCall
export type SpendCell = spend.SpendCell
export type SpendFilter = spend.SpendFilter

export interface KeySince {
  keyId: string
  /** Epoch milliseconds. */
  since: number
}

export interface ReadSpend {
  /** Millionths of a dollar by key id; a key without calls is not in it. */
  ofKeys(projectId: string, keys: readonly KeySince[]): Promise<ReadonlyMap<string, number>>
  /** Newest first. */
  calls(projectId: string, filter: spend.SpendCallFilter): Promise<SpendCall[]>
  /** In order of the days; at most `limit`. */
  cells(projectId: string, filter: SpendFilter, limit: number): Promise<SpendCell[]>
}

export function createSpendReader({ store }: { store: Pick<Store, "project"> }): ReadSpend {
  return {
    ofKeys: async (projectId, keys) => {
      if (keys.length === 0) return new Map()
      const [ids, since] = [keys.map(({ keyId }) => keyId), keys.map((key) => key.since)]
      const rows = await usage.spendOfPrincipals(store.project(projectId), projectId, ids, since)
      return new Map(rows.map(({ principal, costMicroUsd }) => [principal, costMicroUsd]))
    },
    calls: (projectId, filter) => spend.spendCalls(store.project(projectId), projectId, filter),
    cells: (projectId, filter, limit) => spend.spendCells(store.project(projectId), projectId, filter, limit),
  }
}
