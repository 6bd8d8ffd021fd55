// What the main thread and the database's thread say to each other. Requests and replies are bytes of Postgres' own protocol.

export interface WorkerSettings {
  readonly directory: string
  /** False only in tests: the engine then never waits for the disk. */
  readonly fsync: boolean
  /** Log every fsync of a file as a message; for tests of power loss. */
  readonly recordSyncs: boolean
}

export type ToWorker =
  | { readonly type: "batch"; readonly id: number; readonly requests: readonly Uint8Array[] }
  /** Ends with a checkpoint. */
  | { readonly type: "close" }

export type FromWorker =
  | { readonly type: "ready"; readonly fsyncs: number }
  | { readonly type: "failed"; readonly message: string; readonly output: string }
  | { readonly type: "batch"; readonly id: number; readonly replies: readonly Uint8Array[]; readonly fsyncs: number }
  | { readonly type: "synced"; readonly path: string; readonly size: number }
  /** Postgres gave up (PANIC, FATAL, abort): the thread ends after this. */
  | { readonly type: "died"; readonly message: string; readonly output: string }
  | { readonly type: "closed" }
