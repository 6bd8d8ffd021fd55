// Chunks: the pieces of a file that a search returns, with the place in the file that each covers.
import type { JsonObject, JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"

export interface StoredChunk {
  id: string
  /** Place in its segment. */
  part: number
  /** Titles of the sections that it stands in, outermost first. */
  heading: string[]
  body: string
  spanStart: number
  spanEnd: number
  /** Pages, slides or sheets, from 1; null where the file has none. */
  pageFirst: number | null
  pageLast: number | null
  tokens: number
}

export interface NewChunk extends StoredChunk {
  contentHash: string
}

/** A chunk with what a search result says of its file. */
export interface ChunkHit extends StoredChunk {
  documentId: string
  fileId: string
  filename: string
  attributes: JsonObject
  label: JsonValue
}

const columns = `c.id, c.part, c.heading, c.body, c.span_start + s.span_base as "spanStart", c.span_end + s.span_base as "spanEnd",
  c.page_first + s.page_base as "pageFirst", c.page_last + s.page_base as "pageLast", c.tokens`

/** Inserts the chunks of one segment in one statement, with spans and pages less its bases; arrays of arrays do not bind, so the headings go as JSON. */
export async function insertChunks(
  db: Queryable,
  key: { projectId: string; vectorStoreId: string; documentId: string },
  chunks: readonly NewChunk[],
): Promise<void> {
  if (chunks.length === 0) return
  await db.query(
    `insert into chunks (project_id, vector_store_id, document_id, part, id, heading, body, span_start, span_end, tokens, content_hash, page_first, page_last)
     select $1, $2, $3, p, i, array(select jsonb_array_elements_text(h::jsonb)), b, s, e, t, c, f, l
     from unnest($4::int[], $5::text[], $6::text[], $7::text[], $8::int[], $9::int[], $10::int[], $11::text[], $12::int[], $13::int[])
       as u (p, i, h, b, s, e, t, c, f, l)`,
    [
      key.projectId,
      key.vectorStoreId,
      key.documentId,
      chunks.map((chunk) => chunk.part),
      chunks.map((chunk) => chunk.id),
      chunks.map((chunk) => jsonText(chunk.heading)),
      chunks.map((chunk) => chunk.body),
      chunks.map((chunk) => chunk.spanStart),
      chunks.map((chunk) => chunk.spanEnd),
      chunks.map((chunk) => chunk.tokens),
      chunks.map((chunk) => chunk.contentHash),
      chunks.map((chunk) => chunk.pageFirst),
      chunks.map((chunk) => chunk.pageLast),
    ],
  )
}

/** The chunks at those places, in no particular order. */
export function chunksAt(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  now: number,
  places: readonly { documentId: string; part: number }[],
): Promise<ChunkHit[]> {
  return db.query<ChunkHit>(
    `select ${columns}, c.document_id as "documentId", s.file_id as "fileId", f.filename, v.attributes, f.label
     from unnest($3::text[], $4::int[]) as u (document_id, part)
     join chunks c on c.project_id = $1 and c.vector_store_id = $2 and c.document_id = u.document_id and c.part = u.part
     join vector_store_segments s on s.project_id = $1 and s.vector_store_id = $2 and s.document_id = c.document_id and s.is_live
     join vector_store_files v on v.project_id = $1 and v.vector_store_id = $2 and v.file_id = s.file_id
     join files f on f.project_id = $1 and f.id = s.file_id and (f.expires_at is null or f.expires_at > to_timestamp($5::float8 / 1000))`,
    [projectId, vectorStoreId, places.map((place) => place.documentId), places.map((place) => place.part), now],
  )
}

/** Where chunks with those ids stand in a store's index, of what a search may find. */
export function placesOfChunks(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  ids: readonly string[],
): Promise<{ id: string; documentId: string; part: number }[]> {
  return db.query(
    `select c.id, c.document_id as "documentId", c.part from chunks c
     join vector_store_segments s on s.project_id = $1 and s.vector_store_id = $2 and s.document_id = c.document_id and s.is_live
     where c.project_id = $1 and c.vector_store_id = $2 and c.id = any($3)`,
    [projectId, vectorStoreId, ids],
  )
}

/** The chunks of one file in order, `limit` of them from the place `from` on. */
export function chunksOfFile(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  fileId: string,
  from: number,
  limit: number,
): Promise<StoredChunk[]> {
  return db.query<StoredChunk>(
    `select ${columns} from vector_store_segments s
     join chunks c on c.project_id = $1 and c.vector_store_id = $2 and c.document_id = s.document_id
     where s.project_id = $1 and s.vector_store_id = $2 and s.file_id = $3 and s.is_live
       and s.first_position + s.parts > $4 and s.first_position + c.part >= $4
     order by s.first_position, c.part limit $5`,
    [projectId, vectorStoreId, fileId, from, limit],
  )
}

/** Ids that chunks of those contents have in some files of a store; what is live comes last, so that it wins in a map. */
export function chunkIdsByContent(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  fileIds: readonly string[],
  contentHashes: readonly string[],
): Promise<{ contentHash: string; id: string }[]> {
  return db.query(
    `select c.content_hash as "contentHash", c.id from chunks c
     join vector_store_segments s on s.project_id = $1 and s.vector_store_id = $2 and s.document_id = c.document_id
     where c.project_id = $1 and c.vector_store_id = $2 and s.file_id = any($3) and c.content_hash = any($4)
     order by s.is_live, c.id desc`,
    [projectId, vectorStoreId, fileIds, contentHashes],
  )
}
