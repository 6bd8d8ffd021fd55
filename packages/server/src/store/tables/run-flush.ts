// The write path of executors: one prepared call of `perdure_flush`, and the question whether rows of an unknown commit are ours.
import type { Queryable } from "../port.ts"

/** Arguments of one flush; `starts`, `events` and `ends` are JSON texts of the shapes that migration 0002 names. */
export interface FlushBatch {
  executor: string
  runs: readonly string[]
  tokens: readonly string[]
  /** What this batch may wake: parents of runs that end in it, and runs that are parked in it. */
  parents: readonly string[] | null
  starts: string | null
  events: string
  ends: string | null
  /** What other processes are told; null when there are none. */
  payload: string | null
}

export interface FlushResult {
  /** Runs whose token is not current: nothing of them was written. */
  rejected: readonly string[]
  /** Event rows written now. */
  inserted: number
  /** Some run became ready to be claimed. */
  woken: boolean
}

export async function flushRuns(db: Queryable, batch: FlushBatch): Promise<FlushResult> {
  const rows = await db.query<{ rejected: string[] | null; inserted: number; woken: boolean }>(
    "select rejected, inserted, woken from perdure_flush($1::uuid, $2::text[], $3::uuid[], $4::text[], $5::json, $6::json, $7::json, $8::text)",
    [batch.executor, batch.runs, batch.tokens, batch.parents, batch.starts, batch.events, batch.ends, batch.payload],
  )
  const row = rows[0]
  if (!row) throw new Error("perdure_flush returned no row")
  return { rejected: row.rejected ?? [], inserted: row.inserted, woken: row.woken }
}

/** For each (run, seq): the attempt that wrote it, or null when there is no such event. */
export async function attemptsOf(db: Queryable, runs: readonly string[], seqs: readonly number[]): Promise<(number | null)[]> {
  const rows = await db.query<{ attempt: number | null }>(
    `select e.attempt from unnest($1::text[], $2::integer[]) with ordinality as w (run_id, seq, n)
     left join run_events e on e.run_id = w.run_id and e.seq = w.seq order by w.n`,
    [runs, seqs],
  )
  return rows.map((row) => row.attempt)
}
