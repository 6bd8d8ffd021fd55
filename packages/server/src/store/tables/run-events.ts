// Events of runs as readers and recovery see them, with large data fetched from `blobs`.
import type { JsonValue } from "../../core/index.ts"
import type { Queryable } from "../port.ts"

export interface StoredEvent {
  runId: string
  seq: number
  attempt: number
  type: string
  data: JsonValue
  /** Null: the label of the run. */
  label: JsonValue
  at: number
}

const columns = `e.run_id as "runId", e.seq, e.attempt, e.type, coalesce(b.data, e.data) as data, e.label, e.at`
const source = "run_events e left join blobs b on e.blob is not null and b.run_id = e.run_id and b.hash = e.blob"

export async function eventsAfter(db: Queryable, runId: string, after: number, limit: number): Promise<StoredEvent[]> {
  return db.query<StoredEvent>(`select ${columns} from ${source} where e.run_id = $1 and e.seq > $2 order by e.seq limit $3`, [
    runId,
    after,
    limit,
  ])
}

/** The whole logs of some runs, each in order. */
export async function journalsOf(db: Queryable, runIds: readonly string[]): Promise<StoredEvent[]> {
  return db.query<StoredEvent>(`select ${columns} from ${source} where e.run_id = any ($1::text[]) order by e.run_id, e.seq`, [runIds])
}

/** Appends one event to a run that nobody executes; the caller holds its row's lock. */
export async function appendUnowned(db: Queryable, runId: string, type: string, dataJson: string): Promise<void> {
  await db.query(
    `insert into run_events (run_id, seq, project_id, attempt, type, data, at)
     select r.id, coalesce((select max(seq) from run_events where run_id = r.id), 0) + 1, r.project_id, r.attempt, $2, $3::json, now()
     from runs r where r.id = $1`,
    [runId, type, dataJson],
  )
}

export async function insertBlob(db: Queryable, projectId: string, runId: string, hash: string, dataJson: string): Promise<void> {
  await db.query("insert into blobs (run_id, hash, project_id, data) values ($1, $2, $3, $4::json) on conflict do nothing", [
    runId,
    hash,
    projectId,
    dataJson,
  ])
}
