// The word index: what is written of a document, taken out again, and read of a scope; each in one statement.
import type { Queryable } from "../port.ts"

export interface ScopeKey {
  projectId: string
  scopeId: string
}

export interface DocumentKey extends ScopeKey {
  documentId: string
}

/** One document as it lies in the tables; `lengths` and `postings` are packed as migration 0020 says. */
export interface NewIndexEntry extends DocumentKey {
  lane: string
  parts: number
  /** The terms of all parts, counted with their weights. */
  length: number
  /** Keyed hashes; 0 is none. */
  session: number
  speaker: number
  lengths: Uint8Array
  postings: Uint8Array
}

/**
 * Indexes one document that is not indexed. Call it last in a transaction: the scope's row stays locked until the commit,
 * so that versions and places are given in the order of commits. Returns the place of the first part.
 */
export async function insertEntry(db: Queryable, entry: NewIndexEntry): Promise<{ place: number }> {
  const [written] = await db.query<{ place: number }>(
    `with scope as (
       insert into word_scopes as s (project_id, scope_id, version, next_place) values ($1, $2, 1, $5)
       on conflict (project_id, scope_id) do update set version = s.version + 1, next_place = s.next_place + excluded.next_place
       returning version, next_place - $5 as place
     ), lane as (
       insert into word_lanes as l (project_id, scope_id, lane, parts, length) select $1, $2, $4, $5, $6 from scope
       on conflict (project_id, scope_id, lane) do update set parts = l.parts + excluded.parts, length = l.length + excluded.length
     ), entry as (
       insert into index_entries (project_id, scope_id, document_id, lane, place, parts, length, session, speaker)
       select $1, $2, $3, $4, place, $5, $6, $7, $8 from scope
     )
     insert into word_deltas (project_id, scope_id, place, version, lane, session, speaker, lengths, postings)
     select $1, $2, place, version, $4, $7, $8, $9, $10 from scope returning place`,
    [
      entry.projectId,
      entry.scopeId,
      entry.documentId,
      entry.lane,
      entry.parts,
      entry.length,
      entry.session,
      entry.speaker,
      entry.lengths,
      entry.postings,
    ],
  )
  return { place: written?.place ?? 0 }
}

/** Takes one document out, if it is there. Call it last in a transaction, in the order of scope ids when there are several. */
export async function deleteEntry(db: Queryable, key: DocumentKey): Promise<void> {
  // The scope's row is locked first, as by writers: two orders would wait for each other.
  await db.query(
    `with scope as (
       select from word_scopes where project_id = $1 and scope_id = $2 for update
     ), gone as (
       delete from index_entries e using scope where e.project_id = $1 and e.scope_id = $2 and e.document_id = $3
       returning e.lane, e.place, e.parts, e.length
     ), delta as (
       delete from word_deltas d using gone where d.project_id = $1 and d.scope_id = $2 and d.place = gone.place
     ), lane as (
       update word_lanes l set parts = l.parts - gone.parts, length = l.length - gone.length from gone
       where l.project_id = $1 and l.scope_id = $2 and l.lane = gone.lane
     ), changed as (
       update word_scopes s set version = s.version + 1 from gone where s.project_id = $1 and s.scope_id = $2 returning s.version
     )
     insert into word_removals (project_id, scope_id, place, parts, version)
     select $1, $2, gone.place, gone.parts, changed.version from gone, changed`,
    [key.projectId, key.scopeId, key.documentId],
  )
}

export async function deleteScope(db: Queryable, { projectId, scopeId }: ScopeKey): Promise<void> {
  // A compaction that is at it has locked rows of the scope and will want the scope's own.
  await db.query("select pg_advisory_xact_lock(20, hashtext($1 || ' ' || $2))", [projectId, scopeId])
  // `word_scopes` first, as by writers. The row stays, one generation on: a copy in memory of what was here is then dropped.
  await db.query(`update word_scopes set version = version + 1, generation = generation + 1 where project_id = $1 and scope_id = $2`, [
    projectId,
    scopeId,
  ])
  for (const text of scopeDeletions) await db.query(text, [projectId, scopeId])
}

const scopeDeletions = ["index_entries", "word_deltas", "word_removals", "word_segments", "word_places", "word_lanes"].map(
  (table) => `delete from ${table} where project_id = $1 and scope_id = $2`,
)

/** What a copy in memory has already. */
export interface KnownScope {
  generation: number
  version: number
}

/** A term that is asked for, and the version up to which its segments are known; 0 is none. */
export interface WantedTerm {
  /** Eight bytes as a signed integer in decimal digits. */
  term: string
  version: number
}

