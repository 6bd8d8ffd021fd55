// API keys and the pepper that their digests are made with; the secret itself is never stored.
import type { JsonObject } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable, SqlValue } from "../port.ts"

/** The digest of a secret that a rotation replaced, as hexadecimal digits, and until when it still works. */
export interface RetiredSecret {
  digest: string
  until: number
}

/** What an update may change. */
export interface KeyFields {
  name: string
  digest: Uint8Array
  hint: string
  models: readonly string[]
  endpoints: readonly string[]
  regions: readonly string[]
  limits: JsonObject
  tags: readonly string[]
  user: string | null
  metadata: JsonObject
  expiresAt: number | null
  /** It is refused until this is null again. */
  blockedAt: number | null
  rotatedAt: number | null
  retired: readonly RetiredSecret[]
  revokedAt: number | null
}

export interface StoredKey extends KeyFields {
  id: string
  projectId: string
  createdAt: number
  createdBy: string | null
  lastUsedAt: number | null
  /** Counts the changes of this key: of two readings the higher one is the newer. */
  version: number
  updatedAt: number
}

const columns = `id, project_id as "projectId", name, hash as digest, hint, models, endpoints, regions, limits, tags, end_user as "user", metadata,
  created_at as "createdAt", created_by as "createdBy", expires_at as "expiresAt", rotated_at as "rotatedAt", retired,
  last_used_at as "lastUsedAt", revoked_at as "revokedAt", blocked_at as "blockedAt", version, updated_at as "updatedAt"`

const fieldNames =
  "name, hash, hint, models, endpoints, limits, tags, end_user, metadata, expires_at, rotated_at, retired, revoked_at, regions, blocked_at"
const time = (place: number): string => `to_timestamp($${place}::float8 / 1000)`
/** `$3` and on. */
const fieldValues = `$3, $4, $5, $6::text[], $7::text[], $8::jsonb, $9::text[], $10, $11::jsonb, ${time(12)}, ${time(13)}, $14::jsonb, ${time(15)}, $16::text[], ${time(17)}`

function valuesOf(key: KeyFields): SqlValue[] {
  const { name, digest, hint, models, endpoints, limits, tags, user, metadata, expiresAt, rotatedAt, retired, revokedAt } = key
  const before: SqlValue[] = [name, digest, hint, models, endpoints, jsonText(limits), tags, user, jsonText(metadata)]
  return [...before, expiresAt, rotatedAt, jsonText(retired), revokedAt, key.regions, key.blockedAt]
}

export async function insertKey(
  db: Queryable,
  key: KeyFields & Pick<StoredKey, "id" | "projectId" | "createdBy">,
): Promise<StoredKey | undefined> {
  const text = `insert into api_keys (id, project_id, ${fieldNames}, created_by) values ($1, $2, ${fieldValues}, $18) returning ${columns}`
  return (await db.query<StoredKey>(text, [key.id, key.projectId, ...valuesOf(key), key.createdBy]))[0]
}

/** The key as it is now; undefined where that project has none of that id. */
export async function updateKey(db: Queryable, projectId: string, keyId: string, fields: KeyFields): Promise<StoredKey | undefined> {
  const text = `update api_keys set (${fieldNames}) = row(${fieldValues}) where project_id = $1 and id = $2 returning ${columns}`
  return (await db.query<StoredKey>(text, [projectId, keyId, ...valuesOf(fields)]))[0]
}

export async function keyOfProject(db: Queryable, projectId: string, keyId: string): Promise<StoredKey | undefined> {
  return (await db.query<StoredKey>(`select ${columns} from api_keys where project_id = $1 and id = $2`, [projectId, keyId]))[0]
}

/** As `keyOfProject`, and nobody else changes it until the transaction ends. */
export async function lockKey(db: Queryable, projectId: string, keyId: string): Promise<StoredKey | undefined> {
  const text = `select ${columns} from api_keys where project_id = $1 and id = $2 for no key update`
  return (await db.query<StoredKey>(text, [projectId, keyId]))[0]
}

/** All keys of all projects that are not revoked, nor expired since longer than `expiredForMs`: what one process keeps in memory. */
export function liveKeys(db: Queryable, expiredForMs: number): Promise<StoredKey[]> {
  const text = `select ${columns} from api_keys
    where revoked_at is null and (expires_at is null or expires_at > now() - $1::float8 * interval '1 millisecond')`
  return db.query<StoredKey>(text, [expiredForMs])
}

/** Revoked ones too. */
export function keysById(db: Queryable, ids: readonly string[]): Promise<StoredKey[]> {
  return db.query<StoredKey>(`select ${columns} from api_keys where id = any($1::text[])`, [ids])
}

/** Keys that were changed in the last so many milliseconds, by the database's clock; revoked ones too. A change shows when its transaction has ended. */
export function keysChangedWithin(db: Queryable, periodMs: number): Promise<StoredKey[]> {
  const text = `select ${columns} from api_keys where updated_at >= now() - $1::float8 * interval '1 millisecond'`
  return db.query<StoredKey>(text, [periodMs])
}

