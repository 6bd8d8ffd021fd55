// Opens the one database of the installation: embedded in the data directory, or a Postgres server; brings its schema to head.
import { AppError } from "../core/index.ts"
import { silentLogger, type Engine, type StoreLimits, type StoreLogger } from "./engine.ts"
import { migrate, type Migration } from "./migrate.ts"
import { openPglite } from "./pglite/open.ts"
import type { Store } from "./port.ts"
import { openPostgres } from "./postgres/open.ts"

export interface OpenStoreOptions {
  /** Where the embedded database lives; used when `databaseUrl` is absent. */
  readonly dataDirectory?: string | undefined
  /** A Postgres server from version 15 on. */
  readonly databaseUrl?: string | undefined
  readonly limits: StoreLimits
  readonly logger?: StoreLogger
  /** `auto` brings the schema to head, `check` refuses a schema that isn't. */
  readonly migrate?: "auto" | "check"
  /** Called once when the database is lost for good (the embedded engine died): say it and end the process. */
  readonly onFatal?: (error: Error) => void
  /** For tests: behave as if pgvector were missing; other migrations; an embedded engine that doesn't wait for the disk, or records what it synced. */
  readonly testing?: { vector?: boolean; migrations?: readonly Migration[]; lockWaitMs?: number; fsync?: boolean; shadowDirectory?: string }
}

/** The store, at head. Dispose it to close: the embedded one writes a checkpoint and gives up its lock. */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  // While it opens, a database that is lost is the rejection of this call; only later is there nobody else to tell.
  let isOpen = false
  const engine = await openEngine(options, () => isOpen)
  try {
    const testing = options.testing ?? {}
    await migrate(engine, {
      mode: options.migrate ?? "auto",
      logger: options.logger ?? silentLogger,
      ...(testing.vector === undefined ? {} : { vectorAllowed: testing.vector }),
      ...(testing.migrations === undefined ? {} : { migrations: testing.migrations }),
      ...(testing.lockWaitMs === undefined ? {} : { lockWaitMs: testing.lockWaitMs }),
    })
    isOpen = true
    return engine
  } catch (error) {
    await engine[Symbol.asyncDispose]()
    throw error
  }
}

async function openEngine(options: OpenStoreOptions, isOpen: () => boolean): Promise<Engine> {
  const logger = options.logger ?? silentLogger
  const tell = options.onFatal ?? ((error: Error) => logger.error({ error: error.message }, "the database is lost"))
  const onFatal = (error: Error): void => {
    if (isOpen()) tell(error)
  }
  const shared = { limits: options.limits, logger, onFatal }
  if (options.databaseUrl !== undefined) return await openPostgres({ ...shared, databaseUrl: options.databaseUrl })
  if (options.dataDirectory === undefined) throw new AppError("config_invalid", "The store needs a data directory or a database URL")
  return await openPglite({
    ...shared,
    dataDirectory: options.dataDirectory,
    fsync: options.testing?.fsync ?? true,
    shadowDirectory: options.testing?.shadowDirectory,
  })
}