/** What changed in a scope since what is known of it; everything when the generation is another one. */
export interface ScopeChanges {
  /** Undefined when nothing was ever written to the scope. */
  scope: { version: number; generation: number; places: number } | undefined
  lanes: { lane: string; parts: number; length: number }[]
  deltas: ScopeDelta[]
  removals: { place: number; parts: number; version: number }[]
  places: { lane: string; version: number; places: Uint8Array }[]
  segments: { lane: string; term: string; version: number; postings: Uint8Array }[]
}

export interface ScopeDelta {
  lane: string
  version: number
  place: number
  session: number
  speaker: number
  lengths: Uint8Array
  postings: Uint8Array
}

interface ChangeRow {
  kind: number
  lane: string
  a: number
  b: number
  c: number
  d: number
  term: string
  x: Uint8Array
  y: Uint8Array
}

/**
 * Segments only ever change with the generation, so those of a term are read once in each.
 * One statement, so one state of the scope, whatever is written or compacted meanwhile. Each term is looked up by itself (`offset 0` keeps it so): a server
 * that has no statistics yet takes a scope for a handful of rows, and would read all of its terms to choose among them.
 */
export async function changesOf(
  db: Queryable,
  { projectId, scopeId }: ScopeKey,
  known: KnownScope,
  terms: readonly WantedTerm[],
): Promise<ScopeChanges> {
  const rows = await db.query<ChangeRow>(changes, [
    projectId,
    scopeId,
    known.generation,
    known.version,
    terms.map((wanted) => wanted.term),
    terms.map((wanted) => wanted.version),
  ])
  const of = (kind: number): ChangeRow[] => rows.filter((row) => row.kind === kind)
  const [scope] = of(0)
  return {
    scope: scope && { version: scope.a, generation: scope.b, places: scope.c },
    lanes: of(1).map((row) => ({ lane: row.lane, parts: row.a, length: row.d })),
    deltas: of(2).map((row) => ({
      lane: row.lane,
      version: row.a,
      place: row.b,
      session: row.c,
      speaker: row.d,
      lengths: row.x,
      postings: row.y,
    })),
    removals: of(3).map((row) => ({ version: row.a, place: row.b, parts: row.c })),
    places: of(4).map((row) => ({ lane: row.lane, version: row.a, places: row.x })),
    segments: of(5).map((row) => ({ lane: row.lane, version: row.a, term: row.term, postings: row.x })),
  }
}

const changes = `
  with scope as (
    select version, generation, next_place, case when generation = $3::bigint then $4::bigint else 0 end as known, generation = $3::bigint as same
    from word_scopes where project_id = $1 and scope_id = $2
  )
  select 0 as kind, null as lane, version as a, generation as b, next_place as c, null::float8 as d, null as term, null::bytea as x, null::bytea as y
    from scope
  union all
  select 1, lane, parts, null, null, length, null, null, null from word_lanes where project_id = $1 and scope_id = $2
  union all
  select 2, lane, d.version, place, session, speaker, null, lengths, postings from scope s, word_deltas d
    where project_id = $1 and scope_id = $2 and d.version > s.known
  union all
  select 3, null, r.version, place, parts, null, null, null, null from scope s, word_removals r
    where project_id = $1 and scope_id = $2 and r.version > s.known
  union all
  select 4, lane, p.version, null, null, null, null, places, null from scope s, word_places p
    where project_id = $1 and scope_id = $2 and p.version > s.known
  union all
  select 5, g.lane, g.version, null, null, null, w.term::text, g.postings, null
    from (select w.term from scope s, unnest($5::bigint[], $6::bigint[]) as w (term, version) where w.version = 0 or not s.same offset 0) w,
    lateral (select lane, version, postings from word_segments where project_id = $1 and scope_id = $2 and term = w.term offset 0) g`

/** A part that was found: its document and what is known of it. */
export interface PlacedPart {
  place: number
  documentId: string
  part: number
}

/** Which parts those places are; places that are gone are left out. */
export function partsAt(db: Queryable, { projectId, scopeId }: ScopeKey, places: readonly number[]): Promise<PlacedPart[]> {
  return db.query<PlacedPart>(
    `select u.place, e.document_id as "documentId", u.place - e.place as part from unnest($3::int[]) as u (place)
     cross join lateral (
       select document_id, place, parts from index_entries
       where project_id = $1 and scope_id = $2 and place <= u.place order by place desc limit 1
     ) e where u.place < e.place + e.parts`,
    [projectId, scopeId, places],
  )
}
