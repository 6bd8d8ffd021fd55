// Erasures: what shall vanish, how far it is, the receipt; and, until the end, the encrypted texts that are looked for.
import type { JsonValue } from "../../core/index.ts"
import type { Queryable } from "../port.ts"

export type ErasureTargetKind = "subject" | "source" | "scope" | "query"
export type ErasureStatus = "in_progress" | "completed" | "incomplete" | "failed"

export interface StoredErasure {
  id: string
  runId: string
  principal: string
  targetKind: ErasureTargetKind
  /** Null of a query: it is the text that shall vanish. */
  target: string | null
  withinScope: string | null
  dryRun: boolean
  status: ErasureStatus
  receipt: JsonValue | null
  receiptHash: string | null
  createdAt: number
  finishedAt: number | null
}

const columns = `id, run_id as "runId", principal, target_kind as "targetKind", target, within_scope as "withinScope", dry_run as "dryRun", status,
  receipt, receipt_hash as "receiptHash", created_at as "createdAt", finished_at as "finishedAt"`

export type NewErasure = Omit<StoredErasure, "status" | "receipt" | "receiptHash" | "finishedAt">

export async function insertErasure(tx: Queryable, projectId: string, erasure: NewErasure): Promise<void> {
  const { id, runId, principal, targetKind, target, withinScope, dryRun, createdAt } = erasure
  await tx.query(
    `insert into erasures (project_id, id, run_id, principal, target_kind, target, within_scope, dry_run, status, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 'in_progress', to_timestamp($9::float8 / 1000)) on conflict do nothing`,
    [projectId, id, runId, principal, targetKind, target, withinScope, dryRun, createdAt],
  )
}

export async function findErasure(db: Queryable, projectId: string, id: string): Promise<StoredErasure | undefined> {
  return (await db.query<StoredErasure>(`select ${columns} from erasures where project_id = $1 and id = $2`, [projectId, id]))[0]
}

/** Newest first; `before` is the last id of the page before. */
export function listErasures(db: Queryable, projectId: string, before: string | undefined, limit: number): Promise<StoredErasure[]> {
  return db.query<StoredErasure>(
    `select ${columns} from erasures where project_id = $1 and ($2::text is null or id < $2) order by id desc limit $3`,
    [projectId, before ?? null, limit],
  )
}

/** Ends it once; its texts go in the same statement. */
export async function endErasure(
  tx: Queryable,
  projectId: string,
  id: string,
  end: { status: ErasureStatus; receipt: JsonValue | null; receiptHash: string | null; now: number },
): Promise<void> {
  await tx.query(
    `with texts as (delete from erasure_texts where project_id = $1 and erasure_id = $2)
     update erasures set status = $3, receipt = $4::jsonb, receipt_hash = $5, finished_at = to_timestamp($6::float8 / 1000)
     where project_id = $1 and id = $2 and status = 'in_progress'`,
    [projectId, id, end.status, end.receipt === null ? null : JSON.stringify(end.receipt), end.receiptHash, end.now],
  )
}

export interface StoredErasureText {
  id: string
  keyId: string
  body: Uint8Array
}

export async function insertText(tx: Queryable, projectId: string, erasureId: string, text: StoredErasureText): Promise<void> {
  await tx.query(
    `insert into erasure_texts (project_id, erasure_id, id, key_id, body) values ($1, $2, $3, $4, $5) on conflict do nothing`,
    [projectId, erasureId, text.id, text.keyId, text.body],
  )
}

export function listTexts(db: Queryable, projectId: string, erasureId: string): Promise<StoredErasureText[]> {
  return db.query<StoredErasureText>(
    `select id, key_id as "keyId", body from erasure_texts where project_id = $1 and erasure_id = $2 order by id`,
    [projectId, erasureId],
  )
}

export async function deleteTexts(tx: Queryable, projectId: string, erasureId: string): Promise<void> {
  await tx.query(`delete from erasure_texts where project_id = $1 and erasure_id = $2`, [projectId, erasureId])
}
