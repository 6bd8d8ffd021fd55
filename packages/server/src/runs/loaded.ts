// A run as it comes into the memory of a process, and as it leaves it.
import type { JsonValue } from "../core/index.ts"
import type { Lease } from "./operation.ts"
import type { RunLog } from "./run-log.ts"
import type { Run, RunError, RunEvent, RunStatus } from "./types.ts"

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

/** How a run leaves that has this status and this end row. */
export function leftAs(run: Run, log: RunLog, status: RunStatus, end: { [key: string]: JsonValue }): Left {
  if (status === "waiting") return { how: "suspended", wakeAt: typeof end["wake_at"] === "number" ? end["wake_at"] : null }
  const finishedAt = end["finished_at"]
  if (typeof finishedAt !== "number") return { how: status === "queued" ? "queued" : "parked" }
  const error = (end["error"] ?? null) as RunError | null // put there by `Execution`
  return {
    how: "ended",
    run: {
      ...run,
      status,
      output: end["output"] ?? null,
      error,
      model: log.model,
      usage: log.usage,
      finishedAt,
      wakeAt: null,
      lastSeq: log.lastSeq,
    },
  }
}
