// Tells a process that one of a newer version has migrated the database under it, and whether it may go on beside that.
//
//   state      entered by                                          what the process does
//   known      its start: every applied migration is one of its    works
//   beside     others were applied, none is exclusive              works until it is replaced
//   outdated   one of the others is exclusive; for good            stops
import { repeated } from "../core/index.ts"
import { readMigrations } from "./migrate.ts"
import { isExclusive, schemaChannel } from "./migration-names.ts"
import type { Store } from "./port.ts"

export interface NewerSchema {
  /** Applied, and not known to this version. */
  readonly migrations: readonly string[]
  /** This process must not work on: one of them took away what it uses, or gave it another meaning. */
  readonly isOutdated: boolean
}

export interface SchemaWatchOptions {
  readonly store: Pick<Store, "engine" | "system" | "listen">
  /** How long a lost notification stays unnoticed. */
  readonly pollMs: number
  /** Told whenever more was applied. */
  readonly onNewer: (newer: NewerSchema) => void
  readonly onError: (error: unknown) => void
  /** What this version knows; read once, since an upgrade replaces the files of a process that runs. */
  readonly known?: readonly string[]
}

/** The embedded database has one process: there is nothing to watch. */
export async function watchSchema(options: SchemaWatchOptions): Promise<AsyncDisposable> {
  const cleanUps = new AsyncDisposableStack()
  if (options.store.engine === "pglite") return cleanUps
  const look = looking(options)
  try {
    cleanUps.defer(await options.store.listen(schemaChannel, () => void look()))
  } catch (error) {
    options.onError(error)
  }
  cleanUps.use(repeated(options.pollMs, look))
  return cleanUps
}

function looking({ store, onNewer, onError, known = readMigrations().map(({ name }) => name) }: SchemaWatchOptions): () => Promise<void> {
  let told = 0
  return async () => {
    try {
      const rows = await store.system.query<{ name: string }>(unknownText, [known])
      if (rows.length <= told) return
      told = rows.length
      const migrations = rows.map(({ name }) => name)
      onNewer({ migrations, isOutdated: migrations.some(isExclusive) })
    } catch (error) {
      onError(error)
    }
  }
}

const unknownText = "select name from schema_migrations where name <> all ($1::text[]) order by name"
