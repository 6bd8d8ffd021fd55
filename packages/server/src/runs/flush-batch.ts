// One flush as the database takes it: the operations of its lanes as the arguments of one call, and which errors blame a value in it.
import type { FlusherOptions, FlushPort } from "./flusher.ts"
import type { Part } from "./lane.ts"
import type { Lease, Operation } from "./operation.ts"

export type FlushBatch = Parameters<FlushPort["flush"]>[0] & { eventCount: number }

export function assemble(parts: readonly Part[], payload: FlusherOptions["payload"]): FlushBatch {
  const starts: string[] = []
  const events: string[] = []
  const ends: string[] = []
  const woken = new Set<string>()
  const flat: { lease: Lease; operation: Operation }[] = []
  for (const { lane, pending } of parts) {
    for (const { operation } of pending) {
      if (operation.start !== undefined) starts.push(operation.start)
      for (const row of operation.events) events.push(row.json)
      if (operation.end !== undefined) ends.push(operation.end)
      if (operation.final && lane.lease.parentId !== null) woken.add(lane.lease.parentId)
      if (operation.parks) woken.add(lane.lease.runId)
      flat.push({ lease: lane.lease, operation })
    }
  }
  return {
    runs: parts.map((part) => part.lane.lease.runId),
    tokens: parts.map((part) => part.lane.lease.token),
    parents: woken.size === 0 ? null : [...woken],
    starts: starts.length === 0 ? null : `[${starts.join(",")}]`,
    events: `[${events.join(",")}]`,
    ends: ends.length === 0 ? null : `[${ends.join(",")}]`,
    payload: payload(flat),
    eventCount: events.length,
  }
}

/** SQLSTATE classes that blame the values (data exceptions, constraints, programme limits), not the connection, the server or a deadlock. */
export function isDataError(error: unknown): boolean {
  const state = typeof error === "object" && error !== null && "sqlState" in error ? error.sqlState : undefined
  return typeof state === "string" && /^(?:2[123]|42|44|54|0A)[0-9A-Z]{3}$/.test(state)
}
