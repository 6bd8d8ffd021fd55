// Whose rows a statement reaches: those of some scopes, or all of the project.

/** Paths of scopes; null: all that the project has. */
export type Owners = readonly string[] | null

/** The condition on a table with an owner; its owners are bound as that parameter. */
export function ownedBy(parameter: number, column = "owner"): string {
  return `($${parameter}::text[] is null or ${column} = any($${parameter}::text[]))`
}
