// Blocks: texts by scope and path, with their versions. The caller holds `lockBlocks` while it looks and writes.
import type { JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"

export interface BlockPlace {
  projectId: string
  scope: string
}

export interface StoredBlock {
  path: string
  version: number
  keyId: string
  body: Uint8Array
  sizeBytes: number
  tokens: number
  tokensMax: number | null
  readOnly: boolean
  description: string | null
  label: JsonValue
  principal: string
  runId: string | null
  createdAt: number
  updatedAt: number
}

export interface StoredBlockVersion {
  path: string
  version: number
  op: "write" | "confirm" | "rename" | "delete"
  keyId: string | null
  body: Uint8Array | null
  label: JsonValue
  principal: string
  runId: string | null
  at: number
}

const columns = `path, version, key_id as "keyId", body, size_bytes as "sizeBytes", tokens, tokens_max as "tokensMax", read_only as "readOnly",
  description, label, principal, run_id as "runId", created_at as "createdAt", updated_at as "updatedAt"`
const versionColumns = `path, version, op, key_id as "keyId", body, label, principal, run_id as "runId", at`

/** Until the transaction ends nobody else writes a block of that scope. */
export async function lockBlocks(tx: Queryable, { projectId, scope }: BlockPlace): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`blocks ${projectId} ${scope}`])
}

export async function findBlock(db: Queryable, { projectId, scope }: BlockPlace, path: string): Promise<StoredBlock | undefined> {
  return (
    await db.query<StoredBlock>(`select ${columns} from blocks where project_id = $1 and scope = $2 and path = $3`, [
      projectId,
      scope,
      path,
    ])
  )[0]
}

/** By path; all of the scope, or what lies under a path (without what is exactly there). */
export function blocksUnder(
  db: Queryable,
  { projectId, scope }: BlockPlace,
  { under, after, limit }: { under?: string | undefined; after?: string | undefined; limit: number },
): Promise<StoredBlock[]> {
  const text = `select ${columns} from blocks where project_id = $1 and scope = $2 and ($3::text is null or starts_with(path, $3))
    and ($4::text is null or path collate "C" > $4) order by path collate "C" limit $5`
  return db.query<StoredBlock>(text, [projectId, scope, under === undefined ? null : `${under}/`, after ?? null, limit])
}

export async function countBlocks(db: Queryable, { projectId, scope }: BlockPlace): Promise<number> {
  const text = `select count(*)::int as count from blocks where project_id = $1 and scope = $2`
  return (await db.query<{ count: number }>(text, [projectId, scope]))[0]?.count ?? 0
}

/** The number that the next version of the path gets. */
export async function nextBlockVersion(db: Queryable, { projectId, scope }: BlockPlace, path: string): Promise<number> {
  const text = `select coalesce(max(version), 0)::int + 1 as next from block_versions where project_id = $1 and scope = $2 and path = $3`
  return (await db.query<{ next: number }>(text, [projectId, scope, path]))[0]?.next ?? 1
}

export async function writeBlock(db: Queryable, { projectId, scope }: BlockPlace, block: StoredBlock): Promise<void> {
  await db.query(
    `insert into blocks (project_id, scope, path, version, key_id, body, size_bytes, tokens, tokens_max, read_only, description, label, principal, run_id, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, $13, $14, to_timestamp($15::float8 / 1000), to_timestamp($16::float8 / 1000))
     on conflict (project_id, scope, path) do update set version = excluded.version, key_id = excluded.key_id, body = excluded.body,
       size_bytes = excluded.size_bytes, tokens = excluded.tokens, tokens_max = excluded.tokens_max, read_only = excluded.read_only,
       description = excluded.description, label = excluded.label, principal = excluded.principal, run_id = excluded.run_id, updated_at = excluded.updated_at`,
    [
      projectId,
      scope,
      block.path,
      block.version,
      block.keyId,
      block.body,
      block.sizeBytes,
      block.tokens,
      block.tokensMax,
      block.readOnly,
      block.description,
      jsonText(block.label),
      block.principal,
      block.runId,
      block.createdAt,
      block.updatedAt,
    ],
  )
}

export async function removeBlock(db: Queryable, { projectId, scope }: BlockPlace, path: string): Promise<void> {
  await db.query(`delete from blocks where project_id = $1 and scope = $2 and path = $3`, [projectId, scope, path])
}

/** Adds a version and forgets those before the last `kept`. */
export async function addBlockVersion(
  db: Queryable,
  { projectId, scope }: BlockPlace,
  version: StoredBlockVersion,
  kept: number,
): Promise<void> {
  await db.query(
    `insert into block_versions (project_id, scope, path, version, op, key_id, body, label, principal, run_id, at)
     values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, to_timestamp($11::float8 / 1000))`,
    [
      projectId,
      scope,
      version.path,
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
  const text = `delete from block_versions where project_id = $1 and scope = $2 and path = $3 and version <= $4`
  await db.query(text, [projectId, scope, version.path, version.version - kept])
}

/** Newest first. */
export function blockVersions(db: Queryable, { projectId, scope }: BlockPlace, path: string): Promise<StoredBlockVersion[]> {
  const text = `select ${versionColumns} from block_versions where project_id = $1 and scope = $2 and path = $3 order by version desc`
  return db.query<StoredBlockVersion>(text, [projectId, scope, path])
}
