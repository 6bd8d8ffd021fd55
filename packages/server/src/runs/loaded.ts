// A run as it comes into the memory of a process, and as it leaves it.
import type { Lease } from "./operation.ts"
import type { Run, RunEvent } from "./types.ts"

export type Left =
  | { how: "ended"; run: Run }
  | { how: "suspended"; wakeAt: number | null }
  | { how: "queued" }
  | { how: "parked" }
  | { how: "lost" }

/** A run as it comes into memory: just started, or claimed with its log. */
export interface Claimed {
  run: Run
  lease: Lease
  /** What earlier attempts wrote. */
  history: readonly RunEvent[]
  lastSeq: number
  deadlineAt: number | null
  cancelReason: string | null
}
