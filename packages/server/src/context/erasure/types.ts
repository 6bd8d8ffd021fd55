// The words of erasure: what shall vanish, what was found of it, the receipt.
import type { ErasureStatus, ErasureTargetKind, Scrubbed } from "../../store/index.ts"

export interface ErasureTarget {
  kind: ErasureTargetKind
  /** The subject, the scope, the id of the source or of a stored file, or the text of a query. */
  name: string
  /** A query is looked for in memory of this scope only; in all when absent. */
  withinScope?: string | undefined
}

export interface ErasureCounts {
  episodes: number
  versions: number
  sources: number
  blocks: number
  states: number
  files: number
  cachedAnswers: number
  keys: number
  /** Rows of other tables in which the text stood, by table: `run_events`, `conversation_items` … */
  rows: Record<string, number>
}

export function noCounts(): ErasureCounts {
  return { episodes: 0, versions: 0, sources: 0, blocks: 0, states: 0, files: 0, cachedAnswers: 0, keys: 0, rows: {} }
}

export interface Remainder {
  where: string
  what: string
  until: string
}

export interface Verification {
  /** Texts that were looked for, in all their forms. */
  texts: number
  /** Rows in which one was still found, by table. */
  rows: Record<string, number>
  /** Files of the data directory that were read; null where they are out of reach. */
  files: number | null
  filesContaining: string[]
  logCleared: boolean | null
  /** Who keeps deleted rows or old log on the server, by name; absent in receipts of before. */
  heldBy?: string[]
  /** Files that were not read, or not to their end; absent in receipts of before. */
  unread?: number
}

export interface ErasureReceipt {
  counts: ErasureCounts
  /** Texts too short to be looked for outside of the runs and conversations that they came from. */
  shortTexts: number
  verified: Verification | null
  remains: Remainder[]
}

export interface Erasure {
  id: string
  runId: string
  principal: string
  target: { kind: ErasureTargetKind; name: string | null; scope: string | null }
  dryRun: boolean
  status: ErasureStatus
  receipt: ErasureReceipt | null
  /** SHA-256 over the receipt with id, target and times, as canonical JSON. */
  receiptHash: string | null
  createdAt: number
  finishedAt: number | null
}

export function isClean({ rows, filesContaining, logCleared, heldBy = [] }: Verification): boolean {
  return Object.keys(rows).length === 0 && filesContaining.length === 0 && logCleared !== false && heldBy.length === 0
}

/** What cleaning up after the search itself left. */
export function addScrub(verified: Verification, { logCleared, server }: Scrubbed): void {
  if (logCleared === false) verified.logCleared = false
  verified.heldBy = [...new Set([...(verified.heldBy ?? []), ...(server?.heldBy ?? [])])]
}

/** Whether another pass can find less: log that is held, or that this role may not clear, stays as it is. */
export function isWorthAnotherPass({ rows, filesContaining, logCleared }: Verification): boolean {
  return Object.keys(rows).length > 0 || filesContaining.some((path) => logCleared === true || !path.startsWith("pg_wal/"))
}

/** What one page took. */
export type EntryCounts = Pick<ErasureCounts, "episodes" | "versions" | "sources"> & { files?: number }

export function addEntries(counts: ErasureCounts, { counts: found }: { counts: EntryCounts }): void {
  counts.episodes += found.episodes
  counts.versions += found.versions
  counts.sources += found.sources
  counts.files += found.files ?? 0
}

export function addRows(all: Record<string, number>, rows: Record<string, number>): void {
  for (const [table, count] of Object.entries(rows)) all[table] = (all[table] ?? 0) + count
}
