// Takes old content out of a server's write-ahead log by writing over it: segment after segment, until none is left from before.
import type { ScrubOptions } from "../scrub.ts"
import { canClear, type ScrubRights } from "./scrub-rights.ts"
import type { ScrubSession } from "./scrub-session.ts"
import { LogSegments, type LogFiles } from "./log-segments.ts"

export interface ClearedLog {
  /** Null: this role may not. */
  cleared: boolean | null
  /** What keeps old log, by name. */
  heldBy: string[]
}

type ClearOptions = Pick<ScrubOptions, "logBytesMax" | "waitMs" | "onProgress">

const pollMs = 1_000
const fillBytes = 1024 * 1024

/**
 * The server deletes a segment that nobody needs, or keeps its file, content and all, for one to come. So: end the segment, let a checkpoint
 * set free what is older, then write through all files that have an old content before them. Each is overwritten to its end.
 */
export async function clearLog(session: ScrubSession, rights: ScrubRights, options: ClearOptions): Promise<ClearedLog> {
  if (!canClear(rights)) return { cleared: null, heldBy: [] }
  const start = await logStart(session)
  const segments = new LogSegments(await look(session))
  const total = segments.old
  let left = Math.floor(options.logBytesMax / start.segmentBytes)
  const limit = `the limit erasureLogBytesMax: ${options.logBytesMax} bytes did not do for the ${total} files of ${start.segmentBytes} bytes`
  // `wal_keep_size` keeps that much behind: old segments are that much further behind when they go.
  for (let ends = 1 + Math.ceil(start.keepBytes / start.segmentBytes); ends > 0; ends--) {
    if (left-- === 0) return { cleared: false, heldBy: [start.keepBytes > 0 ? `wal_keep_size, and ${limit}` : limit] }
    await endSegment(session, rights, start.segmentBytes)
  }
  await session.query("checkpoint")
  segments.see(await look(session))
  if (!(await waitForKept(session, segments, start.lsn, options)))
    return { cleared: false, heldBy: await holders(session, start.lsn, segments.kept) }
  while (segments.old > 0) {
    options.onProgress?.("log", total - Math.min(total, segments.old), total)
    if (left-- === 0) return { cleared: false, heldBy: [limit] }
    await endSegment(session, rights, start.segmentBytes)
    segments.see(await look(session))
  }
  options.onProgress?.("log", total, total)
  return { cleared: true, heldBy: [] }
}

interface LogStart {
  lsn: string
  segmentBytes: number
  keepBytes: number
}

async function logStart(session: ScrubSession): Promise<LogStart> {
  const [start] = await session.query<LogStart>(`
    select pg_current_wal_insert_lsn()::text as lsn, pg_size_bytes(current_setting('wal_segment_size'))::float8 as "segmentBytes",
      pg_size_bytes(current_setting('wal_keep_size'))::float8 as "keepBytes"`)
  if (start === undefined) throw new Error("The server did not say how its log is set up.")
  return start
}

async function look(session: ScrubSession): Promise<LogFiles> {
  const [files] = await session.query<LogFiles>(`
    select array_agg(name) as names, pg_walfile_name(pg_current_wal_flush_lsn()) as writing
    from pg_ls_waldir() where name ~ '^[0-9A-F]{24}(\\.partial)?$' or name ~ '^xlogtemp\\.'`)
  if (files === undefined) throw new Error("The server did not list its log.")
  return files
}

/** A switch fills the rest of the segment with zeros. Right after another one it does nothing, so a record comes between. */
async function endSegment(session: ScrubSession, { switch: canSwitch }: ScrubRights, segmentBytes: number): Promise<void> {
  if (canSwitch) {
    await session.query("select pg_current_xact_id()::text")
    await session.query("select pg_switch_wal()")
    return
  }
  // The transaction's id makes its commit, and with it all before, go to the disk.
  const messages = Math.ceil(segmentBytes / fillBytes)
  await session.query(
    `select pg_current_xact_id()::text, count(pg_logical_emit_message(false, 'perdure', repeat(' ', ${fillBytes}))) from generate_series(1, ${messages})`,
  )
}

/** An archiver that is behind or a slot whose reader goes on needs a moment. A slot that nobody reads does not move. */
async function waitForKept(
  session: ScrubSession,
  segments: LogSegments,
  lsn: string,
  { waitMs, onProgress }: ClearOptions,
): Promise<boolean> {
  for (let waitedMs = 0; segments.kept.length > 0; waitedMs += pollMs) {
    if (waitedMs >= waitMs || (await slotsBefore(session, lsn)).some(({ active }) => !active)) return false
    onProgress?.("log held", waitedMs, waitMs)
    await session.pause(pollMs)
    await session.query("checkpoint")
    segments.see(await look(session))
  }
  return true
}

async function holders(session: ScrubSession, lsn: string, kept: readonly string[]): Promise<string[]> {
  const named = (await slotsBefore(session, lsn)).map(slotText)
  const [setting] = await session.query<{ archives: boolean }>("select current_setting('archive_mode') <> 'off' as archives")
  if (setting?.archives === true && named.length === 0) named.push("the archiver (archive_mode), which has not archived all of it yet")
  return named.length > 0 ? named : [`the server, which keeps ${kept.length} files of pg_wal: ${kept.slice(0, 3).join(", ")}`]
}

/** What keeps log of before the last checkpoint now. */
export async function logHolders(session: ScrubSession): Promise<string[]> {
  const [checkpoint] = await session.query<{ lsn: string }>("select redo_lsn::text as lsn from pg_control_checkpoint()")
  return (await slotsBefore(session, checkpoint?.lsn ?? "0/0")).map(slotText)
}

interface Slot {
  name: string
  active: boolean
}

async function slotsBefore(session: ScrubSession, lsn: string): Promise<Slot[]> {
  return await session.query<Slot>(
    "select slot_name as name, active from pg_replication_slots where pg_wal_lsn_diff(restart_lsn, $1::text::pg_lsn) < 0 order by 1",
    [lsn],
  )
}

function slotText({ name, active }: Slot): string {
  return `the replication slot '${name}'${active ? "" : ", which nobody reads"}`
}
