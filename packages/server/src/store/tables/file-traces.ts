// What a stored file left beside itself: the texts of its chunks, and the runs that had it before their model.
import type { JsonValue } from "../../core/index.ts"
import type { Queryable } from "../port.ts"

export interface ChunkPlace {
  vectorStoreId: string
  documentId: string
  part: number
}

/** Texts of the file's chunks after a place, in their order, without those that another file says, too. */
export function chunksOfFile(
  db: Queryable,
  projectId: string,
  fileId: string,
  after: ChunkPlace | undefined,
  limit: number,
): Promise<(ChunkPlace & { body: string })[]> {
  return db.query(
    `select c.vector_store_id as "vectorStoreId", c.document_id as "documentId", c.part, c.body
     from vector_store_segments s join chunks c on c.project_id = s.project_id and c.vector_store_id = s.vector_store_id and c.document_id = s.document_id
     where s.project_id = $1 and s.file_id = $2 and (c.vector_store_id, c.document_id, c.part) > ($3, $4, $5)
       and not exists (
         select from chunks o join vector_store_segments t
           on t.project_id = o.project_id and t.vector_store_id = o.vector_store_id and t.document_id = o.document_id
         where o.project_id = $1 and o.content_hash = c.content_hash and t.file_id <> $2)
     order by c.vector_store_id, c.document_id, c.part limit $6`,
    [projectId, fileId, after?.vectorStoreId ?? "", after?.documentId ?? "", after?.part ?? -1, limit],
  )
}

/** Runs whose label names the file, with what they gave, and those that read it into vector stores. */
export async function runsWithFile(db: Queryable, projectId: string, fileId: string): Promise<{ id: string; output: JsonValue | null }[]> {
  return db.query(
    `select id, output from runs where project_id = $1 and label->'sources' @> to_jsonb('file:' || $2::text)
     union all select id, null from light_runs where project_id = $1 and label->'sources' @> to_jsonb('file:' || $2::text)
     union all select run_id, null from vector_store_files where project_id = $1 and file_id = $2`,
    [projectId, fileId],
  )
}

/** Also of one that has expired. */
export async function nameOfFile(db: Queryable, projectId: string, fileId: string): Promise<string | undefined> {
  return (await db.query<{ filename: string }>(`select filename from files where project_id = $1 and id = $2`, [projectId, fileId]))[0]
    ?.filename
}
