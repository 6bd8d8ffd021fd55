// API keys and the pepper that their digests are made with; the secret itself is never stored.
import type { Queryable } from "../port.ts"

export interface StoredKey {
  id: string
  projectId: string
  name: string
  digest: Uint8Array
  hint: string
  createdAt: number
  revokedAt: number | null
}

const columns = `id, project_id as "projectId", name, hash as digest, hint, created_at as "createdAt", revoked_at as "revokedAt"`

export function insertKey(db: Queryable, key: Omit<StoredKey, "createdAt" | "revokedAt">): Promise<StoredKey[]> {
  return db.query<StoredKey>(`insert into api_keys (id, project_id, name, hash, hint) values ($1, $2, $3, $4, $5) returning ${columns}`, [
    key.id,
    key.projectId,
    key.name,
    key.digest,
    key.hint,
  ])
}

/** All keys that are not revoked, of all projects: what one process keeps in memory. */
export function liveKeys(db: Queryable): Promise<StoredKey[]> {
  return db.query<StoredKey>(`select ${columns} from api_keys where revoked_at is null`)
}

export function keysOfProject(db: Queryable, projectId: string): Promise<StoredKey[]> {
  return db.query<StoredKey>(`select ${columns} from api_keys where project_id = $1 order by id desc`, [projectId])
}

/** True when a key of that project was live and is now revoked. */
export async function revokeKey(db: Queryable, projectId: string, keyId: string): Promise<boolean> {
  const text = `update api_keys set revoked_at = now() where project_id = $1 and id = $2 and revoked_at is null returning id`
  return (await db.query(text, [projectId, keyId])).length > 0
}

/** Makes the project unless it exists. */
export async function ensureProject(db: Queryable, projectId: string, name: string): Promise<void> {
  await db.query(`insert into projects (id, name) values ($1, $2) on conflict do nothing`, [projectId, name])
}

/** The setting of that name; the first process to ask stores its candidate, all others get that one. */
export async function settingOr(db: Queryable, key: string, candidate: string): Promise<string> {
  await db.query(`insert into settings (key, value) values ($1, $2::jsonb) on conflict do nothing`, [key, JSON.stringify(candidate)])
  const [row] = await db.query<{ value: string }>(`select value from settings where key = $1`, [key])
  return row?.value ?? candidate
}

/** True for the first caller with that token id, false for every later one. */
export async function useLoginToken(db: Queryable, id: string, expiresAt: number): Promise<boolean> {
  await db.query(`delete from used_login_tokens where expires_at < now()`)
  const text = `insert into used_login_tokens (id, expires_at) values ($1, to_timestamp($2::float8 / 1000)) on conflict do nothing returning id`
  return (await db.query(text, [id, expiresAt])).length > 0
}
