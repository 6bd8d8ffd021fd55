// Who may use a scope of memory, where not everybody in the project may.
export interface StoredGrant {
  /** `user`: an end user that a key acts for. */
  kind: "principal" | "user"
  name: string
  can: string[]
}
