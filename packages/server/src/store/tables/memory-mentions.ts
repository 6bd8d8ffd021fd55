// Which entries speak of which entities.
import type { Queryable } from "../port.ts"

export interface StoredMention {
  entityId: string
  episodeId: string | null
  memoryId: string | null
  isSubject: boolean
}

export async function insertMentions(tx: Queryable, projectId: string, mentions: readonly StoredMention[]): Promise<void> {
  if (mentions.length === 0) return
  await tx.query(
    `insert into memory_mentions (project_id, entity_id, episode_id, memory_id, is_subject)
     select $1, e, p, m, s from unnest($2::text[], $3::text[], $4::text[], $5::boolean[]) as u (e, p, m, s) on conflict do nothing`,
    [
      projectId,
      mentions.map(({ entityId }) => entityId),
      mentions.map(({ episodeId }) => episodeId),
      mentions.map(({ memoryId }) => memoryId),
      mentions.map(({ isSubject }) => isSubject),
    ],
  )
}

/** Entries that speak of the same entities as those, most shared ones first: the second hop of a recall. */
export function entriesSharingEntities(
  db: Queryable,
  projectId: string,
  entryIds: readonly string[],
  entityIds: readonly string[],
  limit: number,
): Promise<{ episodeId: string | null; memoryId: string | null; shared: number }[]> {
  return db.query(
    `with wanted as (
       select distinct entity_id from memory_mentions where project_id = $1 and (episode_id = any($2) or memory_id = any($2))
       union select unnest($3::text[])
     ), common as (
       -- What half of everything speaks of leads nowhere.
       select m.entity_id from memory_mentions m join wanted w on w.entity_id = m.entity_id where m.project_id = $1
       group by m.entity_id having count(*) <= 200
     )
     select m.episode_id as "episodeId", m.memory_id as "memoryId", count(*)::int as shared
     from memory_mentions m join common c on c.entity_id = m.entity_id
     where m.project_id = $1 and not (coalesce(m.episode_id, m.memory_id) = any($2))
     group by m.episode_id, m.memory_id order by shared desc, coalesce(m.memory_id, m.episode_id) desc limit $4`,
    [projectId, entryIds, entityIds, limit],
  )
}

/** The entities that memories are about, of those that have a version recorded or ended after a time. */
export async function subjectsTouchedSince(
  db: Queryable,
  projectId: string,
  scope: string,
  since: number | null,
  limit: number,
): Promise<string[]> {
  const rows = await db.query<{ entityId: string }>(
    `select distinct m.entity_id as "entityId" from memory_versions v
     join memory_mentions m on m.project_id = v.project_id and m.memory_id = v.memory_id and m.is_subject
     where v.project_id = $1 and v.scope = $2
       and ($3::float8 is null or greatest(v.recorded_at, coalesce(v.expired_at, v.recorded_at)) > to_timestamp($3::float8 / 1000)) limit $4`,
    [projectId, scope, since, limit],
  )
  return rows.map(({ entityId }) => entityId)
}

/** Ids of the memories that are about the entity, oldest first. */
export async function memoriesAbout(db: Queryable, projectId: string, entityId: string, limit: number): Promise<string[]> {
  const text = `select memory_id as "memoryId" from memory_mentions
    where project_id = $1 and entity_id = $2 and memory_id is not null and is_subject order by memory_id limit $3`
  return (await db.query<{ memoryId: string }>(text, [projectId, entityId, limit])).map(({ memoryId }) => memoryId)
}
