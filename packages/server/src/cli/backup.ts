// `perdure backup` and `perdure restore`: the embedded database as one checked file, made while the server runs or stands, and put back.
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { databaseDirectory, type Config } from "../config/index.ts"
import { AppError, systemClock } from "../core/index.ts"
import { backups, type BackupManifest } from "../store/index.ts"
import { remoteHold } from "./control.ts"
import { exitCodes } from "./exit-codes.ts"
import { loadFor, type ConfigOptions } from "./options.ts"
import { runningServer } from "./server-file.ts"
import type { Terminal } from "./terminal.ts"
import { ownVersion } from "./version.ts"

export interface BackupOptions extends ConfigOptions {
  json?: boolean
}

export async function backup(file: string, options: BackupOptions, terminal: Terminal): Promise<number> {
  const { config } = await loadFor(options, true)
  if (config.database.url !== null) throw ownTools()
  const target = resolve(file)
  if (existsSync(target)) throw backups.notHere(target)
  const server = runningServer(config.data)
  if (server === undefined && !existsSync(backups.databasePath(databaseDirectory(config)))) throw nothingThere(config)
  const manifest = await backups.makeBackup({
    target,
    hold: (copy) => (server === undefined ? backups.holdStopped(databaseDirectory(config), copy) : remoteHold(server, copy)),
    limits: config.limits,
    perdure: ownVersion(),
    createdAt: new Date(systemClock.now()).toISOString(),
  })
  if (options.json === true) terminal.print(JSON.stringify({ file: target, ...summaryOf(manifest) }))
  else {
    terminal.print(`ok: ${told(manifest)} are in ${target}; it was opened, counted and read back`)
    terminal.print(`next: keep it elsewhere, and apart from it ${alongside(config)}`)
  }
  return exitCodes.ok
}

export async function restore(file: string, options: BackupOptions, terminal: Terminal): Promise<number> {
  const { config } = await loadFor(options, true)
  if (config.database.url !== null) throw ownTools()
  const source = resolve(file)
  if (!existsSync(source))
    throw new AppError("not_found", `There is no file ${source}`, { hint: "perdure restore <file that perdure backup made>" })
  const manifest = await backups.restoreBackup({ source, dataDirectory: databaseDirectory(config), limits: config.limits })
  if (options.json === true) terminal.print(JSON.stringify({ data: config.data, ...summaryOf(manifest) }))
  else {
    terminal.print(`ok: ${told(manifest)} of ${manifest.createdAt}, made by Perdure ${manifest.perdure}, are in ${config.data}`)
    terminal.print(
      "next: perdure start, with the configuration and the encryption key of then; what was erased since then has to be erased again",
    )
  }
  return exitCodes.ok
}

function told({ rows, files }: BackupManifest): string {
  return `${sum(Object.values(rows))} rows of ${Object.keys(rows).length} tables (${files.length} files, ${sum(files.map(({ bytes }) => bytes))} bytes)`
}

function summaryOf({ perdure, createdAt, database, migrations, rows }: BackupManifest): object {
  return { perdure, createdAt, postgres: database.postgres, migration: migrations.at(-1) ?? null, rows }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

/** What is not in it, on purpose or because it lies elsewhere. */
function alongside({ encryption }: Config): string {
  const key = encryption.key === null ? "" : " and the encryption key, without which bodies of memory cannot be read"
  return `the configuration with its secrets${key}`
}

function ownTools(): AppError {
  return new AppError("invalid_request", "The database is a Postgres server, which is backed up with its own tools", {
    hint:
      'pg_dump --format=custom --file=perdure.dump "$DATABASE_URL", and keep the configuration and the encryption key apart from it. Back: ' +
      'create role perdure_app nologin; then pg_restore --no-owner --dbname="$DATABASE_URL" perdure.dump',
  })
}

function nothingThere({ data }: Config): AppError {
  return new AppError("not_found", `There is no database in ${data}`, { hint: "Name the data directory with --data." })
}
