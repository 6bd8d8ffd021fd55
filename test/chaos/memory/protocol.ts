// What the suite that kills work on memory and its children agree on.

export const caller = { projectId: "proj_default", principal: "chaos" }
export const scope = "user:chaos"

export type Phase = "before" | "uncommitted" | "committed"

export interface Crash {
  /** The first word of a step's key, or `remember`. */
  step: string
  phase: Phase
  /** The how manyeth time. */
  occurrence: number
}

export interface Said {
  text: string
  session: string
  occurredAt: number
}

export interface ChildSettings {
  dataDirectory: string
  crash: Crash | null
  says: readonly Said[]
}

export type Report = { type: "remembered"; text: string } | { type: "settled"; believed: string[] }
