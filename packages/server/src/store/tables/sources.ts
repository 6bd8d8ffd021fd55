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
