// The queue of one run, in the order of its log, and what of it goes into one flush.
import type { Deferred } from "../core/index.ts"
import type { Lease, Operation } from "./operation.ts"
import type { RunEvent } from "./types.ts"

export interface Pending {
  operation: Operation
  bytes: number
  done: Deferred<void>
  /** Work in a transaction of its own that commits the operation's events itself. */
  work: (() => Promise<readonly RunEvent[]>) | undefined
}

/** The queue of one run. */
export class Lane {
  readonly lease: Lease
  readonly queue: Pending[] = []
  busy = false
  failure: Error | undefined
  constructor(lease: Lease) {
    this.lease = lease
  }
}

export interface Part {
  lane: Lane
  pending: Pending[]
}

/** Every operation of these parts fails with what became of its lane. */
export function rejectAll(parts: readonly Part[]): void {
  for (const part of parts) for (const pending of part.pending) pending.done.reject(part.lane.failure)
}

/** Nothing of this lane is written any more. */
export function rejectQueue(lane: Lane, error: Error): void {
  for (const pending of lane.queue.splice(0)) pending.done.reject(error)
}
