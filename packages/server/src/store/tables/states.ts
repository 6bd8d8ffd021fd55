// States: one value per scope and key, with its versions. The caller holds `lockState` while it looks and writes.
import type { JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"

export interface StateKey {
  projectId: string
  scope: string
  key: string
}

export interface StoredState {
  key: string
  version: number
  keyId: string
  body: Uint8Array
  label: JsonValue
  principal: string
  runId: string | null
  createdAt: number
  updatedAt: number
}

export interface StoredStateVersion extends Omit<StoredState, "keyId" | "body" | "createdAt" | "updatedAt"> {
  keyId: string | null
  op: "write" | "delete"
  body: Uint8Array | null
  at: number
}

const columns = `key, version, key_id as "keyId", body, label, principal, run_id as "runId", created_at as "createdAt", updated_at as "updatedAt"`
const versionColumns = `key, version, op, key_id as "keyId", body, label, principal, run_id as "runId", at`

/** Until the transaction ends nobody else writes that key, also where there is none yet. */
export async function lockState(tx: Queryable, { projectId, scope, key }: StateKey): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`state ${projectId} ${scope} ${key}`])
}

export async function findState(db: Queryable, { projectId, scope, key }: StateKey): Promise<StoredState | undefined> {
  const text = `select ${columns} from states where project_id = $1 and scope = $2 and key = $3`
  return (await db.query<StoredState>(text, [projectId, scope, key]))[0]
}

/** One page by key; `after` is the last key of the page before. */
export function listStates(
  db: Queryable,
  projectId: string,
  scope: string,
  { after, prefix, limit }: { after: string | undefined; prefix: string | undefined; limit: number },
): Promise<StoredState[]> {
  const text = `select ${columns} from states where project_id = $1 and scope = $2 and ($3::text is null or key collate "C" > $3)
    and ($4::text is null or starts_with(key, $4)) order by key collate "C" limit $5`
  return db.query<StoredState>(text, [projectId, scope, after ?? null, prefix ?? null, limit])
}

export async function countStates(db: Queryable, projectId: string, scope: string): Promise<number> {
  const text = `select count(*)::int as count from states where project_id = $1 and scope = $2`
  return (await db.query<{ count: number }>(text, [projectId, scope]))[0]?.count ?? 0
}

/** The number that the next version of the key gets. */
export async function nextStateVersion(db: Queryable, { projectId, scope, key }: StateKey): Promise<number> {
  const text = `select coalesce(max(version), 0)::int + 1 as next from state_versions where project_id = $1 and scope = $2 and key = $3`
  return (await db.query<{ next: number }>(text, [projectId, scope, key]))[0]?.next ?? 1
}

export async function writeState(db: Queryable, { projectId, scope }: StateKey, state: StoredState): Promise<void> {
  await db.query(
    `insert into states (project_id, scope, key, version, key_id, body, label, principal, run_id, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, to_timestamp($10::float8 / 1000), to_timestamp($11::float8 / 1000))
     on conflict (project_id, scope, key) do update set version = excluded.version, key_id = excluded.key_id, body = excluded.body,
       label = excluded.label, principal = excluded.principal, run_id = excluded.run_id, updated_at = excluded.updated_at`,
    [
      projectId,
      scope,
      state.key,
      state.version,
      state.keyId,
      state.body,
      jsonText(state.label),
      state.principal,
      state.runId,
      state.createdAt,
      state.updatedAt,
    ],
  )
}

export async function removeState(db: Queryable, { projectId, scope, key }: StateKey): Promise<void> {
  await db.query(`delete from states where project_id = $1 and scope = $2 and key = $3`, [projectId, scope, key])
}

/** Adds a version and forgets those before the last `kept`. */
export async function addStateVersion(
  db: Queryable,
  { projectId, scope }: StateKey,
  version: StoredStateVersion,
  kept: number,
): Promise<void> {
  await db.query(
    `insert into state_versions (project_id, scope, key, version, op, key_id, body, label, principal, run_id, at)
     values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, to_timestamp($11::float8 / 1000))`,
    [
      projectId,
      scope,
      version.key,
      version.version,
      version.op,
      version.keyId,
      version.body,
      jsonText(version.label),
      version.principal,
      version.runId,
      version.at,
    ],
  )
  const text = `delete from state_versions where project_id = $1 and scope = $2 and key = $3 and version <= $4`
  await db.query(text, [projectId, scope, version.key, version.version - kept])
}

/** Newest first. */
export function stateVersions(db: Queryable, { projectId, scope, key }: StateKey): Promise<StoredStateVersion[]> {
  const text = `select ${versionColumns} from state_versions where project_id = $1 and scope = $2 and key = $3 order by version desc`
  return db.query<StoredStateVersion>(text, [projectId, scope, key])
}
