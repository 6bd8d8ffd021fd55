// Why each experiment is as it is: one entry per change, never changed itself.
import type { JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"

export interface StoredExperimentEntry {
  id: number
  at: number
  kind: string
  reason: string
  principal: string | null
  before: JsonValue
  after: JsonValue
  posterior: JsonValue
}

export async function addEntry(
  db: Queryable,
  projectId: string,
  name: string,
  { kind, reason, principal, before, after, posterior }: Omit<StoredExperimentEntry, "id" | "at">,
): Promise<void> {
  const json = (value: JsonValue): string | null => (value === null ? null : jsonText(value))
  const text = `insert into experiment_log (project_id, name, kind, reason, principal, before, after, posterior)
    values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8::jsonb)`
  await db.query(text, [projectId, name, kind, reason, principal, json(before), json(after), json(posterior)])
}

/** Newest first. */
export function entriesOf(db: Queryable, projectId: string, name: string, rowsMax: number): Promise<StoredExperimentEntry[]> {
  const text = `select id, at, kind, reason, principal, before, after, posterior from experiment_log
    where project_id = $1 and name = $2 order by id desc limit $3`
  return db.query<StoredExperimentEntry>(text, [projectId, name, rowsMax])
}
