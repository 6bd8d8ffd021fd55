// Keys under which bodies are encrypted, one live key for each subject; a destroyed one keeps its row and loses its bytes.
import type { Queryable } from "../port.ts"

export interface StoredDataKey {
  id: string
  subject: string
  /** Null once it is destroyed. */
  wrapped: Uint8Array | null
}

export async function liveKey(db: Queryable, projectId: string, subject: string): Promise<StoredDataKey | undefined> {
  const text = `select id, subject, wrapped from data_keys where project_id = $1 and subject = $2 and destroyed_at is null`
  return (await db.query<StoredDataKey>(text, [projectId, subject]))[0]
}

export function keysByIds(db: Queryable, projectId: string, ids: readonly string[]): Promise<StoredDataKey[]> {
  return db.query<StoredDataKey>(`select id, subject, wrapped from data_keys where project_id = $1 and id = any($2)`, [projectId, ids])
}

/** Leaves the live key of the subject as it is where there is one. */
export async function insertDataKey(
  db: Queryable,
  projectId: string,
  key: { id: string; subject: string; wrapped: Uint8Array; createdAt: number },
): Promise<void> {
  await db.query(
    `insert into data_keys (project_id, id, subject, wrapped, created_at) values ($1, $2, $3, $4, to_timestamp($5::float8 / 1000)) on conflict do nothing`,
    [projectId, key.id, key.subject, key.wrapped, key.createdAt],
  )
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
