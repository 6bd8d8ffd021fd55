// The migration runner: numbered SQL files, applied once, in order, in one transaction under a lock; never backwards.
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { AppError } from "../core/index.ts"
import { ensureApplicationRole } from "./application-role.ts"
import type { Engine, ScriptRunner, StoreLogger } from "./engine.ts"
import { isStoreError } from "./errors.ts"
import { migrationPattern, schemaChannel } from "./migration-names.ts"

export interface Migration {
  /** File name without `.sql`. */
  readonly name: string
  readonly text: string
  readonly checksum: string
  /** Needs pgvector: applied only where it is, and as soon as it appears. */
  readonly vector: boolean
}

export interface MigrateOptions {
  /** `check` changes nothing and fails when something is missing. */
  readonly mode: "auto" | "check"
  readonly logger: StoreLogger
  /** Behave as if pgvector were not there, for tests. */
  readonly vectorAllowed?: boolean
  readonly migrations?: readonly Migration[]
  /** Longest wait for a table that somebody else holds. */
  readonly lockWaitMs?: number
}

/** The files in `store/migrations`, in the order in which they are applied. */
export function readMigrations(directory: string = fileURLToPath(new URL("./migrations/", import.meta.url))): Migration[] {
  const files = readdirSync(directory).filter((file) => migrationPattern.test(file))
  return files.sort().map((file) => {
    const text = readFileSync(`${directory}/${file}`, "utf8").replaceAll("\r\n", "\n")
    const checksum = createHash("sha256").update(text).digest("hex")
    return { name: file.slice(0, -".sql".length), text, checksum, vector: file.endsWith(".vector.sql") }
  })
}

/** Brings the schema to head (or checks that it is there) and tells the engine what the database can do. */
export async function migrate(engine: Engine, options: MigrateOptions): Promise<{ applied: string[] }> {
  const migrations = options.migrations ?? readMigrations()
  return await engine.migration(async (connection) => {
    if (options.mode === "auto") await connection.query("select pg_advisory_xact_lock($1)", [lockKey])
    const vector = (options.vectorAllowed ?? true) && (await hasVector(connection, options))
    const done = await appliedMigrations(connection)
    const missing = missingMigrations(migrations, done, vector)
    if (options.mode === "check" && missing.length > 0) throw notAtHead(missing)
    if (done.size > 0 && missing.length > 0) await applyBeside(connection, missing, options.lockWaitMs)
    // In a new database nobody waits, and the first migration waits for those of other databases, with which it shares the role.
    else for (const migration of missing) await apply(connection, migration)
    if (migrations.length > 0) await ensureApplicationRole(connection, options.mode)
    if (missing.length > 0) {
      options.logger.info(
        { from: [...done.keys()].sort().at(-1) ?? null, to: missing.at(-1)?.name, applied: missing.length },
        "schema brought to head",
      )
      // Sent with the commit: processes of an older version look whether they may go on.
      await connection.query("select pg_notify($1, $2)", [schemaChannel, missing.at(-1)?.name ?? ""])
    }
    const [version] = await connection.query<{ version: string }>("select current_setting('server_version') as version")
    engine.setCapabilities({ vector, serverVersion: version?.version ?? "unknown" })
    return { applied: missing.map((migration) => migration.name) }
  })
}

/**
 * Whoever wants a table after a migration that waits for it stands behind it, readers too: behind a dump of hours, nobody would be served for hours.
 * Below the time limit of a statement, so that nothing of them fails.
 */
const lockWaitMs = 10_000

/** Where others may use the tables. */
async function applyBeside(connection: ScriptRunner, missing: readonly Migration[], waitMs: number = lockWaitMs): Promise<void> {
  await connection.query("select set_config('lock_timeout', $1, true)", [`${waitMs}ms`])
  for (const migration of missing) await apply(connection, migration)
  await connection.query("set local lock_timeout to default")
}

/** "perdure" as a number: one lock per database for all its processes. */
const lockKey = 7_381_240_119_377

async function apply(connection: ScriptRunner, migration: Migration): Promise<void> {
  try {
    await connection.script(migration.text)
  } catch (cause) {
    throw new AppError(
      "migration_failed",
      `The migration ${migration.name} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        hint: `Nothing was changed. ${hintFor(cause)}`,
        cause,
      },
    )
  }
  await connection.query("insert into schema_migrations (name, checksum) values ($1, $2)", [migration.name, migration.checksum])
}

function hintFor(cause: unknown): string {
  if (isStoreError(cause) && cause.code === "database_full") return "Free space on the disk of the database, then start again."
  if (isStoreError(cause) && cause.sqlState === "55P03")
    return "Somebody holds a table that it changes, such as a backup or a long query (the oldest xact_start in pg_stat_activity): when that has ended, start again."
  return "The role of DATABASE_URL must own the database and may need CREATEROLE for the first start."
}

async function appliedMigrations(connection: ScriptRunner): Promise<Map<string, string>> {
  const [table] = await connection.query<{ present: boolean }>("select to_regclass('schema_migrations') is not null as present")
  if (table?.present !== true) return new Map()
  const rows = await connection.query<{ name: string; checksum: string }>("select name, checksum from schema_migrations")
  return new Map(rows.map((row) => [row.name, row.checksum]))
}

function missingMigrations(migrations: readonly Migration[], done: ReadonlyMap<string, string>, vector: boolean): Migration[] {
  const known = new Set(migrations.map((migration) => migration.name))
  const newer = [...done.keys()].find((name) => !known.has(name))
  if (newer !== undefined) {
    throw new AppError("migration_required", `The database has the migration ${newer}, which this version of Perdure doesn't know`, {
      hint: "The database was used by a newer version. Run that version, or restore a backup from before the upgrade.",
    })
  }
  for (const migration of migrations) {
    const checksum = done.get(migration.name)
    if (checksum !== undefined && checksum !== migration.checksum) {
      throw new AppError("migration_required", `The migration ${migration.name} was changed after it was applied to this database`, {
        hint: "Restore the file, and put the change in a new migration. In development: start with a fresh database.",
      })
    }
  }
  return migrations.filter((migration) => !done.has(migration.name) && (vector || !migration.vector))
}

function notAtHead(missing: readonly Migration[]): AppError {
  return new AppError(
    "migration_required",
    `The database lacks ${missing.length} migrations: ${missing.map((one) => one.name).join(", ")}`,
    {
      hint: "Run `perdure migrate`, or start with `migrate: auto`.",
    },
  )
}

/** Installs pgvector where the server has it and we may; true when it is there. */
async function hasVector(connection: ScriptRunner, options: MigrateOptions): Promise<boolean> {
  const text = `select exists (select from pg_extension where extname = 'vector') as installed,
    exists (select from pg_available_extensions where name = 'vector') as available`
  const [state] = await connection.query<{ installed: boolean; available: boolean }>(text)
  if (state?.installed === true) return true
  if (state?.available !== true || options.mode === "check") return false
  // In a block of its own: without the right to install, the transaction must go on.
  await connection.script(`do $$ begin create extension if not exists vector; exception when insufficient_privilege then null; end $$`)
  const [after] = await connection.query<{ installed: boolean }>(text)
  if (after?.installed !== true)
    options.logger.warn({}, "pgvector is on the server but this role may not install it: run `create extension vector`")
  return after?.installed === true
}
