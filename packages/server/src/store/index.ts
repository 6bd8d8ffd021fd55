// Public face of the store: the port and what opens it.
export type { Queryable, SqlRow, SqlValue, Store, StoreCapabilities, Transactor } from "./port.ts"
// One namespace per table (`apiKeys.insertKey(db, …)`).
export * as apiKeys from "./tables/api-keys.ts"
export type { StoredKey } from "./tables/api-keys.ts"
