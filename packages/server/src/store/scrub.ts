// What an engine can do so that deleted data cannot be read from its files any more, and what it says of what it could not.
import type { Queryable } from "./port.ts"

export interface Scrubbed {
  /** Tables that were written anew, so that no deleted row is left in their files. */
  rewritten: number
  /** Tables that were only vacuumed: bytes of deleted rows stay in free space until they are overwritten. */
  vacuumed: string[]
  /** Whether the write-ahead log holds nothing from before; null: the role may not clear it. */
  logCleared: boolean | null
  /** Of a Postgres server, which others administer. */
  server?: ScrubbedServer
}

export interface ScrubbedServer {
  /** Who keeps deleted rows or old log on it, by name. */
  heldBy: string[]
  /** What has copies of its log elsewhere. */
  copies: string[]
  /** What an administrator runs so that the log can be cleared, as SQL; null: nothing is missing. */
  grantsToClear: string | null
  grantsToRead: string | null
  /** Whether the samples of columns among the planner's statistics could be rewritten. */
  statistics: boolean
}

export interface FoundBytes {
  /** Files that were read; null where the files are not within reach. */
  files: number | null
  /** Paths, relative to the data directory, of those that contain one of the patterns. */
  containing: string[]
  /** Files that were not read, or not to their end. */
  unread?: number
}

/** How far it is: of what, how many. */
export type OnScrubProgress = (stage: string, done: number, total: number) => void

export interface ScrubOptions {
  /** Larger tables are only vacuumed. */
  rewriteBytesMax: number
  /** The log is written over with at most that much, on a Postgres server. */
  logBytesMax: number
  /** Longest wait for those who may still see deleted rows or read old log, each. */
  waitMs: number
  /** All when absent. */
  tables?: readonly string[]
  /** Ends it between two statements. */
  signal?: AbortSignal
  onProgress?: OnScrubProgress
}

export interface FindOptions {
  /** Not more is read, on a Postgres server. */
  readBytesMax: number
  signal?: AbortSignal
  onProgress?: OnScrubProgress
}

/** What a scrub can do here. */
export interface ScrubReach {
  clears: boolean
  reads: boolean
  /** What is missing, as SQL for an administrator. */
  grants: string[]
  /** What would keep old log, by name. */
  heldBy: string[]
}

export interface Scrubber {
  /** Rewrites every table that holds data of projects, and the statistics that sample them; then clears the log. It takes long and tables are locked meanwhile. */
  scrub(options: ScrubOptions): Promise<Scrubbed>
  findBytes(patterns: readonly Uint8Array[], options: FindOptions): Promise<FoundBytes>
  reach(): Promise<ScrubReach>
}

export interface ScrubbedTable {
  name: string
  bytes: number
}

/** Tables with data of projects, smallest first, without those that nothing was ever written to. */
export async function tablesToScrub(db: Queryable, only: readonly string[] | undefined): Promise<ScrubbedTable[]> {
  const tables = await db.query<ScrubbedTable & { plainName: string }>(
    `select c.relname as "plainName", format('%I.%I', n.nspname, c.relname) as name, pg_total_relation_size(c.oid)::float8 as bytes
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname = current_schema() and exists (
       select from pg_attribute a where a.attrelid = c.oid and a.attname = 'project_id' and not a.attisdropped)
     and (pg_relation_size(c.oid) > 0 or (c.reltoastrelid <> 0 and pg_relation_size(c.reltoastrelid) > 0)
       or pg_indexes_size(c.oid) > 8192 * (select count(*) from pg_index i where i.indrelid = c.oid))
     order by bytes, name`,
  )
  return tables.filter(({ plainName }) => only === undefined || only.includes(plainName))
}

/** Rewrites a table when it is not too large and nobody holds it; says whether it did. */
export async function rewriteTable(
  run: (text: string) => Promise<unknown>,
  table: ScrubbedTable,
  rewriteBytesMax: number,
): Promise<boolean> {
  if (table.bytes <= rewriteBytesMax) {
    try {
      await run(`vacuum (full, analyze) ${table.name}`)
      return true
    } catch {
      // Somebody works on it, or there is no room for a second copy: what a vacuum can do is done below, and said.
    }
  }
  await run(`vacuum (analyze) ${table.name}`)
  return false
}
