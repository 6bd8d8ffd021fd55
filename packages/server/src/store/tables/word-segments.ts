// Compaction of the word index: what is read and written when deltas become segments, segments are joined, and what is gone is left out.
import type { Queryable } from "../port.ts"
import type { ScopeDelta, ScopeKey } from "./word-index.ts"

export interface ScopeDebt {
  /** The scope's version; what is written later has a higher one. */
  version: number
  /** Documents in no segment yet, and the bytes of their postings. */
  deltas: number
  deltaBytes: number
  /** Parts that are gone and may still be named. */
  removedParts: number
  /** Parts that are there. */
  parts: number
}

/** One compaction of a scope at a time, until the end of the transaction; false when another one is at it. */
export async function tryLockCompaction(db: Queryable, { projectId, scopeId }: ScopeKey): Promise<boolean> {
  const [row] = await db.query<{ locked: boolean }>("select pg_try_advisory_xact_lock(20, hashtext($1 || ' ' || $2)) as locked", [
    projectId,
    scopeId,
  ])
  return row?.locked === true
}

/** How much there is to compact; undefined for a scope without an index. */
export async function debtOf(db: Queryable, { projectId, scopeId }: ScopeKey): Promise<ScopeDebt | undefined> {
  const [row] = await db.query<ScopeDebt>(
    `select s.version, d.deltas, d.bytes as "deltaBytes", r.parts as "removedParts", l.parts
     from word_scopes s,
       (select count(*) as deltas, coalesce(sum(length(postings)), 0) as bytes from word_deltas where project_id = $1 and scope_id = $2) d,
       (select coalesce(sum(parts), 0) as parts from word_removals where project_id = $1 and scope_id = $2) r,
       (select coalesce(sum(parts), 0) as parts from word_lanes where project_id = $1 and scope_id = $2) l
     where s.project_id = $1 and s.scope_id = $2`,
    [projectId, scopeId],
  )
  return row
}

/** The oldest deltas up to a version. */
export function deltasUntil(db: Queryable, { projectId, scopeId }: ScopeKey, version: number, limit: number): Promise<ScopeDelta[]> {
  return db.query<ScopeDelta>(
    `select lane, version, place, session, speaker, lengths, postings from word_deltas
     where project_id = $1 and scope_id = $2 and version <= $3 order by version limit $4`,
    [projectId, scopeId, version, limit],
  )
}

export async function deleteDeltas(db: Queryable, { projectId, scopeId }: ScopeKey, places: readonly number[]): Promise<void> {
  await db.query(`delete from word_deltas where project_id = $1 and scope_id = $2 and place = any($3::int[])`, [projectId, scopeId, places])
}

/** The postings of one term in one lane, packed as migration 0020 says. */
export interface SegmentRow {
  term: string
  lane: string
  postings: Uint8Array
}

export interface NewSegment {
  version: number
  rows: readonly SegmentRow[]
  places: readonly { lane: string; places: Uint8Array }[]
}

/** Adds a segment of the lowest level. */
export async function insertSegment(db: Queryable, { projectId, scopeId }: ScopeKey, { version, rows, places }: NewSegment): Promise<void> {
  const [next] = await db.query<{ segment: number }>(
    `select coalesce(max(segment), 0) + 1 as segment from word_places where project_id = $1 and scope_id = $2`,
    [projectId, scopeId],
  )
  const segment = next?.segment ?? 1
  await db.query(
    `insert into word_segments (project_id, scope_id, term, segment, lane, version, postings)
     select $1, $2, t, $3, l, $4, p from unnest($5::bigint[], $6::text[], $7::bytea[]) as u (t, l, p)`,
    [projectId, scopeId, segment, version, rows.map((row) => row.term), rows.map((row) => row.lane), rows.map((row) => row.postings)],
  )
  await db.query(
    `insert into word_places (project_id, scope_id, segment, lane, level, version, places)
     select $1, $2, $3, l, 0, $4, p from unnest($5::text[], $6::bytea[]) as u (l, p)`,
    [projectId, scopeId, segment, version, places.map((row) => row.lane), places.map((row) => row.places)],
  )
}

