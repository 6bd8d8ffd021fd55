// What the suite and its children say to each other over IPC, and what they agree on.
import type { JsonValue } from "../../packages/server/src/core/index.ts"
import type { DoubtResolution, RunStatus, StartRun } from "../../packages/server/src/runs/index.ts"

export const project = "proj_chaos"

export interface ChildSettings {
  location: { dataDirectory: string } | { databaseUrl: string }
  witnessUrl: string
  /** Follow and acknowledge the events of every run that is named to it. */
  reader: string
}

export type Command =
  | { type: "open" }
  | { type: "start"; request: StartRun }
  | { type: "signal"; runId: string; name: string; payload: JsonValue }
  | { type: "resolve"; runId: string; resolution: DoubtResolution }
  | { type: "follow"; runId: string; after: number }
  | { type: "look"; runIds: string[] }

export interface LoggedEvent {
  runId: string
  seq: number
  type: string
  attempt: number
}

export type Report =
  | { type: "ready" }
  | { type: "started"; runId: string }
  | { type: "signalled"; runId: string; name: string }
  | {
      type: "look"
      states: { id: string; status: RunStatus; output: JsonValue; error: JsonValue; doubt: string | null }[]
      events: LoggedEvent[]
    }
  | { type: "problem"; text: string }
