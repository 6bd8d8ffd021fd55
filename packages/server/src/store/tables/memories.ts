// Memories: remembered statements with their scope, provenance, validity and label.
import type { JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"

export interface StoredMemory {
  id: string
  projectId: string
  scope: string
  text: string
  metadata: JsonValue
  /** Who wrote it. */
  principal: string
  /** The run in which it was written, if one did. */
  runId: string | null
  label: JsonValue
  validFrom: number | null
  validTo: number | null
  createdAt: number
}

const columns = `id, project_id as "projectId", scope, body as text, metadata, principal, run_id as "runId", label,
  valid_from as "validFrom", valid_to as "validTo", created_at as "createdAt"`

export async function insertMemory(db: Queryable, memory: StoredMemory): Promise<void> {
  await db.query(
    `insert into memories (id, project_id, scope, body, metadata, principal, run_id, label, valid_from, valid_to, created_at)
     values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8::jsonb, to_timestamp($9::float8 / 1000), to_timestamp($10::float8 / 1000), to_timestamp($11::float8 / 1000))`,
    [
      memory.id,
      memory.projectId,
      memory.scope,
      memory.text,
      jsonText(memory.metadata),
      memory.principal,
      memory.runId,
      jsonText(memory.label),
      memory.validFrom,
      memory.validTo,
      memory.createdAt,
    ],
  )
}

export async function findMemory(db: Queryable, projectId: string, id: string): Promise<StoredMemory | undefined> {
  return (await db.query<StoredMemory>(`select ${columns} from memories where project_id = $1 and id = $2`, [projectId, id]))[0]
}

/** The memories with those ids in that scope, in no particular order. */
export function memoriesByIds(db: Queryable, projectId: string, scope: string, ids: readonly string[]): Promise<StoredMemory[]> {
  const text = `select ${columns} from memories where project_id = $1 and scope = $2 and id = any($3)`
  return db.query<StoredMemory>(text, [projectId, scope, ids])
}

/** One page of a scope, newest first; `before` is the last id of the page before. */
export function listMemories(
  db: Queryable,
  projectId: string,
  scope: string,
  before: string | undefined,
  limit: number,
): Promise<StoredMemory[]> {
  const text = `select ${columns} from memories where project_id = $1 and scope = $2 and ($3::text is null or id < $3) order by id desc limit $4`
  return db.query<StoredMemory>(text, [projectId, scope, before ?? null, limit])
}

export async function deleteMemory(db: Queryable, projectId: string, id: string): Promise<boolean> {
  return (await db.query(`delete from memories where project_id = $1 and id = $2 returning id`, [projectId, id])).length > 0
}