export type KeyState = "live" | "blocked" | "expired" | "revoked"

export interface KeyFilter {
  state?: KeyState | undefined
  search?: string | undefined
  user?: string | undefined
  tag?: string | undefined
  /** Keys older than this id. */
  before?: string | undefined
  limit: number
  /** Decides what has expired. */
  now: number
}

/** Newest first. */
export function keysOfProject(db: Queryable, projectId: string, filter: KeyFilter): Promise<StoredKey[]> {
  const text = `select ${columns} from api_keys
    where project_id = $1
      and case $2::text when 'live' then revoked_at is null and blocked_at is null and (expires_at is null or expires_at > ${time(3)})
        when 'blocked' then revoked_at is null and blocked_at is not null
        when 'expired' then revoked_at is null and blocked_at is null and expires_at <= ${time(3)}
        when 'revoked' then revoked_at is not null else true end
      and ($4::text is null or strpos(lower(name), lower($4)) > 0 or id = $4)
      and ($5::text is null or end_user = $5) and ($6::text is null or $6 = any (tags)) and ($7::text is null or id < $7)
    order by id desc limit $8`
  const { state = null, search = null, user = null, tag = null, before = null, limit, now } = filter
  return db.query<StoredKey>(text, [projectId, state, now, search, user, tag, before, limit])
}

/** By the end of its id; no two keys of a project have it in common. */
export async function keyByShortId(db: Queryable, projectId: string, shortId: string): Promise<StoredKey | undefined> {
  const text = `select ${columns} from api_keys where project_id = $1 and right(id, length($2)) = $2 limit 1`
  return (await db.query<StoredKey>(text, [projectId, shortId]))[0]
}

export interface KeyPageFilter {
  id?: string | undefined
  name?: string | undefined
  user?: string | undefined
  /** All of them. */
  tags?: readonly string[] | undefined
}

const inPage = `project_id = $1 and revoked_at is null and ($2::text is null or id = $2) and ($3::text is null or name = $3)
      and ($4::text is null or end_user = $4) and ($5::text[] is null or tags @> $5::text[])`

function pageValues(projectId: string, { id = null, name = null, user = null, tags = null }: NullFilter): SqlValue[] {
  return [projectId, id, name, user, tags]
}

type NullFilter = { [Name in keyof KeyPageFilter]?: KeyPageFilter[Name] | null }

/** Those that were not revoked, newest first. */
export function keyPage(db: Queryable, projectId: string, filter: KeyPageFilter & { offset: number; limit: number }): Promise<StoredKey[]> {
  const text = `select ${columns} from api_keys where ${inPage} order by id desc offset $6 limit $7`
  return db.query<StoredKey>(text, [...pageValues(projectId, filter), filter.offset, filter.limit])
}

export async function countKeys(db: Queryable, projectId: string, filter: KeyPageFilter): Promise<number> {
  const text = `select count(*)::int8 as count from api_keys where ${inPage}`
  return (await db.query<{ count: number }>(text, pageValues(projectId, filter)))[0]?.count ?? 0
}

/** How many keys of the project can be used, or could once they are unblocked; nobody else adds one until the transaction ends. */
export async function countLiveKeys(db: Queryable, projectId: string, now: number): Promise<number> {
  await db.query(`select 1 from projects where id = $1 for no key update`, [projectId])
  const text = `select count(*)::int8 as count from api_keys
    where project_id = $1 and revoked_at is null and (expires_at is null or expires_at > ${time(2)})`
  return (await db.query<{ count: number }>(text, [projectId, now]))[0]?.count ?? 0
}

/** Keeps the latest of each; a key that somebody else is writing just now is left out, since whoever uses it goes on doing so. */
export async function recordUses(db: Queryable, ids: readonly string[], times: readonly number[]): Promise<void> {
  const text = `update api_keys set last_used_at = greatest(last_used_at, to_timestamp(used.at / 1000))
    from unnest($1::text[], $2::float8[]) as used (id, at)
    where api_keys.id = used.id and api_keys.id in (select id from api_keys where id = any ($1::text[]) for no key update skip locked)`
  await db.query(text, [ids, times])
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

export async function findSetting(db: Queryable, key: string): Promise<string | null> {
  return (await db.query<{ value: string | null }>(`select value from settings where key = $1`, [key]))[0]?.value ?? null
}

export async function putSetting(db: Queryable, key: string, value: string | null): Promise<void> {
  const text = `insert into settings (key, value) values ($1, $2::jsonb) on conflict (key) do update set value = excluded.value`
  await db.query(text, [key, JSON.stringify(value)])
}

/** True for the first caller with that token id, false for every later one. */
export async function useLoginToken(db: Queryable, id: string, expiresAt: number): Promise<boolean> {
  await db.query(`delete from used_login_tokens where expires_at < now()`)
  const text = `insert into used_login_tokens (id, expires_at) values ($1, to_timestamp($2::float8 / 1000)) on conflict do nothing returning id`
  return (await db.query(text, [id, expiresAt])).length > 0
}
