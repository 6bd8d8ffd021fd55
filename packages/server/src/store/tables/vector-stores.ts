// Vector stores: names, metadata, owners, and when they expire.
import type { JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"
import { ownedBy, type Owners } from "./owners.ts"

export interface StoredVectorStore {
  id: string
  projectId: string
  name: string | null
  description: string | null
  metadata: JsonValue
  /** The scope that it belongs to. */
  owner: string
  expiresAfterDays: number | null
  createdAt: number
  lastActiveAt: number
}

export interface StorePage {
  after?: string | undefined
  before?: string | undefined
  limit: number
  ascending: boolean
}

const storeColumns = `id, project_id as "projectId", name, description, metadata, owner, expires_after_days as "expiresAfterDays",
  created_at as "createdAt", last_active_at as "lastActiveAt"`

export async function insertVectorStore(db: Queryable, store: StoredVectorStore): Promise<void> {
  await db.query(
    `insert into vector_stores (id, project_id, name, description, metadata, expires_after_days, created_at, last_active_at, owner)
     values ($1, $2, $3, $4, $5::jsonb, $6, to_timestamp($7::float8 / 1000), to_timestamp($8::float8 / 1000), $9)`,
    [
      store.id,
      store.projectId,
      store.name,
      store.description,
      jsonText(store.metadata),
      store.expiresAfterDays,
      store.createdAt,
      store.lastActiveAt,
      store.owner,
    ],
  )
}

export async function findVectorStore(
  db: Queryable,
  projectId: string,
  id: string,
  owners: Owners,
): Promise<StoredVectorStore | undefined> {
  const text = `select ${storeColumns} from vector_stores where project_id = $1 and id = $2 and ${ownedBy(3)}`
  return (await db.query<StoredVectorStore>(text, [projectId, id, owners]))[0]
}

export function listVectorStores(db: Queryable, projectId: string, page: StorePage & { owners: Owners }): Promise<StoredVectorStore[]> {
  return db.query<StoredVectorStore>(
    `select ${storeColumns} from vector_stores where project_id = $1 and ${pageWhere("id", page.ascending, 2)} and ${ownedBy(5)}
     order by id ${direction(page)} limit $4`,
    [projectId, page.after ?? null, page.before ?? null, page.limit, page.owners],
  )
}

/** Writes the fields that the owner may change. */
export async function updateVectorStore(db: Queryable, store: StoredVectorStore): Promise<boolean> {
  const rows = await db.query(
    `update vector_stores set name = $3, metadata = $4::jsonb, expires_after_days = $5, last_active_at = to_timestamp($6::float8 / 1000)
     where project_id = $1 and id = $2 returning id`,
    [store.projectId, store.id, store.name, jsonText(store.metadata), store.expiresAfterDays, store.lastActiveAt],
  )
  return rows.length > 0
}

/** Notes activity, at most once a minute so that searches seldom write. */
export async function touchVectorStores(db: Queryable, projectId: string, ids: readonly string[], now: number): Promise<void> {
  await db.query(
    `update vector_stores set last_active_at = to_timestamp($3::float8 / 1000)
     where project_id = $1 and id = any($2) and last_active_at < to_timestamp($3::float8 / 1000) - interval '1 minute'`,
    [projectId, ids, now],
  )
}

/** Vector stores of all projects that nobody used for so long that they expired before `before`. */
export function expiredVectorStores(db: Queryable, before: number, limit: number): Promise<{ projectId: string; id: string }[]> {
  return db.query(
    `select project_id as "projectId", id from vector_stores
     where expires_after_days is not null and last_active_at + make_interval(days => expires_after_days) < to_timestamp($1::float8 / 1000) limit $2`,
    [before, limit],
  )
}

/** Its files are locked, as by whoever writes of them and touches it afterwards. */
export async function deleteVectorStore(db: Queryable, projectId: string, id: string): Promise<boolean> {
  return (await db.query(`delete from vector_stores where project_id = $1 and id = $2 returning id`, [projectId, id])).length > 0
}

export function direction(page: StorePage): string {
  return page.ascending ? "asc" : "desc"
}

function pageWhere(column: string, ascending: boolean, first: number): string {
  const [after, before] = ascending ? [">", "<"] : ["<", ">"]
  return `($${first}::text is null or ${column} ${after} $${first}) and ($${first + 1}::text is null or ${column} ${before} $${first + 1})`
}
