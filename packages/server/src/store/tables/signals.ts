// Signals sent to runs; those that come before the wait are kept.
import type { JsonValue } from "../../core/index.ts"
import type { Queryable } from "../port.ts"

export interface StoredSignal {
  id: number
  name: string
  payload: JsonValue
  label: JsonValue
}

/** Keeps a signal and queues the run if it waits for that name; the caller has locked the run. Returns whether it was queued. */
export async function insertSignal(
  db: Queryable,
  projectId: string,
  runId: string,
  name: string,
  payloadJson: string,
  labelJson: string,
): Promise<boolean> {
  await db.query("insert into signals (run_id, project_id, name, payload, label) values ($1, $2, $3, $4::json, $5::jsonb)", [
    runId,
    projectId,
    name,
    payloadJson,
    labelJson,
  ])
  const rows = await db.query<{ woken: number }>("select perdure_wake(array[$1::text]) as woken", [runId])
  return (rows[0]?.woken ?? 0) > 0
}

/** The first signal of that name after `after`. */
export async function nextSignal(db: Queryable, runId: string, name: string, after: number): Promise<StoredSignal | undefined> {
  const rows = await db.query<StoredSignal>(
    "select id, name, payload, label from signals where run_id = $1 and name = $2 and id > $3 order by id limit 1",
    [runId, name, after],
  )
  return rows[0]
}
