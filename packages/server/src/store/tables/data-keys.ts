// Keys under which bodies are encrypted, one live key for each subject; a destroyed one keeps its row and loses its bytes.
import type { Queryable } from "../port.ts"

export interface StoredDataKey {
  id: string
  subject: string
  /** Null once it is destroyed. */
  wrapped: Uint8Array | null
  /** Fingerprint of the key outside of the database that it is wrapped under; null: the installation's secret. */
  wrappedBy: string | null
}

const columns = `id, subject, wrapped, wrapped_by as "wrappedBy"`

export async function liveKey(db: Queryable, projectId: string, subject: string): Promise<StoredDataKey | undefined> {
  const text = `select ${columns} from data_keys where project_id = $1 and subject = $2 and destroyed_at is null`
  return (await db.query<StoredDataKey>(text, [projectId, subject]))[0]
}

export function keysByIds(db: Queryable, projectId: string, ids: readonly string[]): Promise<StoredDataKey[]> {
  return db.query<StoredDataKey>(`select ${columns} from data_keys where project_id = $1 and id = any($2)`, [projectId, ids])
}

/** Leaves the live key of the subject as it is where there is one. */
export async function insertDataKey(
  db: Queryable,
  projectId: string,
  key: { id: string; subject: string; wrapped: Uint8Array; wrappedBy: string | null; createdAt: number },
): Promise<void> {
  await db.query(
    `insert into data_keys (project_id, id, subject, wrapped, wrapped_by, created_at)
     values ($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000)) on conflict do nothing`,
    [projectId, key.id, key.subject, key.wrapped, key.wrappedBy, key.createdAt],
  )
}

/** Until the end of the transaction nothing new is written under them; what was before is seen by the statements after this one. */
export async function lockDataKeys(tx: Queryable, projectId: string, ids: readonly string[]): Promise<void> {
  await tx.query(`select 1 from data_keys where project_id = $1 and id = any($2) order by id for update`, [projectId, ids])
}

/** Whether the key is live, and then stays so until the end of the transaction. */
export async function holdDataKey(tx: Queryable, projectId: string, id: string): Promise<boolean> {
  const text = `select 1 from data_keys where project_id = $1 and id = $2 and destroyed_at is null for share`
  return (await tx.query(text, [projectId, id])).length > 0
}

/** Makes everything that was encrypted under the subject's key unreadable; the ids of the keys. */
export async function destroyKeys(tx: Queryable, projectId: string, subject: string, now: number): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `update data_keys set wrapped = null, destroyed_at = to_timestamp($3::float8 / 1000)
     where project_id = $1 and subject = $2 and destroyed_at is null returning id`,
    [projectId, subject, now],
  )
  return rows.map(({ id }) => id)
}

/** Of all projects: how many live keys are wrapped under what. */
export function wrappedBy(system: Queryable): Promise<{ by: string | null; count: number }[]> {
  return system.query(`select wrapped_by as by, count(*)::int as count from data_keys where destroyed_at is null group by wrapped_by`)
}

/** Live keys of all projects that are wrapped under something else, in the order of their ids. */
export function keysWrappedOtherwise(
  system: Queryable,
  current: string | null,
  after: string,
  limit: number,
): Promise<{ projectId: string; id: string; wrapped: Uint8Array; wrappedBy: string | null }[]> {
  const text = `select project_id as "projectId", id, wrapped, wrapped_by as "wrappedBy" from data_keys
    where destroyed_at is null and wrapped_by is distinct from $1 and id > $2 order by id limit $3`
  return system.query(text, [current, after, limit])
}

/** False where it was destroyed or wrapped otherwise meanwhile. */
export async function rewrap(
  system: Queryable,
  projectId: string,
  key: { id: string; wrapped: Uint8Array; wrappedBy: string | null; was: string | null },
): Promise<boolean> {
  const rows = await system.query(
    `update data_keys set wrapped = $3, wrapped_by = $4
     where project_id = $1 and id = $2 and destroyed_at is null and wrapped_by is not distinct from $5 returning id`,
    [projectId, key.id, key.wrapped, key.wrappedBy, key.was],
  )
  return rows.length > 0
}
