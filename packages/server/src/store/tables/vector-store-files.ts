// The files in vector stores: attributes, where the ingestion of each stands, and how many of a store stand where.
import type { JsonObject } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"
import { direction, type StorePage } from "./vector-stores.ts"

export interface VectorStoreCounts {
  inProgress: number
  completed: number
  failed: number
  cancelled: number
  total: number
  usageBytes: number
}

export type VectorStoreFileStatus = "in_progress" | "completed" | "failed" | "cancelled"

export interface StoredVectorStoreFile {
  projectId: string
  vectorStoreId: string
  fileId: string
  /** The run that ingests it. */
  runId: string
  status: VectorStoreFileStatus
  errorCode: string | null
  errorMessage: string | null
  attributes: JsonObject
  chunkTokensMax: number
  chunkOverlapTokens: number
  usageBytes: number
  createdAt: number
  /** What its ingestion is doing, and how much of it is done; null before it began and after it ended. */
  stage: string | null
  partsDone: number
  partsTotal: number
  /** The file whose place it takes once it is complete. */
  replaces: string | null
  /** The batch that put it there. */
  batchId: string | null
}

/** What is written of a file that is put into a store. */
export type NewVectorStoreFile = Omit<
  StoredVectorStoreFile,
  "status" | "errorCode" | "errorMessage" | "usageBytes" | "stage" | "partsDone" | "partsTotal"
>
const fileColumns = `project_id as "projectId", vector_store_id as "vectorStoreId", file_id as "fileId", run_id as "runId", status,
  error_code as "errorCode", error_message as "errorMessage", attributes, chunk_tokens_max as "chunkTokensMax",
  chunk_overlap_tokens as "chunkOverlapTokens", usage_bytes as "usageBytes", created_at as "createdAt",
  stage, parts_done as "partsDone", parts_total as "partsTotal", replaces, batch_id as "batchId"`

/** Until the end of the transaction no run writes anything of the files of a vector store, or of one of them. */
export async function lockVectorStoreFiles(tx: Queryable, projectId: string, id: string, fileId: string | null): Promise<void> {
  const text = `select 1 from vector_store_files where project_id = $1 and vector_store_id = $2 and ($3::text is null or file_id = $3)
    order by file_id for update`
  await tx.query(text, [projectId, id, fileId])
}

/** Counts of files by status, by vector store; a store without files is absent. */
export async function countsOfVectorStores(
  db: Queryable,
  projectId: string,
  ids: readonly string[],
): Promise<Map<string, VectorStoreCounts>> {
  const rows = await db.query<VectorStoreCounts & { id: string }>(
    `select vector_store_id as id, count(*) as total, coalesce(sum(usage_bytes), 0) as "usageBytes",
       count(*) filter (where status = 'in_progress') as "inProgress", count(*) filter (where status = 'completed') as completed,
       count(*) filter (where status = 'failed') as failed, count(*) filter (where status = 'cancelled') as cancelled
     from vector_store_files where project_id = $1 and vector_store_id = any($2) group by vector_store_id`,
    [projectId, ids],
  )
  return new Map(rows.map(({ id, ...counts }) => [id, counts]))
}

/** Puts files into a store, or puts them there again: their rows then belong to the new runs. */
export async function upsertVectorStoreFiles(db: Queryable, files: readonly NewVectorStoreFile[]): Promise<void> {
  const [first] = files
  if (first === undefined) return
  await db.query(
    `insert into vector_store_files
       (project_id, vector_store_id, file_id, run_id, status, attributes, chunk_tokens_max, chunk_overlap_tokens, created_at, replaces, batch_id)
     select $1, $2, f, r, 'in_progress', a::jsonb, m, o, to_timestamp($3::float8 / 1000), p, $4
     from unnest($5::text[], $6::text[], $7::text[], $8::int[], $9::int[], $10::text[]) as u (f, r, a, m, o, p)
     on conflict (project_id, vector_store_id, file_id) do update set run_id = excluded.run_id, status = excluded.status,
       error_code = null, error_message = null, attributes = excluded.attributes, chunk_tokens_max = excluded.chunk_tokens_max,
       chunk_overlap_tokens = excluded.chunk_overlap_tokens, stage = null, parts_done = 0, parts_total = 0, replaces = excluded.replaces,
       batch_id = excluded.batch_id`,
    [
      first.projectId,
      first.vectorStoreId,
      first.createdAt,
      first.batchId,
      files.map((file) => file.fileId),
      files.map((file) => file.runId),
      files.map((file) => jsonText(file.attributes)),
      files.map((file) => file.chunkTokensMax),
      files.map((file) => file.chunkOverlapTokens),
      files.map((file) => file.replaces),
    ],
  )
}

