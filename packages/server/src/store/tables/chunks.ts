// Chunks: the pieces of a file that a search returns, with the span of the file that each covers.
import type { JsonObject, JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"

export interface StoredChunk {
  id: string
  position: number
  /** Titles of the sections that it stands in, outermost first. */
  heading: string[]
  body: string
  spanStart: number
  spanEnd: number
  tokens: number
}

/** A chunk with what a search result says of its file. */
export interface ChunkHit extends StoredChunk {
  fileId: string
  filename: string
  attributes: JsonObject
  label: JsonValue
}

const columns = `c.id, c.position, c.heading, c.body, c.span_start as "spanStart", c.span_end as "spanEnd", c.tokens`

/** Inserts all chunks of one file in one statement; arrays of arrays do not bind, so the headings go as JSON. */
export async function insertChunks(
  db: Queryable,
  key: { projectId: string; vectorStoreId: string; fileId: string },
  chunks: readonly StoredChunk[],
): Promise<void> {
  if (chunks.length === 0) return
  await db.query(
    `insert into chunks (project_id, vector_store_id, file_id, position, id, heading, body, span_start, span_end, tokens)
     select $1, $2, $3, p, i, array(select jsonb_array_elements_text(h::jsonb)), b, s, e, t
     from unnest($4::int[], $5::text[], $6::text[], $7::text[], $8::int[], $9::int[], $10::int[]) as u (p, i, h, b, s, e, t)`,
    [
      key.projectId,
      key.vectorStoreId,
      key.fileId,
      chunks.map((chunk) => chunk.position),
      chunks.map((chunk) => chunk.id),
      chunks.map((chunk) => jsonText(chunk.heading)),
      chunks.map((chunk) => chunk.body),
      chunks.map((chunk) => chunk.spanStart),
      chunks.map((chunk) => chunk.spanEnd),
      chunks.map((chunk) => chunk.tokens),
    ],
  )
}

/** The chunks at those places, in no particular order. */
export function chunksAt(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  places: readonly { documentId: string; part: number }[],
): Promise<ChunkHit[]> {
  return db.query<ChunkHit>(
    `select ${columns}, c.file_id as "fileId", f.filename, v.attributes, f.label
     from unnest($3::text[], $4::int[]) as u (file_id, position)
     join chunks c on c.project_id = $1 and c.vector_store_id = $2 and c.file_id = u.file_id and c.position = u.position
     join vector_store_files v on v.project_id = $1 and v.vector_store_id = $2 and v.file_id = c.file_id
     join files f on f.project_id = $1 and f.id = c.file_id`,
    [projectId, vectorStoreId, places.map((place) => place.documentId), places.map((place) => place.part)],
  )
}

/** The chunks of one file in order, `limit` of them from `from` on. */
export function chunksOfFile(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  fileId: string,
  from: number,
  limit: number,
): Promise<StoredChunk[]> {
  return db.query<StoredChunk>(
    `select ${columns} from chunks c where project_id = $1 and vector_store_id = $2 and file_id = $3 and position >= $4 order by position limit $5`,
    [projectId, vectorStoreId, fileId, from, limit],
  )
}

export async function deleteChunks(db: Queryable, projectId: string, vectorStoreId: string, fileId: string): Promise<void> {
  await db.query(`delete from chunks where project_id = $1 and vector_store_id = $2 and file_id = $3`, [projectId, vectorStoreId, fileId])
}
