// Compare-and-swap: what a writer says that it has seen, and whether it still holds.

/** `absent`: there must be none; `present`: there must be one; else the version or the digest of what was seen. */
export type Precondition =
  | { kind: "absent" }
  | { kind: "present" }
  | { kind: "version"; version: number }
  | { kind: "sha256"; sha256: string }

export function holds(precondition: Precondition | undefined, current: { version: number; sha256: string } | undefined): boolean {
  if (precondition === undefined) return true
  if (precondition.kind === "absent") return current === undefined
  if (current === undefined) return false
  if (precondition.kind === "present") return true
  return precondition.kind === "version" ? current.version === precondition.version : current.sha256 === precondition.sha256
}

/** What a write came to: done, with its number in the change log, or not done since something else is there now. */
export type Swap<T> = { written: true; value: T; seq: number } | { written: false; current: T | null }
