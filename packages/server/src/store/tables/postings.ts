// The word index: which parts of which documents contain a term, and the statistics of a scope that BM25 needs.
import type { Queryable } from "../port.ts"

/** The parts of one document that contain one term. The three lists have the same length. */
export interface Posting {
  term: string
  documentId: string
  parts: number[]
  frequencies: number[]
  /** Terms in each of those parts. */
  lengths: number[]
}

export interface ScopeStatistics {
  /** Parts in the scope. */
  parts: number
  /** Terms in all of them. */
  terms: number
}

/** Indexes one document. The caller deletes what was indexed of it before. */
export async function insertPostings(
  db: Queryable,
  key: { projectId: string; scopeId: string; documentId: string },
  statistics: ScopeStatistics,
  postings: readonly Omit<Posting, "documentId">[],
): Promise<void> {
  await db.query(`insert into indexed_documents (project_id, scope_id, document_id, parts, terms) values ($1, $2, $3, $4, $5)`, [
    key.projectId,
    key.scopeId,
    key.documentId,
    statistics.parts,
    statistics.terms,
  ])
  if (postings.length === 0) return
  const list = (values: readonly number[]): string => `{${values.join(",")}}`
  await db.query(
    `insert into postings (project_id, scope_id, document_id, term, parts, frequencies, lengths)
     select $1, $2, $3, t, p::int[], f::int[], l::int[] from unnest($4::text[], $5::text[], $6::text[], $7::text[]) as u (t, p, f, l)`,
    [
      key.projectId,
      key.scopeId,
      key.documentId,
      postings.map((posting) => posting.term),
      postings.map((posting) => list(posting.parts)),
      postings.map((posting) => list(posting.frequencies)),
      postings.map((posting) => list(posting.lengths)),
    ],
  )
}

export async function deletePostings(db: Queryable, projectId: string, scopeId: string, documentId: string): Promise<void> {
  await db.query(`delete from postings where project_id = $1 and scope_id = $2 and document_id = $3`, [projectId, scopeId, documentId])
  await db.query(`delete from indexed_documents where project_id = $1 and scope_id = $2 and document_id = $3`, [
    projectId,
    scopeId,
    documentId,
  ])
}

export async function deleteScopePostings(db: Queryable, projectId: string, scopeId: string): Promise<void> {
  await db.query(`delete from postings where project_id = $1 and scope_id = $2`, [projectId, scopeId])
  await db.query(`delete from indexed_documents where project_id = $1 and scope_id = $2`, [projectId, scopeId])
}

export async function scopeStatistics(db: Queryable, projectId: string, scopeId: string): Promise<ScopeStatistics> {
  const [row] = await db.query<ScopeStatistics>(
    `select coalesce(sum(parts), 0) as parts, coalesce(sum(terms), 0) as terms from indexed_documents where project_id = $1 and scope_id = $2`,
    [projectId, scopeId],
  )
  return row ?? { parts: 0, terms: 0 }
}

export function postingsOf(db: Queryable, projectId: string, scopeId: string, terms: readonly string[]): Promise<Posting[]> {
  return db.query<Posting>(
    `select term, document_id as "documentId", parts, frequencies, lengths from postings
     where project_id = $1 and scope_id = $2 and term = any($3)`,
    [projectId, scopeId, terms],
  )
}
