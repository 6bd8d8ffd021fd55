// The work of Postgres' background processes, which the embedded engine doesn't have: checkpoints and vacuum, one small piece at a time.
import type { StoreLogger } from "../engine.ts"

/** Runs one statement outside any transaction, without a time limit, when nobody else wants the connection. */
export type MaintenanceQuery = <Row extends object>(text: string) => Promise<Row[]>

export interface MaintenanceOptions {
  readonly query: MaintenanceQuery
  readonly logger: StoreLogger
  readonly intervalMs: number
  /** Write-ahead log after which a checkpoint is due: it bounds both the disk and the replay after a crash. */
  readonly walBytesMax: number
}

/**
 * In single-user mode there is no checkpointer (the log would grow for ever and be replayed whole after a crash) and no autovacuum
 * (updated rows would never be reclaimed, plans would rest on no statistics). Returns what ends it.
 */
export function startMaintenance(options: MaintenanceOptions): () => Promise<void> {
  let ended = false
  let running: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    running = running.then(async () => {
      if (!ended) await maintain(options)
    })
    running = running.catch((error: unknown) => {
      if (!ended) options.logger.warn({ error: error instanceof Error ? error.message : String(error) }, "database maintenance failed")
    })
  }, options.intervalMs)
  timer.unref()
  return async () => {
    ended = true
    clearInterval(timer)
    await running
  }
}

/** One round: a checkpoint when one is due, and the table that needs vacuum most. */
export async function maintain(
  options: Pick<MaintenanceOptions, "query" | "walBytesMax" | "logger">,
): Promise<{ checkpoint: boolean; table: string | undefined }> {
  await options.query("select pg_stat_force_next_flush()")
  const [wal] = await options.query<{ bytes: number }>(
    "select (pg_current_wal_insert_lsn() - redo_lsn)::int8 as bytes from pg_control_checkpoint()",
  )
  const checkpoint = (wal?.bytes ?? 0) > options.walBytesMax
  if (checkpoint) await options.query("checkpoint")
  const [worst] = await options.query<{ name: string }>(tableInNeed)
  if (worst !== undefined) await options.query(`vacuum (analyze) ${worst.name}`)
  return { checkpoint, table: worst?.name }
}

/** Autovacuum's own rule with its default thresholds. */
const tableInNeed = `
  select s.relid::regclass::text as name
  from pg_stat_user_tables s join pg_class c on c.oid = s.relid
  where s.n_dead_tup > 50 + 0.2 * greatest(c.reltuples, 0)
    or s.n_ins_since_vacuum > 1000 + 0.2 * greatest(c.reltuples, 0)
    or s.n_mod_since_analyze > 50 + 0.1 * greatest(c.reltuples, 0)
  order by s.n_dead_tup + s.n_mod_since_analyze desc
  limit 1`
