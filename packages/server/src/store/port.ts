// The port of the database: what PGlite and Postgres both offer, and how a query names its project.
import type { Scrubber } from "./scrub.ts"

/** What can be bound to `$1 …`. Arrays bind to Postgres arrays; objects are bound as JSON text by the caller (`JSON.stringify`, `$1::jsonb`). */
export type SqlValue = null | boolean | number | bigint | string | Uint8Array | readonly (null | boolean | number | string | Uint8Array)[]

/**
 * Values come back alike on both engines: int2/int4/int8/numeric/float as `number` (int8 beyond 2^53 throws), timestamptz as epoch milliseconds (`number`),
 * json/jsonb parsed, bytea as `Uint8Array`, arrays as arrays, uuid and text as `string`, vector as its text.
 */
export type SqlRow = Record<string, unknown>

export interface Queryable {
  /** Runs one statement. The text must be constant: values go through `$1 …` only. Prepared and cached by text where the engine can. */
  query<Row extends object = SqlRow>(text: string, values?: readonly SqlValue[]): Promise<Row[]>
}

export interface Transactor extends Queryable {
  /** One transaction; rolled back when `work` throws. Never await the network in it: the embedded engine has one connection. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
}

export interface StoreCapabilities {
  /** pgvector is installed: vectors can be stored and searched. */
  readonly vector: boolean
  readonly serverVersion: string
}

/** One database. Everything of one project goes through `project()`; `system` is for the run log, keys, records and migrations. */
export interface Store extends AsyncDisposable {
  readonly engine: "pglite" | "postgres"
  readonly capabilities: StoreCapabilities
  /** The owner's role: sees all projects. Only `runs/`, `security/identity`, `accounting/`, the sweeps of the answer cache and of what has expired, the look at start whether any vectors are kept, and the store itself use it. */
  readonly system: Transactor
  /** The application role `perdure_app` with row-level security forced and `perdure.project` set: sees one project and cannot see another. */
  project(projectId: string): Transactor
  /** Calls `onPayload` for each NOTIFY on `channel`; notifications can be lost during reconnects, so poll slowly beneath. Returns what ends it. */
  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>>
  notify(channel: string, payload: string): Promise<void>
  /** Makes deleted data unreadable in the database's files. */
  readonly scrubber: Scrubber
  /**
   * Of the embedded engine: gives the directory of its files, complete and at rest, for as long as `work` runs; everybody else waits for it.
   */
  readonly holdFiles: (<T>(work: (directory: string) => Promise<T>) => Promise<T>) | undefined
  /** Resolves when the database answers and takes writes; rejects with what is wrong. For readiness. */
  ping(): Promise<void>
}
