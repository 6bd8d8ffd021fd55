// The directory of the embedded database: made from the shipped template in one step, and checked before it is opened.
import { createHash, randomUUID } from "node:crypto"
import { existsSync } from "node:fs"
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { z } from "zod"
import { AppError } from "../../core/index.ts"
import { unpackArchive } from "./archive.ts"
import { syncDirectory, syncTree } from "./durable-tree.ts"

/** What the template and each directory made from it say about themselves. */
export const formatSchema = z.object({
  /** Counts our own changes of the layout. */
  format: z.number().int(),
  /** The on-disk format may change with any version of the engine. */
  pglite: z.string(),
  pgvector: z.string(),
  postgres: z.string(),
})

export const templateSchema = formatSchema.extend({ sha256: z.string() })

export type DirectoryFormat = z.infer<typeof formatSchema>

/** The versions that this code opens. Raised together with the pinned packages, after a dump and load was proved. */
export const supportedFormat = { format: 1, pglite: ["0.5.14"], postgresMajor: "18" } as const

export const formatFile = "perdure-format.json"
export const templateUrl = new URL("../../../assets/pglite-template.tar.br", import.meta.url)
export const templateInfoUrl = new URL("../../../assets/pglite-template.json", import.meta.url)

export function databasePath(dataDirectory: string): string {
  return join(dataDirectory, "database")
}

/** The path of a database that can be opened: an existing one, or a new one from the template. The caller holds the lock. */
export async function prepareDirectory(dataDirectory: string, options: { fsync: boolean }): Promise<string> {
  const path = databasePath(dataDirectory)
  await removeLeftovers(dataDirectory)
  if (existsSync(path)) await check(path)
  else await createFromTemplate(dataDirectory, path, options.fsync)
  return path
}

/** A first start that was interrupted leaves a directory under another name: it never looks like a database. */
async function removeLeftovers(dataDirectory: string): Promise<void> {
  for (const name of await readdir(dataDirectory)) {
    if (name.startsWith("database.new-")) await rm(join(dataDirectory, name), { recursive: true, force: true })
  }
}

async function createFromTemplate(dataDirectory: string, path: string, fsync: boolean): Promise<void> {
  const draft = `${path}.new-${randomUUID()}`
  await mkdir(draft, { recursive: true, mode: 0o700 })
  const { sha256, ...format } = templateSchema.parse(JSON.parse(await readFile(templateInfoUrl, "utf8")))
  const archive = await readFile(templateUrl)
  if (createHash("sha256").update(archive).digest("hex") !== sha256) {
    throw new AppError("data_directory_damaged", "The template of the database that came with Perdure is damaged", {
      hint: "Install Perdure again.",
    })
  }
  unpackArchive(archive, draft)
  await writeFile(join(draft, formatFile), JSON.stringify(format), { mode: 0o600 })
  if (fsync) await syncTree(draft)
  await rename(draft, path)
  if (fsync) await syncDirectory(dataDirectory)
}

async function check(path: string): Promise<void> {
  if (!existsSync(join(path, "PG_VERSION")) || !existsSync(join(path, "global", "pg_control"))) {
    throw new AppError(
      "data_directory_damaged",
      `The directory ${path} isn't a complete database: PG_VERSION or global/pg_control is missing`,
      {
        hint: "Run `perdure doctor` to see what is wrong, and restore a backup if it says so. Nothing was changed.",
      },
    )
  }
  const format = await readFormat(path)
  const major = (await readFile(join(path, "PG_VERSION"), "utf8")).trim()
  if (
    major === supportedFormat.postgresMajor &&
    format !== undefined &&
    format.format === supportedFormat.format &&
    supportedFormat.pglite.some((version) => version === format.pglite)
  ) {
    await chmod(path, 0o700)
    return
  }
  const written = format === undefined ? "no format that Perdure wrote" : `format ${format.format} of PGlite ${format.pglite}`
  const found = `${written}, with files of Postgres ${major}`
  throw new AppError(
    "migration_required",
    `The database in ${path} has ${found}; this version opens PGlite ${supportedFormat.pglite.join(", ")} with Postgres ${supportedFormat.postgresMajor}`,
    {
      hint: "Start the version of Perdure that wrote it, or name another directory with --data. Nothing was changed.",
    },
  )
}

async function readFormat(path: string): Promise<DirectoryFormat | undefined> {
  try {
    return formatSchema.safeParse(JSON.parse(await readFile(join(path, formatFile), "utf8"))).data
  } catch {
    return undefined
  }
}
