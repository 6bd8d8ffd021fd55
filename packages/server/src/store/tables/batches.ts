// Batches: what was asked, how far it is, and which files hold what came of it.
import type { JsonObject } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"
import { ownedBy, type Owners } from "./owners.ts"

export type BatchStatus = "validating" | "failed" | "in_progress" | "finalizing" | "completed" | "expired" | "cancelling" | "cancelled"
export type BatchEnd = Extract<BatchStatus, "failed" | "completed" | "expired" | "cancelled">

export interface StoredBatch {
  projectId: string
  id: string
  dialect: "openai" | "anthropic"
  principal: string
  /** The scope that it belongs to, and its results with it. */
  owner: string
  endpoint: string
  headers: Readonly<Record<string, string>>
  inputFileId: string
  completionWindow: string
  metadata: JsonObject | null
  outputExpiresAfterS: number | null
  status: BatchStatus
  errors: readonly BatchError[] | null
  model: string | null
  linesTotal: number
  linesSucceeded: number
  linesErrored: number
  linesCancelled: number
  linesExpired: number
  inputTokens: number
  cachedTokens: number
  outputTokens: number
  reasoningTokens: number
  outputFileId: string | null
  errorFileId: string | null
  createdAt: number
  expiresAt: number
  inProgressAt: number | null
  finalizingAt: number | null
  cancellingAt: number | null
  endedAt: number | null
  /** When its results were deleted because their time was over. */
  archivedAt: number | null
}

export interface BatchError extends JsonObject {
  code: string
  message: string
  param: string | null
  line: number | null
}

/** What a caller gives; everything else begins at nothing. */
export type NewBatch = Pick<
  StoredBatch,
  | "projectId"
  | "id"
  | "dialect"
  | "principal"
  | "owner"
  | "endpoint"
  | "headers"
  | "inputFileId"
  | "completionWindow"
  | "metadata"
  | "outputExpiresAfterS"
  | "linesTotal"
  | "createdAt"
  | "expiresAt"
>

const columns = `project_id as "projectId", id, dialect, principal, owner, endpoint, headers, input_file_id as "inputFileId",
  completion_window as "completionWindow", metadata, output_expires_after_s as "outputExpiresAfterS", status, errors, model,
  lines_total as "linesTotal", lines_succeeded as "linesSucceeded", lines_errored as "linesErrored",
  lines_cancelled as "linesCancelled", lines_expired as "linesExpired", input_tokens as "inputTokens",
  cached_tokens as "cachedTokens", output_tokens as "outputTokens", reasoning_tokens as "reasoningTokens",
  output_file_id as "outputFileId", error_file_id as "errorFileId", created_at as "createdAt", expires_at as "expiresAt",
  in_progress_at as "inProgressAt", finalizing_at as "finalizingAt", cancelling_at as "cancellingAt", ended_at as "endedAt",
  archived_at as "archivedAt"`

const open = `status in ('validating', 'in_progress', 'finalizing', 'cancelling')`

export async function insertBatch(db: Queryable, batch: NewBatch): Promise<StoredBatch> {
  const rows = await db.query<StoredBatch>(
    `insert into batches (project_id, id, dialect, principal, endpoint, headers, input_file_id, completion_window, metadata,
                          output_expires_after_s, status, created_at, expires_at, lines_total, owner)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9::jsonb, $10, 'validating', to_timestamp($11::float8 / 1000),
             to_timestamp($12::float8 / 1000), $13, $14)
     returning ${columns}`,
    [
      batch.projectId,
      batch.id,
      batch.dialect,
      batch.principal,
      batch.endpoint,
      jsonText(batch.headers),
      batch.inputFileId,
      batch.completionWindow,
      batch.metadata === null ? null : jsonText(batch.metadata),
      batch.outputExpiresAfterS,
      batch.createdAt,
      batch.expiresAt,
      batch.linesTotal,
      batch.owner,
    ],
  )
  return only(rows)
}

export async function findBatch(db: Queryable, projectId: string, id: string, owners: Owners): Promise<StoredBatch | undefined> {
  const text = `select ${columns} from batches where project_id = $1 and id = $2 and ${ownedBy(3)}`
  return (await db.query<StoredBatch>(text, [projectId, id, owners]))[0]
}

export interface BatchPage {
  dialect: StoredBatch["dialect"]
  after?: string | undefined
  before?: string | undefined
  limit: number
  owners: Owners
}

