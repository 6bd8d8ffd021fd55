// Where evidence came from: a person, an agent, a tool, a page, a file, an import.
import type { JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"

export type SourceKind = "user" | "agent" | "tool" | "web" | "file" | "import" | "operator"

export interface StoredSource {
  id: string
  scope: string
  kind: SourceKind
  principal: string
  keyId: string
  /** Encrypted: the address and the title. */
  body: Uint8Array | null
  runId: string | null
  label: JsonValue
  integrity: number
  createdAt: number
  revokedAt: number | null
  revokedBy: string | null
  reason: string | null
}

const columns = `id, scope, kind, principal, key_id as "keyId", body, run_id as "runId", label, integrity, created_at as "createdAt",
  revoked_at as "revokedAt", revoked_by as "revokedBy", reason`

/** The source of that identity in the scope which is not revoked. */
export async function findLiveSource(db: Queryable, projectId: string, scope: string, identity: string): Promise<string | undefined> {
  const text = `select id from sources where project_id = $1 and scope = $2 and identity = $3 and revoked_at is null`
  return (await db.query<{ id: string }>(text, [projectId, scope, identity]))[0]?.id
}

/** The id of the live source of that identity: this one, or one that somebody else has just made. */
export async function ensureSource(
  tx: Queryable,
  projectId: string,
  source: Pick<StoredSource, "id" | "scope" | "kind" | "principal" | "keyId" | "runId" | "label" | "integrity" | "createdAt"> & {
    identity: string
    body: Uint8Array
  },
): Promise<string> {
  const known = await findLiveSource(tx, projectId, source.scope, source.identity)
  if (known !== undefined) return known
  const [made] = await tx.query<{ id: string }>(
    `insert into sources (project_id, id, scope, kind, principal, identity, key_id, body, run_id, label, integrity, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11, to_timestamp($12::float8 / 1000))
     on conflict (project_id, scope, identity) where revoked_at is null do update set identity = excluded.identity returning id`,
    [
      projectId,
      source.id,
      source.scope,
      source.kind,
      source.principal,
      source.identity,
      source.keyId,
      source.body,
      source.runId,
      jsonText(source.label),
      source.integrity,
      source.createdAt,
    ],
  )
  return made?.id ?? source.id
}

/** Until the end of the transaction nothing new comes from them; what came before is seen by the statements after this one. */
export async function lockSources(tx: Queryable, projectId: string, ids: readonly string[]): Promise<void> {
  await tx.query(`select 1 from sources where project_id = $1 and id = any($2) order by id for update`, [projectId, ids])
}

export function sourcesByIds(db: Queryable, projectId: string, ids: readonly string[]): Promise<StoredSource[]> {
  return db.query<StoredSource>(`select ${columns} from sources where project_id = $1 and id = any($2)`, [projectId, ids])
}

/** One page of a scope, newest first; `before` is the last id of the page before. */
export function listSources(
  db: Queryable,
  projectId: string,
  scope: string,
  before: string | undefined,
  limit: number,
): Promise<StoredSource[]> {
  const text = `select ${columns} from sources where project_id = $1 and scope = $2 and ($3::text is null or id < $3) order by id desc limit $4`
  return db.query<StoredSource>(text, [projectId, scope, before ?? null, limit])
}

/** False where it was revoked before. */
export async function revokeSource(
  tx: Queryable,
  projectId: string,
  id: string,
  by: { principal: string; reason: string | null; now: number },
): Promise<boolean> {
  const rows = await tx.query(
    `update sources set revoked_at = to_timestamp($3::float8 / 1000), revoked_by = $4, reason = $5
     where project_id = $1 and id = $2 and revoked_at is null returning id`,
    [projectId, id, by.now, by.principal, by.reason],
  )
  return rows.length > 0
}
