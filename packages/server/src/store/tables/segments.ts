// Segments: the parts in which a file of a vector store is indexed; a search finds those that are live.
import type { JsonObject } from "../../core/index.ts"
import type { Queryable } from "../port.ts"

export interface StoredSegment {
  /** Its name in the indexes of words and vectors. */
  documentId: string
  fileId: string
  runId: string
  /** Place of its first chunk among those of the file. */
  firstPosition: number
  parts: number
  digest: string
  usageBytes: number
  /** The embedding model of its vectors; null when it has none. */
  model: string | null
  /** Added to the spans and pages of its chunks. */
  spanBase: number
  pageBase: number
  isLive: boolean
}

export type SegmentPlace = Pick<StoredSegment, "documentId" | "firstPosition" | "spanBase" | "pageBase">

export interface SegmentFile {
  projectId: string
  vectorStoreId: string
  fileId: string
}

const columns = `document_id as "documentId", file_id as "fileId", run_id as "runId", first_position as "firstPosition", parts, digest,
  usage_bytes as "usageBytes", model, span_base as "spanBase", page_base as "pageBase", is_live as "isLive"`

/** Writes one that nobody sees yet; false when it is there already. */
export async function insertSegment(
  db: Queryable,
  file: { projectId: string; vectorStoreId: string },
  segment: Omit<StoredSegment, "isLive">,
): Promise<boolean> {
  const rows = await db.query(
    `insert into vector_store_segments
       (project_id, vector_store_id, document_id, file_id, run_id, first_position, parts, digest, usage_bytes, model, span_base, page_base, is_live)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, false) on conflict do nothing returning document_id`,
    [
      file.projectId,
      file.vectorStoreId,
      segment.documentId,
      segment.fileId,
      segment.runId,
      segment.firstPosition,
      segment.parts,
      segment.digest,
      segment.usageBytes,
      segment.model,
      segment.spanBase,
      segment.pageBase,
    ],
  )
  return rows.length > 0
}

/** All segments of some files in a store, in order. */
export function segmentsOfFiles(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  fileIds: readonly string[],
): Promise<StoredSegment[]> {
  return db.query<StoredSegment>(
    `select ${columns} from vector_store_segments where project_id = $1 and vector_store_id = $2 and file_id = any($3)
     order by first_position, document_id`,
    [projectId, vectorStoreId, fileIds],
  )
}

/** Makes just these the file's, at these places; other segments of the file, and of the one that it replaces, are no longer found. */
export async function showSegments(
  db: Queryable,
  { projectId, vectorStoreId, fileId }: SegmentFile,
  replaces: string | null,
  places: readonly SegmentPlace[],
): Promise<void> {
  await db.query(
    `update vector_store_segments set is_live = false, file_id = $3 where project_id = $1 and vector_store_id = $2 and file_id in ($3, $4)`,
    [projectId, vectorStoreId, fileId, replaces ?? fileId],
  )
  await db.query(
    `update vector_store_segments s set is_live = true, first_position = u.first_position, span_base = u.span_base, page_base = u.page_base
     from unnest($3::text[], $4::int[], $5::int[], $6::int[]) as u (document_id, first_position, span_base, page_base)
     where s.project_id = $1 and s.vector_store_id = $2 and s.document_id = u.document_id`,
    [
      projectId,
      vectorStoreId,
      places.map((place) => place.documentId),
      places.map((place) => place.firstPosition),
      places.map((place) => place.spanBase),
      places.map((place) => place.pageBase),
    ],
  )
}

/** Removes one and its chunks; what stands of it in the indexes is removed by whoever wrote it there. */
export async function deleteSegment(db: Queryable, projectId: string, vectorStoreId: string, documentId: string): Promise<void> {
  await db.query(`delete from vector_store_segments where project_id = $1 and vector_store_id = $2 and document_id = $3`, [
    projectId,
    vectorStoreId,
    documentId,
  ])
}

export interface SegmentPlaces {
  place: number
  parts: number
}

const placed = `select i.place, i.parts from vector_store_segments s
  join index_entries i on i.project_id = s.project_id and i.scope_id = s.vector_store_id and i.document_id = s.document_id
  where s.project_id = $1 and s.vector_store_id = $2`

/** Places in the index of segments that a search must not find. */
export function hiddenPlaces(db: Queryable, projectId: string, vectorStoreId: string): Promise<SegmentPlaces[]> {
  return db.query<SegmentPlaces>(`${placed} and not s.is_live`, [projectId, vectorStoreId])
}

/** Those of what a search may find of some files. */
export function livePlaces(db: Queryable, projectId: string, vectorStoreId: string, fileIds: readonly string[]): Promise<SegmentPlaces[]> {
  return db.query<SegmentPlaces>(`${placed} and s.is_live and s.file_id = any($3)`, [projectId, vectorStoreId, fileIds])
}

/** Files that a search may find something of, with their attributes. */
export function attributesOfFiles(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
): Promise<{ fileId: string; attributes: JsonObject }[]> {
  return db.query(`select file_id as "fileId", attributes from vector_store_files where project_id = $1 and vector_store_id = $2`, [
    projectId,
    vectorStoreId,
  ])
}