/** Newest first; with `before`, the page that ends just before that one. */
export async function listBatches(
  db: Queryable,
  projectId: string,
  { dialect, after, before, limit, owners }: BatchPage,
): Promise<StoredBatch[]> {
  const order = before === undefined ? "desc" : "asc"
  const rows = await db.query<StoredBatch>(
    `select ${columns} from batches where project_id = $1 and dialect = $2
       and ($3::text is null or id < $3) and ($4::text is null or id > $4) and ${ownedBy(6)} order by id ${order} limit $5`,
    [projectId, dialect, after ?? null, before ?? null, limit, owners],
  )
  return before === undefined ? rows : rows.toReversed()
}

/** After validation; undefined when it is validating no more. */
export async function beginBatch(
  db: Queryable,
  projectId: string,
  id: string,
  { linesTotal, model, now }: { linesTotal: number; model: string | null; now: number },
): Promise<StoredBatch | undefined> {
  const rows = await db.query<StoredBatch>(
    `update batches set status = case when status = 'validating' then 'in_progress' else status end, lines_total = $3, model = $4,
       in_progress_at = to_timestamp($5::float8 / 1000)
     where project_id = $1 and id = $2 and status in ('validating', 'cancelling') returning ${columns}`,
    [projectId, id, linesTotal, model, now],
  )
  return rows[0]
}

/** Undefined when it has ended or is ending already. */
export async function cancelBatch(db: Queryable, projectId: string, id: string, now: number): Promise<StoredBatch | undefined> {
  const rows = await db.query<StoredBatch>(
    `update batches set status = 'cancelling', cancelling_at = to_timestamp($3::float8 / 1000)
     where project_id = $1 and id = $2 and status in ('validating', 'in_progress') returning ${columns}`,
    [projectId, id, now],
  )
  return rows[0]
}

/** Its results are being written into these files; those of an earlier time that was cut off stay the ones. */
export async function finalizeBatch(
  db: Queryable,
  projectId: string,
  id: string,
  { outputFileId, errorFileId, now }: { outputFileId: string; errorFileId: string; now: number },
): Promise<StoredBatch | undefined> {
  const rows = await db.query<StoredBatch>(
    `update batches set status = case when status in ('validating', 'in_progress') then 'finalizing' else status end,
       finalizing_at = coalesce(finalizing_at, to_timestamp($5::float8 / 1000)),
       output_file_id = coalesce(output_file_id, $3), error_file_id = coalesce(error_file_id, $4)
     where project_id = $1 and id = $2 and ${open} returning ${columns}`,
    [projectId, id, outputFileId, errorFileId, now],
  )
  return rows[0]
}

export interface BatchEnding {
  status: BatchEnd
  errors: readonly BatchError[] | null
  outputFileId: string | null
  errorFileId: string | null
  now: number
}

/** Once: undefined when it has ended already. */
export async function endBatch(db: Queryable, projectId: string, id: string, ending: BatchEnding): Promise<StoredBatch | undefined> {
  const { status, errors, outputFileId, errorFileId, now } = ending
  const rows = await db.query<StoredBatch>(
    `update batches set status = $3, errors = $4::jsonb, output_file_id = $5, error_file_id = $6, ended_at = to_timestamp($7::float8 / 1000)
     where project_id = $1 and id = $2 and ${open} returning ${columns}`,
    [projectId, id, status, errors === null ? null : jsonText(errors), outputFileId, errorFileId, now],
  )
  return rows[0]
}

/** Of all projects: those with results in lines that ended before `endedBefore`, the oldest first. */
export function batchesToArchive(db: Queryable, endedBefore: number, limit: number): Promise<{ projectId: string; id: string }[]> {
  return db.query(
    `select project_id as "projectId", id from batches
     where archived_at is null and dialect = 'anthropic' and ended_at < to_timestamp($1::float8 / 1000) order by ended_at limit $2`,
    [endedBefore, limit],
  )
}

export async function archiveBatch(db: Queryable, projectId: string, id: string, now: number): Promise<void> {
  const text = `update batches set archived_at = to_timestamp($3::float8 / 1000) where project_id = $1 and id = $2 and archived_at is null`
  await db.query(text, [projectId, id, now])
}

export async function deleteBatch(db: Queryable, projectId: string, id: string): Promise<boolean> {
  return (await db.query(`delete from batches where project_id = $1 and id = $2 returning id`, [projectId, id])).length > 0
}

function only<T>(rows: readonly T[]): T {
  const [row] = rows
  if (row === undefined) throw new Error("the database returned no row")
  return row
}
