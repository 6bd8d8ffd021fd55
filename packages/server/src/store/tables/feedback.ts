// Scores of runs: one per run, name and key of repetition.
import type { JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"

export interface StoredFeedback {
  id: string
  runId: string
  name: string
  value: JsonValue
  comment: string | null
  principal: string
  createdAt: number
  updatedAt: number
}

export interface NewFeedback extends Omit<StoredFeedback, "createdAt" | "updatedAt"> {
  idempotencyKey: string
}

const columns = `id, run_id as "runId", name, value, comment, principal, created_at as "createdAt", updated_at as "updatedAt"`

/** A score that is there already gets the new value and keeps its id; undefined where the run has `rowsMax` others. */
export async function putFeedback(
  db: Queryable,
  projectId: string,
  { id, runId, name, idempotencyKey, value, comment, principal }: NewFeedback,
  rowsMax: number,
): Promise<StoredFeedback | undefined> {
  const text = `insert into feedback (project_id, id, run_id, name, idempotency_key, value, comment, principal)
    select $1, $2, $3, $4, $5, $6::jsonb, $7, $8
    where (select count(*) from feedback where project_id = $1 and run_id = $3) < $9
      or exists (select 1 from feedback where project_id = $1 and run_id = $3 and name = $4 and idempotency_key = $5)
    on conflict (project_id, run_id, name, idempotency_key) do update
      set value = excluded.value, comment = excluded.comment, principal = excluded.principal, updated_at = now()
    returning ${columns}`
  const values = [projectId, id, runId, name, idempotencyKey, jsonText(value), comment, principal, rowsMax]
  return (await db.query<StoredFeedback>(text, values))[0]
}

/** In the order in which they were first given. */
export function feedbackOfRun(db: Queryable, projectId: string, runId: string): Promise<StoredFeedback[]> {
  return db.query<StoredFeedback>(`select ${columns} from feedback where project_id = $1 and run_id = $2 order by id`, [projectId, runId])
}
