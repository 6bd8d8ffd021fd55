// Uploaded files: what describes them, and their bytes.
import type { JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable, SqlValue } from "../port.ts"
import { ownedBy, type Owners } from "./owners.ts"

export interface StoredFile {
  id: string
  projectId: string
  filename: string
  purpose: string
  /** What the bytes were recognised as at upload; null when they are plain or unknown. */
  mediaType: string | null
  bytes: number
  sha256: string
  principal: string
  /** The scope that it belongs to. */
  owner: string
  label: JsonValue
  createdAt: number
  expiresAt: number | null
}

export interface FilePage {
  /** Id of the last file of the page before; the first page when absent. */
  after?: string | undefined
  limit: number
  ascending: boolean
  purpose?: string | undefined
  owners: Owners
}

const columns = `id, project_id as "projectId", filename, purpose, media_type as "mediaType", bytes, sha256, principal, owner, label,
  created_at as "createdAt", expires_at as "expiresAt"`
const live = `is_complete and (expires_at is null or expires_at > to_timestamp($2::float8 / 1000))`

/** Begins a file whose parts follow: it is there for nobody before `completeFile`. */
export async function beginFile(db: Queryable, file: StoredFile): Promise<void> {
  await db.query(
    `insert into files (id, project_id, filename, purpose, media_type, bytes, sha256, principal, label, created_at, expires_at, is_complete, owner)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, to_timestamp($10::float8 / 1000), to_timestamp($11::float8 / 1000), false, $12)`,
    [
      file.id,
      file.projectId,
      file.filename,
      file.purpose,
      file.mediaType,
      file.bytes,
      file.sha256,
      file.principal,
      jsonText(file.label),
      file.createdAt,
      file.expiresAt,
      file.owner,
    ],
  )
}

export async function insertPart(
  db: Queryable,
  { projectId, id }: Pick<StoredFile, "projectId" | "id">,
  part: number,
  content: Uint8Array,
): Promise<void> {
  await db.query(`insert into file_parts (project_id, file_id, part, content) values ($1, $2, $3, $4)`, [projectId, id, part, content])
}

/** Ends a file that was begun: what it is is known with its last part. */
export async function completeFile(db: Queryable, file: StoredFile): Promise<void> {
  await db.query(
    `update files set bytes = $3, sha256 = $4, media_type = $5, purpose = $6, expires_at = to_timestamp($7::float8 / 1000), is_complete = true, owner = $8
     where project_id = $1 and id = $2`,
    [file.projectId, file.id, file.bytes, file.sha256, file.mediaType, file.purpose, file.expiresAt, file.owner],
  )
}

/** Files that were begun before `before` and never completed. */
export async function deleteAbandonedFiles(db: Queryable, projectId: string, before: number): Promise<void> {
  const text = `delete from files where project_id = $1 and not is_complete and created_at < to_timestamp($2::float8 / 1000)`
  await db.query(text, [projectId, before])
}

/** The file, unless it has expired at `now`. */
export async function findFile(db: Queryable, projectId: string, now: number, id: string, owners: Owners): Promise<StoredFile | undefined> {
  const text = `select ${columns} from files where project_id = $1 and ${live} and id = $3 and ${ownedBy(4)}`
  return (await db.query<StoredFile>(text, [projectId, now, id, owners]))[0]
}

/** One part of a file's bytes, from 0 on; undefined after the last. */
export async function filePart(db: Queryable, projectId: string, fileId: string, part: number): Promise<Uint8Array | undefined> {
  const text = `select content from file_parts where project_id = $1 and file_id = $2 and part = $3`
  return (await db.query<{ content: Uint8Array }>(text, [projectId, fileId, part]))[0]?.content
}

/** One page, ordered by id (ids are time-ordered). */
export function listFiles(db: Queryable, projectId: string, now: number, page: FilePage): Promise<StoredFile[]> {
  const values: SqlValue[] = [projectId, now, page.after ?? null, page.purpose ?? null, page.limit, page.owners]
  const [compare, order] = page.ascending ? [">", "asc"] : ["<", "desc"]
  return db.query<StoredFile>(
    `select ${columns} from files where project_id = $1 and ${live}
       and ($3::text is null or id ${compare} $3) and ($4::text is null or purpose = $4) and ${ownedBy(6)} order by id ${order} limit $5`,
    values,
  )
}

/** Files of all projects that expired before `before`. */
export function expiredFiles(db: Queryable, before: number, limit: number): Promise<{ projectId: string; id: string }[]> {
  return db.query(`select project_id as "projectId", id from files where expires_at < to_timestamp($1::float8 / 1000) limit $2`, [
    before,
    limit,
  ])
}

/** Those of some ids that are there at `now` and reached. */
export async function existingFiles(
  db: Queryable,
  projectId: string,
  now: number,
  ids: readonly string[],
  owners: Owners,
): Promise<Set<string>> {
  const text = `select id from files where project_id = $1 and ${live} and id = any($3) and ${ownedBy(4)}`
  const rows = await db.query<{ id: string }>(text, [projectId, now, ids, owners])
  return new Set(rows.map(({ id }) => id))
}

/** Ids of the vector stores that hold the file, in their order; a run that reads it into one of them waits until the end of the transaction. */
export async function lockStoresOfFile(tx: Queryable, projectId: string, fileId: string): Promise<string[]> {
  const text = `select vector_store_id as id from vector_store_files where project_id = $1 and file_id = $2 order by vector_store_id for update`
  return (await tx.query<{ id: string }>(text, [projectId, fileId])).map((row) => row.id)
}

/** Removes the file with its chunks everywhere; the word index and the vectors are removed by their own tables before. */
export async function deleteFile(db: Queryable, projectId: string, id: string): Promise<boolean> {
  return (await db.query(`delete from files where project_id = $1 and id = $2 returning id`, [projectId, id])).length > 0
}
