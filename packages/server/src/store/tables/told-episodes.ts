// An episode with the words by which it is found and the change that tells of it: one statement, so one round trip.
import type { Queryable } from "../port.ts"
import { episodeValues, insertion, type NewEpisode } from "./episodes.ts"
import type { NewIndexEntry } from "./word-index.ts"

export interface ToldEpisode {
  /** In the index of words. */
  place: number
  /** Of the change. */
  seq: number
}

/**
 * Undefined where nothing was written, see `insertEpisode`. The rows of the scope stay locked until the commit, the index first and the change log after it, as
 * by whoever writes them one by one; call `changes.changeWritten` afterwards.
 */
export async function insertToldEpisode(
  db: Queryable,
  projectId: string,
  episode: NewEpisode,
  words: NewIndexEntry,
): Promise<ToldEpisode | undefined> {
  const { scopeId, length, session, speaker, lengths, postings } = words
  const values = [...episodeValues(projectId, episode), scopeId, length, session, speaker, lengths, postings]
  return (await db.query<ToldEpisode>(statement, values))[0]
}

const statement = `
  with episode as (
    ${insertion}
  ), scope as (
    insert into word_scopes as s (project_id, scope_id, version, next_place) select $1, $24, 1, 1 from episode
    on conflict (project_id, scope_id) do update set version = s.version + 1, next_place = s.next_place + 1
    returning version, next_place - 1 as place
  ), lane as (
    insert into word_lanes as l (project_id, scope_id, lane, parts, length) select $1, $24, $8, 1, $25 from scope
    on conflict (project_id, scope_id, lane) do update set parts = l.parts + 1, length = l.length + excluded.length
  ), entry as (
    insert into index_entries (project_id, scope_id, document_id, lane, place, parts, length, session, speaker)
    select $1, $24, $2, $8, place, 1, $25, $26, $27 from scope
  ), delta as (
    insert into word_deltas (project_id, scope_id, place, version, lane, session, speaker, lengths, postings)
    select $1, $24, place, version, $8, $26, $27, $28, $29 from scope returning place
  ), head as (
    insert into change_scopes as known (project_id, scope, seq) select $1, $3, 1 from delta
    on conflict (project_id, scope) do update set seq = known.seq + 1 returning seq
  ), change as (
    insert into changes (project_id, scope, seq, entry, kind, op, principal, at)
    select $1, $3, seq, $2, 'memory', 'remember', $21, clock_timestamp() from head returning seq
  )
  select delta.place, change.seq from delta, change`
