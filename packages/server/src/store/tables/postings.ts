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

export interface WordScope extends ScopeStatistics {
  /** Another one after every write to the scope; never used twice. */
  version: number
}

/**
 * Indexes one document. The caller deletes what was indexed of it before.
 * Call it last in a transaction: the scope's row stays locked until the commit.
 */
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
  if (postings.length > 0) await insertRows(db, key, postings)
  await changeScope(db, key.projectId, key.scopeId, statistics)
}

async function insertRows(
  db: Queryable,
  key: { projectId: string; scopeId: string; documentId: string },
  postings: readonly Omit<Posting, "documentId">[],
): Promise<void> {
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

/** Takes one document out of the index. Call it last in a transaction, in the order of scope ids when there are several. */
export async function deletePostings(db: Queryable, projectId: string, scopeId: string, documentId: string): Promise<void> {
  await db.query(`delete from postings where project_id = $1 and scope_id = $2 and document_id = $3`, [projectId, scopeId, documentId])
  const [gone] = await db.query<ScopeStatistics>(
    `delete from indexed_documents where project_id = $1 and scope_id = $2 and document_id = $3 returning parts, terms`,
    [projectId, scopeId, documentId],
  )
  if (gone !== undefined) await changeScope(db, projectId, scopeId, { parts: -gone.parts, terms: -gone.terms })
}

export async function deleteScopePostings(db: Queryable, projectId: string, scopeId: string): Promise<void> {
  await db.query(`delete from postings where project_id = $1 and scope_id = $2`, [projectId, scopeId])
  await db.query(`delete from indexed_documents where project_id = $1 and scope_id = $2`, [projectId, scopeId])
  await db.query(`delete from word_scopes where project_id = $1 and scope_id = $2`, [projectId, scopeId])
}

/** The scope as it is now; one that nothing was ever written to is empty at version 0. */
export async function wordScope(db: Queryable, projectId: string, scopeId: string): Promise<WordScope> {
  const [row] = await db.query<WordScope>(`select version, parts, terms from word_scopes where project_id = $1 and scope_id = $2`, [
    projectId,
    scopeId,
  ])
  return row ?? { version: 0, parts: 0, terms: 0 }
}

async function changeScope(db: Queryable, projectId: string, scopeId: string, change: ScopeStatistics): Promise<void> {
  await db.query(
    `insert into word_scopes as w (project_id, scope_id, version, parts, terms) values ($1, $2, 1, $3, $4)
     on conflict (project_id, scope_id) do update set version = w.version + 1, parts = w.parts + excluded.parts, terms = w.terms + excluded.terms`,
    [projectId, scopeId, change.parts, change.terms],
  )
}

/**
 * The postings of some terms. They come as one packed text per term: a row for each document would cost several times as much,
 * most of it in the protocol.
 */
export async function postingsOf(db: Queryable, projectId: string, scopeId: string, terms: readonly string[]): Promise<Posting[]> {
  const rows = await db.query<{ term: string; packed: string }>(
    `select term, string_agg(document_id || ':' || array_to_string(parts, ',') || ':' || array_to_string(frequencies, ',') || ':'
       || array_to_string(lengths, ','), ' ') as packed
     from postings where project_id = $1 and scope_id = $2 and term = any($3) group by term`,
    [projectId, scopeId, terms],
  )
  return rows.flatMap(({ term, packed }) => packed.split(" ").map((document) => unpacked(term, document)))
}

/** Ids contain neither blanks nor colons. */
function unpacked(term: string, packed: string): Posting {
  const [documentId = "", parts = "", frequencies = "", lengths = ""] = packed.split(":")
  return { term, documentId, parts: numbers(parts), frequencies: numbers(frequencies), lengths: numbers(lengths) }
}

function numbers(list: string): number[] {
  return list.length === 1 ? [Number(list)] : list.split(",").map(Number)
}