export async function findVectorStoreFile(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  fileId: string,
): Promise<StoredVectorStoreFile | undefined> {
  const text = `select ${fileColumns} from vector_store_files where project_id = $1 and vector_store_id = $2 and file_id = $3`
  return (await db.query<StoredVectorStoreFile>(text, [projectId, vectorStoreId, fileId]))[0]
}

/** Files of all projects that wait for an ingestion whose run is nowhere; after a place in the order of their keys. */
export function filesWithoutRun(
  db: Queryable,
  after: Pick<StoredVectorStoreFile, "projectId" | "vectorStoreId" | "fileId"> | undefined,
  limit: number,
): Promise<StoredVectorStoreFile[]> {
  return db.query<StoredVectorStoreFile>(
    `select ${fileColumns} from vector_store_files f
     where status = 'in_progress' and (project_id, vector_store_id, file_id) > ($1, $2, $3)
       and not exists (select from runs r where r.project_id = f.project_id and r.id = f.run_id)
     order by project_id, vector_store_id, file_id limit $4`,
    [after?.projectId ?? "", after?.vectorStoreId ?? "", after?.fileId ?? "", limit],
  )
}

/** The row if it still belongs to that run, locked until the transaction ends. */
export async function lockVectorStoreFile(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  fileId: string,
  runId: string,
): Promise<StoredVectorStoreFile | undefined> {
  const text = `select ${fileColumns} from vector_store_files where project_id = $1 and vector_store_id = $2 and file_id = $3 and run_id = $4 for update`
  return (await db.query<StoredVectorStoreFile>(text, [projectId, vectorStoreId, fileId, runId]))[0]
}

export function listVectorStoreFiles(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  page: StorePage & { status?: VectorStoreFileStatus | undefined; batchId?: string | undefined },
): Promise<StoredVectorStoreFile[]> {
  const [after, before] = page.ascending ? [">", "<"] : ["<", ">"]
  const place = (file: string): string =>
    `(select p.created_at, p.file_id from vector_store_files p where p.project_id = $1 and p.vector_store_id = $5 and p.file_id = ${file})`
  return db.query<StoredVectorStoreFile>(
    `select ${fileColumns} from vector_store_files where project_id = $1 and vector_store_id = $5 and ($6::text is null or status = $6)
       and ($7::text is null or batch_id = $7)
       and ($2::text is null or (created_at, file_id) ${after} ${place("$2")})
       and ($3::text is null or (created_at, file_id) ${before} ${place("$3")})
     order by created_at ${direction(page)}, file_id ${direction(page)} limit $4`,
    [projectId, page.after ?? null, page.before ?? null, page.limit, vectorStoreId, page.status ?? null, page.batchId ?? null],
  )
}

/** Notes how far an ingestion is; nothing happens when the row belongs to a later run. */
export async function noteProgress(
  db: Queryable,
  file: { projectId: string; vectorStoreId: string; fileId: string; runId: string },
  progress: { stage: string; done: number; total: number },
): Promise<void> {
  await db.query(
    `update vector_store_files set stage = $5, parts_done = $6, parts_total = $7
     where project_id = $1 and vector_store_id = $2 and file_id = $3 and run_id = $4 and status = 'in_progress'`,
    [file.projectId, file.vectorStoreId, file.fileId, file.runId, progress.stage, progress.done, progress.total],
  )
}

export async function updateFileAttributes(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  fileId: string,
  attributes: JsonObject,
): Promise<boolean> {
  const text = `update vector_store_files set attributes = $4::jsonb where project_id = $1 and vector_store_id = $2 and file_id = $3 returning file_id`
  return (await db.query(text, [projectId, vectorStoreId, fileId, jsonText(attributes)])).length > 0
}

/** Ends an ingestion; what is not said of its size stays; nothing happens when the row belongs to a later run or has ended already. */
export async function finishVectorStoreFile(
  db: Queryable,
  file: { projectId: string; vectorStoreId: string; fileId: string; runId: string },
  end: { status: VectorStoreFileStatus; usageBytes?: number; errorCode: string | null; errorMessage: string | null },
): Promise<boolean> {
  const rows = await db.query(
    `update vector_store_files set status = $5, usage_bytes = coalesce($6, usage_bytes), error_code = $7, error_message = $8, stage = null
     where project_id = $1 and vector_store_id = $2 and file_id = $3 and run_id = $4 and status = 'in_progress' returning file_id`,
    [file.projectId, file.vectorStoreId, file.fileId, file.runId, end.status, end.usageBytes ?? null, end.errorCode, end.errorMessage],
  )
  return rows.length > 0
}

export async function deleteVectorStoreFile(db: Queryable, projectId: string, vectorStoreId: string, fileId: string): Promise<boolean> {
  const text = `delete from vector_store_files where project_id = $1 and vector_store_id = $2 and file_id = $3 returning file_id`
  return (await db.query(text, [projectId, vectorStoreId, fileId])).length > 0
}
