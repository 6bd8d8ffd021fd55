// Makes a backup of the embedded database: its files while nobody writes, opened and counted in a copy, then one compressed file that is read back.
import { randomUUID } from "node:crypto"
import { createReadStream, createWriteStream } from "node:fs"
import { open, readFile, rename, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { once } from "node:events"
import { finished } from "node:stream/promises"
import { constants, createZstdCompress, createZstdDecompress } from "node:zlib"
import type { Limits } from "../../../core/index.ts"
import { AppError } from "../../../core/index.ts"
import { explainDisk } from "../../disk.ts"
import { silentLogger } from "../../engine.ts"
import { blockBytes, tarHeader } from "../archive.ts"
import { databasePath, formatFile, formatSchema } from "../directory.ts"
import { syncDirectory } from "../durable-tree.ts"
import { lockDirectory } from "../lock.ts"
import { openPglite } from "../open.ts"
import { cut, hashFile, packFiles, readTar, unpackFile, type PackedFile } from "./files.ts"
import { manifestName, type BackupManifest } from "./manifest.ts"

export interface MakeBackup {
  /** The file to make. */
  target: string
  /** Gives the directory of the database for as long as `copy` runs: nobody writes there meanwhile. */
  hold: <T>(copy: (directory: string) => Promise<T>) => Promise<T>
  limits: Limits
  perdure: string
  createdAt: string
}

/** The manifest of what was made. Where it fails nothing is left behind. */
export async function makeBackup({ target, hold, limits, perdure, createdAt }: MakeBackup): Promise<BackupManifest> {
  const draft = `${target}.draft-${randomUUID()}`
  const [tar, copy, packed] = [`${draft}.tar`, `${draft}.copy`, `${draft}.zst`]
  try {
    const { files, database } = await hold(async (directory) => ({
      files: await writeFiles(directory, tar),
      database: formatSchema.parse(JSON.parse(await readFile(join(directory, formatFile), "utf8"))),
    }))
    for await (const entry of readTar(createReadStream(tar))) await unpackFile(databasePath(copy), entry)
    const { migrations, rows } = await inspect(copy, limits)
    await rm(copy, { recursive: true })
    const manifest: BackupManifest = { backup: 1, perdure, createdAt, database, migrations, rows, files }
    await compress(manifest, tar, packed)
    await readBack(packed, files)
    await rename(packed, target)
    await syncDirectory(dirname(target))
    return manifest
  } catch (error) {
    throw explainDisk(error, dirname(target))
  } finally {
    for (const path of [tar, copy, packed]) await rm(path, { recursive: true, force: true })
  }
}

/** The files of a directory that no server has open; locked for that time. */
export async function holdStopped<T>(dataDirectory: string, copy: (directory: string) => Promise<T>): Promise<T> {
  const lock = await lockDirectory(dataDirectory)
  try {
    return await copy(databasePath(dataDirectory))
  } finally {
    await lock.release()
  }
}

async function writeFiles(directory: string, tar: string): Promise<PackedFile[]> {
  await using file = await open(tar, "wx", 0o600)
  return await packFiles(directory, async (chunk) => void (await file.write(chunk)))
}

/** Opens a copy as a server would, with the recovery that this takes, and reads every row of it. */
export async function inspect(dataDirectory: string, limits: Limits): Promise<Pick<BackupManifest, "migrations" | "rows">> {
  let lost: Error | undefined
  const onFatal = (error: Error): void => void (lost = error)
  await using engine = await openPglite({ dataDirectory, limits, logger: silentLogger, onFatal, fsync: false })
  const rows: Record<string, number> = {}
  const tables = await engine.system.query<{ name: string }>(
    "select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname = 'public' order by 1",
  )
  for (const { name } of tables) {
    const [count] = await engine.system.query<{ rows: number }>(`select count(t.*) as rows from ${name} t`)
    rows[name] = count?.rows ?? 0
  }
  const migrations = await engine.system.query<{ name: string }>("select name from schema_migrations order by name")
  if (lost !== undefined) throw lost
  return { migrations: migrations.map(({ name }) => name), rows }
}

async function compress(manifest: BackupManifest, tar: string, packed: string): Promise<void> {
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 6, [constants.ZSTD_c_checksumFlag]: 1 } })
  const out = createWriteStream(packed, { flags: "wx", mode: 0o600, flush: true })
  zstd.pipe(out)
  const failed = new AbortController()
  out.once("error", (error) => zstd.destroy(error))
  const write = async (chunk: Uint8Array): Promise<void> => {
    if (!zstd.write(chunk)) await once(zstd, "drain", { signal: failed.signal })
  }
  const text = Buffer.from(JSON.stringify(manifest))
  await write(tarHeader(manifestName, text.length, "0"))
  await write(Buffer.concat([text, Buffer.alloc((blockBytes - (text.length % blockBytes)) % blockBytes)]))
  for await (const chunk of createReadStream(tar, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) await write(chunk)
  zstd.end()
  await finished(out)
}

/** What the disk gives back, not what was meant to be written. */
async function readBack(packed: string, files: readonly PackedFile[]): Promise<void> {
  const found: PackedFile[] = []
  for await (const entry of readTar(createReadStream(packed).pipe(createZstdDecompress()))) {
    const file = await hashFile(entry)
    if (file.path !== manifestName) found.push(file)
  }
  if (JSON.stringify(found) !== JSON.stringify(files)) throw cut("what was read back is not what was written")
}

export function notHere(path: string): AppError {
  return new AppError("conflict", `${path} is there already`, { hint: "Name a file that does not exist yet." })
}
