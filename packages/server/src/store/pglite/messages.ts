// What the main thread and the database's thread say to each other. Requests and replies are bytes of Postgres' own protocol.

export interface WorkerSettings {
  readonly directory: string
  /** False only in tests: the engine then never waits for the disk. */
  readonly fsync: boolean
  /** For tests of power loss: where the content of each file and the names of each directory are kept as of their last fsync. */
  readonly shadowDirectory: string | undefined
}

export interface Batch {
  readonly type: "batch"
  readonly id: number
  readonly requests: readonly Uint8Array[]
  /** Nobody waits for it: maintenance, migrations. */
  readonly isHousekeeping: boolean
}

export type ToWorker =
  | Batch
  /** Ends with a checkpoint. */
  | { readonly type: "close" }

export type FromWorker =
  | { readonly type: "ready"; readonly fsyncs: number }
  | { readonly type: "failed"; readonly message: string; readonly output: string }
  | { readonly type: "batch"; readonly id: number; readonly replies: readonly Uint8Array[]; readonly fsyncs: number }
  /** Postgres gave up (PANIC, FATAL, abort): the thread ends after this. */
  | { readonly type: "died"; readonly message: string; readonly output: string }
  | { readonly type: "closed" }
