// What the suite that kills work on memory and its children agree on.

export const caller = { projectId: "proj_default", principal: "chaos" }

/** `inside`: between two statements of it. `uncommitted`: its work is done, nothing else. */
export type Phase = "before" | "inside" | "uncommitted" | "committed"

export interface Crash {
  /** The place: the first word of a step's key, with `erase:` before it in an erasure, or `remember`, `compact`, `revoke`. */
  place: string
  phase: Phase
  /** Of `inside`: after how many statements. */
  statements: number
}

/** Done in this order; each may be done again. */
export type Deed =
  | { type: "say"; text: string; session?: string; occurredAt?: number; page?: string; subject?: string }
  | { type: "keep"; days: number }
  | { type: "revoke"; page: string }
  | { type: "erase"; subject: string }

export interface ScopedDeed {
  id: string
  scope: string
  deed: Deed
}

/** Told once, when it is the child's turn. */
export interface ChildSettings {
  location: { dataDirectory: string } | { databaseUrl: string }
  crash: Crash | null
  deeds: readonly ScopedDeed[]
  /** What it has to wait for before it has nothing to do. */
  scopes: readonly string[]
  /** Words of which each stands in one message of a scope. */
  search: readonly { scope: string; word: string }[]
  /** What facts are to say in the end, by scope: waited for a while, since a run of a dead process is taken over when its lease is over. */
  expected: Readonly<Record<string, readonly string[]>>
}

/** `believed`: what facts say, by scope. `unfound`: what a search does not find exactly once. */
export type Report = { type: "done"; id: string } | { type: "settled"; believed: Record<string, string[]>; unfound: string[] }
