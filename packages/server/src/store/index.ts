// Public face of the store: the port and what opens it.
export type { Queryable, SqlRow, SqlValue, Store, StoreCapabilities, Transactor } from "./port.ts"
