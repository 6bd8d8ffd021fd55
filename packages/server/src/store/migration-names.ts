// What the names of migrations say: which need pgvector, and which ones no process of an older version may work beside.

/** `NNNN_name`, then `.exclusive`, then `.vector`, where they are so. */
export const migrationPattern = /^\d{4}_[a-z0-9_]+(\.exclusive)?(\.vector)?\.sql$/

/** Told with the commit of migrations. */
export const schemaChannel = "perdure_schema"

/**
 * Takes away or gives another meaning to what processes of the version before use. It stands in the name, so that a process that does not
 * know the migration reads it from `schema_migrations`.
 */
export function isExclusive(name: string): boolean {
  return name.split(".").includes("exclusive")
}
