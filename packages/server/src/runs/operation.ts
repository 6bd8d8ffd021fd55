// What one run commits in one go, the lease that permits it, and the errors of what is not committed.
import { messageOf } from "../core/index.ts"
import type { RunEvent } from "./types.ts"

export interface Lease {
  runId: string
  projectId: string
  parentId: string | null
  token: string
  attempt: number
}

/** One event with its row as JSON text, and the text that goes to `blobs` when it is long. */
export interface EventRow {
  event: RunEvent
  json: string
  blob?: { hash: string; text: string }
}

export interface Operation {
  /** JSON of the run's row; only the first operation of a run that starts here. */
  start?: string
  events: readonly EventRow[]
  /** JSON of the end row: ended, suspended, released. */
  end?: string
  /** The run leaves the running state for good: its parent may wait for it. */
  final?: boolean
  /** It waits for a person from now on; if it was cancelled meanwhile, it is to be claimed instead. */
  parks?: boolean
  delta?: boolean
  /** The run's summary changes: live lists are told. */
  lifecycle?: boolean
}

/** The run is somebody else's now: nothing of this executor is written any more. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost"
}

/** Nothing could be written for so long that the runs are given up: what was sent last may be committed. */
export class Unreachable extends LeaseLost {
  constructor(cause: unknown) {
    super(`the database could not be reached: ${messageOf(cause)}`, { cause })
  }
}

/** The database refused this one operation; the other operations of its flush were not affected. */
export class OperationRefused extends Error {
  override readonly name = "OperationRefused"
  readonly seq: number
  constructor(seq: number, cause: unknown) {
    super(`the database refused event ${seq}: ${messageOf(cause)}`, { cause })
    this.seq = seq
  }
}
