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

/**
 * One round: the table that needs it most, and a checkpoint when one is due. The checkpoint comes last: after one, vacuum would write each
 * page that it touches into the log as a whole.
 */
export async function maintain(
  options: Pick<MaintenanceOptions, "query" | "walBytesMax" | "logger">,
): Promise<{ checkpoint: boolean; table: string | undefined }> {
  await options.query("select pg_stat_force_next_flush()")
  const [worst] = await options.query<{ name: string; work: string }>(tableInNeed)
  if (worst !== undefined) await options.query(`${worst.work} ${worst.name}`)
  const [wal] = await options.query<{ bytes: number }>(
    "select (pg_current_wal_insert_lsn() - redo_lsn)::int8 as bytes from pg_control_checkpoint()",
  )
  const checkpoint = (wal?.bytes ?? 0) > options.walBytesMax
  if (checkpoint) await options.query("checkpoint")
  return { checkpoint, table: worst?.name }
}

/** About a tenth of a second of work. */
const newRowsMax = 50_000

/**
 * Autovacuum's own rule with its default thresholds, but new rows are never left until they are many: nothing else can use the engine
 * meanwhile, so a large table has its new rows vacuumed in pieces, and statistics only as often as they change.
 */
const tableInNeed = `
  with needs as (
    select s.relid::regclass::text as name, s.n_dead_tup + s.n_mod_since_analyze as changes,
      s.n_dead_tup > 50 + 0.2 * greatest(c.reltuples, 0)
        or s.n_ins_since_vacuum > least(1000 + 0.2 * greatest(c.reltuples, 0), ${newRowsMax}) as vacuum_due,
      s.n_mod_since_analyze > 50 + 0.1 * greatest(c.reltuples, 0) as analyze_due
    from pg_stat_user_tables s join pg_class c on c.oid = s.relid
  )
  select name, case when vacuum_due and analyze_due then 'vacuum (analyze)' when vacuum_due then 'vacuum' else 'analyze' end as work
  from needs where vacuum_due or analyze_due
  order by changes desc
  limit 1`
