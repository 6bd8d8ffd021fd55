// Memories: what is believed about one thing; what it says is in its versions.
import type { Queryable } from "../port.ts"

export type MemoryKind = "fact" | "preference" | "event" | "procedure" | "reflection" | "summary" | "timeline" | "profile"

export interface StoredMemory {
  id: string
  scope: string
  kind: MemoryKind
  /** Of subject and predicate, by a key of the scope. */
  slot: string | null
  createdAt: number
}

/** Memories that have a head, newest first; `before` is the last id of the page before. */
export async function listMemoryIds(
  db: Queryable,
  projectId: string,
  scope: string,
  kinds: readonly MemoryKind[] | null,
  before: string | undefined,
  limit: number,
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select m.id from memories m where m.project_id = $1 and m.scope = $2 and ($3::text[] is null or m.kind = any($3))
       and ($4::text is null or m.id < $4)
       and exists (select from memory_versions v where v.project_id = m.project_id and v.memory_id = m.id and v.head)
     order by m.id desc limit $5`,
    [projectId, scope, kinds, before ?? null, limit],
  )
  return rows.map(({ id }) => id)
}

/** With all its versions. */
export async function deleteMemory(tx: Queryable, projectId: string, id: string): Promise<boolean> {
  return (await tx.query(`delete from memories where project_id = $1 and id = $2 returning id`, [projectId, id])).length > 0
}
