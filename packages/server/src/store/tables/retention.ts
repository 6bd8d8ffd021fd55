// What a scope keeps no longer: the texts of messages whose time is over, and what is left beside them with nothing to go with.
import type { Queryable } from "../port.ts"
import { lockSources } from "./sources.ts"

export interface RetentionTerms {
  projectId: string
  scope: string
  /** Null: messages stay; those that have expired before go all the same. */
  retentionMs: number | null
  /** Between expiry and removal. */
  graceMs: number
}

const ended = `e.project_id = $1 and e.scope = $2 and e.expired_at is not null and e.body is not null`
const removedAt = `least(case when e.ended_by = 'expire' then e.expired_at + make_interval(secs => $4::float8 / 1000) end,
  e.occurred_at + make_interval(secs => ($3::float8 + $4::float8) / 1000))`

/** Ended messages that are to lose their text by now, locked. */
export async function messagesToRemove(
  tx: Queryable,
  { projectId, scope, retentionMs, graceMs }: RetentionTerms,
  now: number,
  limit: number,
): Promise<{ id: string; sourceId: string; keyId: string }[]> {
  return await tx.query(
    `select e.id, e.source_id as "sourceId", e.key_id as "keyId" from episodes e
     where ${ended} and ${removedAt} <= to_timestamp($5::float8 / 1000) order by e.id limit $6 for update`,
    [projectId, scope, retentionMs, graceMs, now, limit],
  )
}

/** When the next one is; null when none will be. */
export async function nextRemoval(db: Queryable, { projectId, scope, retentionMs, graceMs }: RetentionTerms): Promise<number | null> {
  const text = `select min(${removedAt}) as at from episodes e where ${ended}`
  return (await db.query<{ at: number | null }>(text, [projectId, scope, retentionMs, graceMs]))[0]?.at ?? null
}

/** Names that were spoken of only in what has no text any more, and addresses of sources that nothing with a text came from. A later message has a new source. */
export async function clearBeside(
  tx: Queryable,
  { projectId, scope }: Pick<RetentionTerms, "projectId" | "scope">,
  removed: { episodeIds: readonly string[]; sourceIds: readonly string[] },
): Promise<void> {
  await tx.query(`delete from memory_mentions where project_id = $1 and episode_id = any($2)`, [projectId, removed.episodeIds])
  await tx.query(
    `delete from memory_mentions m where m.project_id = $1 and m.memory_id in (select id from memories where project_id = $1 and scope = $2)
       and not exists (select from memory_versions v where v.project_id = $1 and v.memory_id = m.memory_id and v.body is not null)`,
    [projectId, scope],
  )
  await lockSources(tx, projectId, removed.sourceIds)
  await tx.query(
    `update sources s set body = null, identity = s.id where s.project_id = $1 and s.id = any($2) and s.body is not null
       and not exists (select from episodes e where e.project_id = $1 and e.source_id = s.id and e.body is not null)`,
    [projectId, removed.sourceIds],
  )
}

/** Versions of blocks and states that were written before a time and that newer ones have replaced; how many. What is in force stays, however old. */
export async function deleteOldVersions(
  tx: Queryable,
  { projectId, scope }: Pick<RetentionTerms, "projectId" | "scope">,
  before: number,
): Promise<number> {
  let deleted = 0
  for (const [table, name] of [
    ["block_versions", "path"],
    ["state_versions", "key"],
  ] as const) {
    const rows = await tx.query(
      `delete from ${table} v where v.project_id = $1 and v.scope = $2 and v.at < to_timestamp($3::float8 / 1000)
         and exists (select from ${table} n where n.project_id = $1 and n.scope = $2 and n.${name} = v.${name} and n.version > v.version)
       returning 1`,
      [projectId, scope, before],
    )
    deleted += rows.length
  }
  return deleted
}

/** When the next such version grows too old; null when there is none. */
export async function oldestReplacedVersion(
  db: Queryable,
  { projectId, scope }: Pick<RetentionTerms, "projectId" | "scope">,
): Promise<number | null> {
  const of = (table: string, name: string): string => `select v.at from ${table} v where v.project_id = $1 and v.scope = $2
    and exists (select from ${table} n where n.project_id = $1 and n.scope = $2 and n.${name} = v.${name} and n.version > v.version)`
  const text = `select min(at) as at from (${of("block_versions", "path")} union all ${of("state_versions", "key")}) old`
  return (await db.query<{ at: number | null }>(text, [projectId, scope]))[0]?.at ?? null
}

/** Of those keys, the subjects of which nothing that could be read is left. */
export async function subjectsWithoutTexts(db: Queryable, projectId: string, keyIds: readonly string[]): Promise<string[]> {
  const none = (table: string): string =>
    `not exists (select from ${table} r where r.project_id = $1 and r.key_id = k.id and r.body is not null)`
  const tables = ["episodes", "memory_versions", "sources", "blocks", "block_versions", "states", "state_versions", "memory_entities"]
  const text = `select k.subject from data_keys k where k.project_id = $1 and k.id = any($2) and k.destroyed_at is null
    and ${tables.map(none).join(" and ")}`
  return (await db.query<{ subject: string }>(text, [projectId, keyIds])).map(({ subject }) => subject)
}
