// Puts a backup into a data directory that has no database: checked whole under another name, then there in one step.
import { randomUUID } from "node:crypto"
import { createReadStream, existsSync } from "node:fs"
import { mkdir, rename, rm } from "node:fs/promises"
import { createZstdDecompress } from "node:zlib"
import { AppError, messageOf, type Limits } from "../../../core/index.ts"
import { explainDisk } from "../../disk.ts"
import { readMigrations } from "../../migrate.ts"
import { databasePath, supportedFormat } from "../directory.ts"
import { syncDirectory, syncTree } from "../durable-tree.ts"
import { lockDirectory } from "../lock.ts"
import { cut, readTar, unpackFile, type PackedFile, type TarEntry } from "./files.ts"
import { inspect } from "./make.ts"
import { manifestBytesMax, manifestName, manifestSchema, type BackupManifest } from "./manifest.ts"

export interface RestoreBackup {
  source: string
  /** Where the database lives; it is made when it is not there. */
  dataDirectory: string
  limits: Limits
}

export async function restoreBackup({ source, dataDirectory, limits }: RestoreBackup): Promise<BackupManifest> {
  await refuseExisting(dataDirectory)
  try {
    const lock = await lockDirectory(dataDirectory)
    // Beside, so that it can be opened with a lock of its own; a name that the next start removes, should this be broken off.
    const draft = `${databasePath(dataDirectory)}.new-${randomUUID()}`
    try {
      await refuseExisting(dataDirectory)
      await mkdir(draft, { mode: 0o700 })
      const manifest = await unpack(source, databasePath(draft))
      const { rows } = await inspect(draft, limits)
      compareRows(manifest.rows, rows)
      await syncTree(draft)
      await rename(databasePath(draft), databasePath(dataDirectory))
      await syncDirectory(dataDirectory)
      return manifest
    } finally {
      await rm(draft, { recursive: true, force: true })
      await lock.release()
    }
  } catch (error) {
    throw explainDisk(error, dataDirectory)
  }
}

async function unpack(source: string, directory: string): Promise<BackupManifest> {
  const stream = createReadStream(source)
  const zstd = createZstdDecompress()
  stream.once("error", (error) => zstd.destroy(error))
  let manifest: BackupManifest | undefined
  const found: PackedFile[] = []
  try {
    for await (const entry of readTar(stream.pipe(zstd))) {
      if (manifest === undefined) manifest = await manifestOf(entry)
      else found.push(await unpackFile(directory, entry))
    }
  } catch (error) {
    if (error instanceof AppError) throw error
    throw cut(messageOf(error))
  } finally {
    stream.destroy()
  }
  if (manifest === undefined || JSON.stringify(found) !== JSON.stringify(manifest.files)) throw cut("its files are not those that it names")
  return manifest
}

/** Refused before anything is unpacked where this version could not open it. */
async function manifestOf(entry: TarEntry): Promise<BackupManifest> {
  if (entry.path !== manifestName || entry.bytes > manifestBytesMax) throw cut("it does not begin with a manifest")
  const pieces: Buffer[] = []
  for await (const piece of entry.content) pieces.push(piece)
  const parsed = manifestSchema.safeParse(JSON.parse(Buffer.concat(pieces).toString("utf8")))
  if (!parsed.success) throw cut("its manifest is not one of this version of Perdure")
  const { perdure, database, migrations } = parsed.data
  const known = new Set(readMigrations().map(({ name }) => name))
  const newer = migrations.find((name) => !known.has(name))
  const isOtherEngine = database.format !== supportedFormat.format || !supportedFormat.pglite.some((version) => version === database.pglite)
  if (newer === undefined && !isOtherEngine) return parsed.data
  const why = isOtherEngine
    ? `its database is of PGlite ${database.pglite} with Postgres ${database.postgres}, and this version opens PGlite ${supportedFormat.pglite.join(", ")}`
    : `it has the migration ${newer}, which this version does not know`
  throw new AppError("migration_required", `The backup was made by Perdure ${perdure}: ${why}`, {
    hint: `Restore it with Perdure ${perdure} or newer. Nothing was changed.`,
  })
}

function compareRows(expected: BackupManifest["rows"], found: BackupManifest["rows"]): void {
  for (const [table, rows] of Object.entries(expected))
    if (found[table] !== rows) throw cut(`the table ${table} has ${found[table] ?? "no"} rows of ${rows}`)
}

async function refuseExisting(dataDirectory: string): Promise<void> {
  await Promise.resolve()
  if (!existsSync(databasePath(dataDirectory))) return
  throw new AppError("conflict", `There is a database in ${dataDirectory} already: nothing is written over`, {
    hint: `Restore into another directory with --data, or move this one away first: mv ${databasePath(dataDirectory)} ${databasePath(dataDirectory)}.before`,
  })
}
