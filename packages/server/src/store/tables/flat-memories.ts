// The flat statements of before memory had sources and versions; they are read once, to be carried over.
import type { JsonValue } from "../../core/index.ts"
import type { Queryable } from "../port.ts"

export interface FlatMemory {
  id: string
  scope: string
  text: string
  metadata: JsonValue
  principal: string
  runId: string | null
  label: JsonValue
  validFrom: number | null
  validTo: number | null
  createdAt: number
}

/** Takes the oldest out of the table; whoever asks at the same time waits for this transaction. */
export async function takeFlatMemories(tx: Queryable, projectId: string, limit: number): Promise<FlatMemory[]> {
  const rows = await tx.query<FlatMemory>(
    `delete from flat_memories where project_id = $1
       and id = any(array(select id from flat_memories where project_id = $1 order by id limit $2 for update))
     returning id, scope, body as text, metadata, principal, run_id as "runId", label,
       valid_from as "validFrom", valid_to as "validTo", created_at as "createdAt"`,
    [projectId, limit],
  )
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1))
}

export async function hasFlatMemories(db: Queryable, projectId: string): Promise<boolean> {
  const [row] = await db.query<{ some: boolean }>(`select exists (select from flat_memories where project_id = $1) as some`, [projectId])
  return row?.some === true
}
