// Episodes by what is still to do with them: what nothing was read out of yet, what a session consists of, what is too old to stay.
import type { Queryable } from "../port.ts"

const unread = `e.project_id = $1 and e.scope = $2 and e.extracted_at is null and e.expired_at is null`

/** Ids of live ones that nothing was read out of yet, oldest first, without those whose text is tried again later. */
export async function episodesToExtract(
  db: Queryable,
  projectId: string,
  scope: string,
  version: string,
  now: number,
  limit: number,
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select e.id from episodes e where ${unread} and not exists (
       select from memory_work w where w.project_id = $1 and w.scope = $2 and w.content_hash = e.content_hash || '/' || e.integrity
         and w.step = 'extract' and w.version = $4 and w.state = 'waiting' and w.retry_at > to_timestamp($5::float8 / 1000))
     order by e.id limit $3`,
    [projectId, scope, limit, version, now],
  )
  return rows.map(({ id }) => id)
}

export async function markExtracted(tx: Queryable, projectId: string, ids: readonly string[], now: number): Promise<void> {
  const text = `update episodes set extracted_at = to_timestamp($3::float8 / 1000) where project_id = $1 and id = any($2)`
  await tx.query(text, [projectId, ids, now])
}

export interface EpisodeBacklog {
  /** Without a vector, or still to be taken out of the index. */
  toIndex: number
  toExtract: number
  /** When the oldest of them was recorded. */
  oldestAt: number | null
}

/** What is still to do in a scope; versions of memories need vectors too. */
export async function episodeBacklog(db: Queryable, projectId: string, scope: string): Promise<EpisodeBacklog> {
  const [row] = await db.query<EpisodeBacklog>(
    `select (count(*) filter (where upkept_at is null) + (
         select count(*) from memory_versions v where v.project_id = $1 and v.scope = $2 and v.upkept_at is null))::int as "toIndex",
       (count(*) filter (where extracted_at is null and expired_at is null))::int as "toExtract", min(recorded_at) as "oldestAt"
     from episodes where project_id = $1 and scope = $2 and (upkept_at is null or (extracted_at is null and expired_at is null))`,
    [projectId, scope],
  )
  return row ?? { toIndex: 0, toExtract: 0, oldestAt: null }
}

/** Ids of the live ones of a session, in the order in which they were said; the newest when there are too many. */
export async function episodesOfSession(
  db: Queryable,
  projectId: string,
  scope: string,
  session: string,
  limit: number,
): Promise<string[]> {
  const text = `select id from episodes where project_id = $1 and scope = $2 and session = $3 and expired_at is null
    order by occurred_at desc, id desc limit $4`
  return (await db.query<{ id: string }>(text, [projectId, scope, session, limit])).map(({ id }) => id).reverse()
}

/** Ends live ones that were said before a time; their ids. */
export async function endOlderThan(
  tx: Queryable,
  projectId: string,
  scope: string,
  before: number,
  now: number,
  limit: number,
): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `update episodes set expired_at = to_timestamp($4::float8 / 1000), ended_by = 'expire' where project_id = $1 and id in (
       select id from episodes where project_id = $1 and scope = $2 and expired_at is null and occurred_at < to_timestamp($3::float8 / 1000)
       order by occurred_at limit $5) returning id`,
    [projectId, scope, before, now, limit],
  )
  return rows.map(({ id }) => id)
}

/** When the oldest live one was said; null when there is none. */
export async function oldestOccurrence(db: Queryable, projectId: string, scope: string): Promise<number | null> {
  const text = `select min(occurred_at) as at from episodes where project_id = $1 and scope = $2 and expired_at is null`
  return (await db.query<{ at: number | null }>(text, [projectId, scope]))[0]?.at ?? null
}
