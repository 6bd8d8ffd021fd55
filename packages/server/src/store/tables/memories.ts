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

const columns = `id, scope, kind, slot, created_at as "createdAt"`

/** The memory of a slot, made if there is none, and locked until the transaction ends: whoever else asserts something of it waits. */
export async function lockSlot(
  tx: Queryable,
  projectId: string,
  memory: { id: string; scope: string; kind: MemoryKind; slot: string; createdAt: number },
): Promise<StoredMemory> {
  await insertMemory(tx, projectId, memory)
  const text = `select ${columns} from memories where project_id = $1 and scope = $2 and slot = $3 for update`
  const [found] = await tx.query<StoredMemory>(text, [projectId, memory.scope, memory.slot])
  return found ?? memory
}

/** Nothing happens where the slot is taken. */
export async function insertMemory(tx: Queryable, projectId: string, memory: StoredMemory): Promise<void> {
  await tx.query(
    `insert into memories (project_id, id, scope, kind, slot, created_at) values ($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000))
     on conflict do nothing`,
    [projectId, memory.id, memory.scope, memory.kind, memory.slot, memory.createdAt],
  )
}

/** Locks one memory by its id; undefined when there is none. */
export async function lockMemory(tx: Queryable, projectId: string, id: string): Promise<StoredMemory | undefined> {
  return (await tx.query<StoredMemory>(`select ${columns} from memories where project_id = $1 and id = $2 for update`, [projectId, id]))[0]
}

export async function pinMemory(tx: Queryable, projectId: string, id: string, pinnedAt: number | null): Promise<void> {
  await tx.query(`update memories set pinned_at = to_timestamp($3::float8 / 1000) where project_id = $1 and id = $2`, [
    projectId,
    id,
    pinnedAt,
  ])
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
