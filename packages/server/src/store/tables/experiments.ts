// Experiments that were made over the API, as they were defined.
import type { JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"

export interface StoredExperiment {
  name: string
  definition: JsonValue
}

/** False where the name is taken. */
export async function insertExperiment(
  db: Queryable,
  projectId: string,
  { name, definition, createdBy }: StoredExperiment & { createdBy: string },
): Promise<boolean> {
  const text = `insert into experiments (project_id, name, definition, created_by) values ($1, $2, $3::jsonb, $4)
    on conflict do nothing returning name`
  return (await db.query(text, [projectId, name, jsonText(definition), createdBy])).length > 0
}

export async function countExperiments(db: Queryable, projectId: string): Promise<number> {
  const text = `select count(*)::int8 as count from experiments where project_id = $1`
  return (await db.query<{ count: number }>(text, [projectId]))[0]?.count ?? 0
}

export function experimentsOfProject(db: Queryable, projectId: string): Promise<StoredExperiment[]> {
  return db.query<StoredExperiment>(`select name, definition from experiments where project_id = $1 order by name`, [projectId])
}

/** With everything that is known of it, but not the scores of its runs. */
export async function removeExperiment(db: Queryable, projectId: string, name: string): Promise<void> {
  for (const statement of [
    "delete from experiments where project_id = $1 and name = $2",
    "delete from experiment_states where project_id = $1 and name = $2",
    "delete from experiment_arms where project_id = $1 and name = $2",
    "delete from experiment_ends where project_id = $1 and name = $2",
    "delete from experiment_scores where project_id = $1 and name = $2",
    "delete from experiment_log where project_id = $1 and name = $2",
  ])
    await db.query(statement, [projectId, name])
}