/** Joins segments of one level into one of the next, where there are `segmentsMax` of them; true when there were. */
export async function joinSegments(db: Queryable, { projectId, scopeId }: ScopeKey, segmentsMax: number): Promise<boolean> {
  const [full] = await db.query<{ level: number; segments: number[] }>(
    `select level, array_agg(distinct segment) as segments from word_places where project_id = $1 and scope_id = $2
     group by level having count(distinct segment) >= $3 order by level limit 1`,
    [projectId, scopeId, segmentsMax],
  )
  if (full === undefined) return false
  const values = [projectId, scopeId, full.segments]
  // Packed postings are joined by setting them side by side.
  await db.query(
    `with old as (delete from word_segments where project_id = $1 and scope_id = $2 and segment = any($3::int[]) returning *)
     insert into word_segments (project_id, scope_id, term, segment, lane, version, postings)
     select $1, $2, term, (select max(segment) + 1 from word_places where project_id = $1 and scope_id = $2), lane, max(version),
       string_agg(postings, ''::bytea) from old group by term, lane`,
    values,
  )
  await db.query(
    `with old as (delete from word_places where project_id = $1 and scope_id = $2 and segment = any($3::int[]) returning *)
     insert into word_places (project_id, scope_id, segment, lane, level, version, places)
     select $1, $2, (select max(segment) + 1 from word_places where project_id = $1 and scope_id = $2), lane, max(level) + 1, max(version),
       string_agg(places, ''::bytea) from old group by lane`,
    values,
  )
  return true
}

/** Makes copies in memory be read anew. It locks the scope's row: call it late. */
export async function renewScope(db: Queryable, { projectId, scopeId }: ScopeKey): Promise<void> {
  await db.query(`update word_scopes set generation = generation + 1 where project_id = $1 and scope_id = $2`, [projectId, scopeId])
}

export function removalsUntil(
  db: Queryable,
  { projectId, scopeId }: ScopeKey,
  version: number,
): Promise<{ place: number; parts: number }[]> {
  return db.query(`select place, parts from word_removals where project_id = $1 and scope_id = $2 and version <= $3`, [
    projectId,
    scopeId,
    version,
  ])
}

export async function deleteRemovals(db: Queryable, { projectId, scopeId }: ScopeKey, version: number): Promise<void> {
  await db.query(`delete from word_removals where project_id = $1 and scope_id = $2 and version <= $3`, [projectId, scopeId, version])
}

/** Some of a scope's rows in the order of terms, after the one that is named. */
export function segmentRowsAfter(
  db: Queryable,
  { projectId, scopeId }: ScopeKey,
  after: { term: string; segment: number; lane: string } | undefined,
  limit: number,
): Promise<(SegmentRow & { segment: number })[]> {
  return db.query(
    `select term::text as term, segment, lane, postings from word_segments where project_id = $1 and scope_id = $2
       and ($3::bigint is null or (term, segment, lane) > ($3::bigint, $4::int, $5::text))
     order by project_id, scope_id, word_segments.term, segment, lane limit $6`,
    [projectId, scopeId, after?.term ?? null, after?.segment ?? null, after?.lane ?? null, limit],
  )
}

/** Replaces the postings of those rows; rows without any are deleted. */
export async function replaceSegmentRows(
  db: Queryable,
  { projectId, scopeId }: ScopeKey,
  rows: readonly (SegmentRow & { segment: number })[],
): Promise<void> {
  const lists = (of: typeof rows): (string | number)[][] => [
    of.map((row) => row.term),
    of.map((row) => row.segment),
    of.map((row) => row.lane),
  ]
  const left = rows.filter((row) => row.postings.byteLength > 0)
  const empty = rows.filter((row) => row.postings.byteLength === 0)
  await db.query(
    `update word_segments w set postings = p from unnest($3::bigint[], $4::int[], $5::text[], $6::bytea[]) as u (t, s, l, p)
     where project_id = $1 and scope_id = $2 and term = t and segment = s and lane = l`,
    [projectId, scopeId, ...lists(left), left.map((row) => row.postings)],
  )
  await db.query(
    `delete from word_segments w using unnest($3::bigint[], $4::int[], $5::text[]) as u (t, s, l)
     where project_id = $1 and scope_id = $2 and term = t and segment = s and lane = l`,
    [projectId, scopeId, ...lists(empty)],
  )
}

export interface PlacesRow {
  segment: number
  lane: string
  places: Uint8Array
}

export function placesRows(db: Queryable, { projectId, scopeId }: ScopeKey): Promise<PlacesRow[]> {
  return db.query(`select segment, lane, places from word_places where project_id = $1 and scope_id = $2`, [projectId, scopeId])
}

/** An empty row stays: it carries the number and the level of its segment. */
export async function replacePlacesRow(
  db: Queryable,
  { projectId, scopeId }: ScopeKey,
  { segment, lane, places }: PlacesRow,
): Promise<void> {
  await db.query(`update word_places set places = $5 where project_id = $1 and scope_id = $2 and segment = $3 and lane = $4`, [
    projectId,
    scopeId,
    segment,
    lane,
    places,
  ])
}
