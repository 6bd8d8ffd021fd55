// Batches of files that are put into a vector store together; their files are rows of vector_store_files.
import type { Queryable } from "../port.ts"
import type { VectorStoreFileStatus } from "./vector-store-files.ts"

export interface StoredFileBatch {
  projectId: string
  id: string
  vectorStoreId: string
  principal: string
  /** The run that has the files ingested, a few at a time. */
  runId: string
  filesTotal: number
  isCancelled: boolean
  createdAt: number
}

const columns = `project_id as "projectId", id, vector_store_id as "vectorStoreId", principal, run_id as "runId", files_total as "filesTotal",
  is_cancelled as "isCancelled", created_at as "createdAt"`

export async function insertFileBatch(db: Queryable, batch: Omit<StoredFileBatch, "isCancelled">): Promise<void> {
  await db.query(
    `insert into vector_store_file_batches (project_id, id, vector_store_id, principal, run_id, files_total, created_at)
     values ($1, $2, $3, $4, $5, $6, to_timestamp($7::float8 / 1000))`,
    [batch.projectId, batch.id, batch.vectorStoreId, batch.principal, batch.runId, batch.filesTotal, batch.createdAt],
  )
}

export async function findFileBatch(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  id: string,
): Promise<StoredFileBatch | undefined> {
  const text = `select ${columns} from vector_store_file_batches where project_id = $1 and vector_store_id = $2 and id = $3`
  return (await db.query<StoredFileBatch>(text, [projectId, vectorStoreId, id]))[0]
}

/** How many of its files have each status. Those that were removed, or put in again since, are not among them. */
export async function countsOfFileBatch(db: Queryable, projectId: string, id: string): Promise<Map<VectorStoreFileStatus, number>> {
  const rows = await db.query<{ status: VectorStoreFileStatus; count: number }>(
    `select status, count(*) as count from vector_store_files where project_id = $1 and batch_id = $2 group by status`,
    [projectId, id],
  )
  return new Map(rows.map(({ status, count }) => [status, count]))
}

/** Files of a batch that have not ended, in the order in which they are ingested. */
export function openFilesOfBatch(
  db: Queryable,
  projectId: string,
  id: string,
  after: string,
  limit: number,
): Promise<{ fileId: string; runId: string }[]> {
  return db.query(
    `select file_id as "fileId", run_id as "runId" from vector_store_files
     where project_id = $1 and batch_id = $2 and status = 'in_progress' and file_id > $3 order by file_id limit $4`,
    [projectId, id, after, limit],
  )
}

/** Cancels a batch and those of its files that have not ended; these files. */
export async function cancelFileBatch(db: Queryable, projectId: string, id: string): Promise<{ fileId: string; runId: string }[]> {
  await db.query(`update vector_store_file_batches set is_cancelled = true where project_id = $1 and id = $2`, [projectId, id])
  return db.query(
    `update vector_store_files set status = 'cancelled', stage = null where project_id = $1 and batch_id = $2 and status = 'in_progress'
     returning file_id as "fileId", run_id as "runId"`,
    [projectId, id],
  )
}
