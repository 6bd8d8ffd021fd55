// Takes deleted data out of the files of the embedded engine: tables are written anew, the log is switched until no old segment is left.
import { closeSync, openSync, readdirSync, readSync } from "node:fs"
import { join, relative } from "node:path"
import { setImmediate as nextTurn } from "node:timers/promises"
import { createByteSearch, type ByteSearch } from "../byte-search.ts"
import { rewriteTable, tablesToScrub, type FoundBytes, type Scrubbed, type ScrubOptions } from "../scrub.ts"
import type { MaintenanceQuery } from "./maintenance.ts"

/** More segments than `max_wal_size` has: beyond that something else is wrong. */
const switchesMax = 100

export async function scrubFiles(
  query: MaintenanceQuery,
  { rewriteBytesMax, tables }: Pick<ScrubOptions, "rewriteBytesMax" | "tables">,
): Promise<Scrubbed> {
  const vacuumed: string[] = []
  let rewritten = 0
  for (const table of await tablesToScrub({ query }, tables)) {
    if (await rewriteTable(query, table, rewriteBytesMax)) rewritten += 1
    else vacuumed.push(table.name)
  }
  // The planner's statistics hold samples of columns in plain.
  await query("vacuum (full) pg_catalog.pg_statistic")
  return { rewritten, vacuumed, logCleared: await clearLog(query) }
}

/**
 * Segments are deleted, never recycled (a start parameter), but a directory of before may hold recycled ones: old content under names that
 * are still to come. They are used up one by one, until the segment that is written was made after all of them.
 */
async function clearLog(query: MaintenanceQuery): Promise<boolean> {
  const [{ oldest: until } = { oldest: "" }] = await query<{ oldest: string }>(
    "select greatest(max(name), pg_walfile_name(pg_current_wal_insert_lsn())) as oldest from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'",
  )
  for (let switches = 0; switches < switchesMax; switches++) {
    // A switch right after a switch does nothing: the checkpoint between them writes a record.
    await query("checkpoint")
    await query("select pg_switch_wal()")
    await query("checkpoint")
    const [segment] = await query<{ first: string }>("select min(name) as first from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'")
    if (segment !== undefined && segment.first > until) return true
  }
  return false
}

const chunkBytes = 1024 * 1024

/** Reads every file below the directory. */
export async function findBytes(directory: string, patterns: readonly Uint8Array[]): Promise<FoundBytes> {
  const search = createByteSearch(patterns)
  const containing: string[] = []
  let files = 0
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files += 1
    if (await contains(path, search)) containing.push(relative(directory, path))
  }
  return { files, containing: containing.sort() }
}

async function contains(path: string, search: ByteSearch): Promise<boolean> {
  let descriptor: number
  try {
    descriptor = openSync(path, "r")
  } catch {
    return false // the engine has just removed it
  }
  try {
    const window = Buffer.alloc(chunkBytes + search.longest)
    for (let kept = 0; ;) {
      const read = readSync(descriptor, window, kept, chunkBytes, null)
      const filled = window.subarray(0, kept + read)
      if (search.isIn(filled)) return true
      if (read === 0) return false
      kept = Math.min(search.longest, filled.length)
      filled.copy(window, 0, filled.length - kept)
      await nextTurn()
    }
  } finally {
    closeSync(descriptor)
  }
}
