// Episodes: evidence kept as it came, each with its source, its label and when it held.
import type { JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable, SqlValue } from "../port.ts"

export type EpisodeEnd = "retract" | "revoke" | "redact" | "expire"

export interface StoredEpisode {
  id: string
  scope: string
  sourceId: string
  conversationId: string | null
  itemId: string | null
  session: string | null
  lane: string
  keyId: string
  /** Encrypted: text, speaker, metadata; null once it is redacted. */
  body: Uint8Array | null
  contentHash: string
  tokens: number
  occurredAt: number
  recordedAt: number
  validFrom: number | null
  validTo: number | null
  expiredAt: number | null
  endedBy: EpisodeEnd | null
  label: JsonValue
  integrity: number
  directive: boolean
  /** Ids of entries that it repeats; then nothing is extracted from it. */
  recalledFrom: string[]
  principal: string
  runId: string | null
  upkeptAt: number | null
  pinnedAt: number | null
  /** When its source was revoked. */
  revokedAt: number | null
}

/** Nothing is pinned when it is written. */
export type NewEpisode = Omit<StoredEpisode, "revokedAt" | "pinnedAt">

const columns = `e.id, e.scope, e.source_id as "sourceId", e.conversation_id as "conversationId", e.item_id as "itemId", e.session, e.lane,
  e.key_id as "keyId", e.body, e.content_hash as "contentHash", e.tokens, e.occurred_at as "occurredAt", e.recorded_at as "recordedAt",
  e.valid_from as "validFrom", e.valid_to as "validTo", e.expired_at as "expiredAt", e.ended_by as "endedBy", e.label, e.integrity, e.directive,
  e.recalled_from as "recalledFrom", e.principal, e.run_id as "runId", e.upkept_at as "upkeptAt", e.pinned_at as "pinnedAt", s.revoked_at as "revokedAt"`
/** The transactions that wrote the rows last. */
const stamp = `e.xmin::text || ' ' || s.xmin::text`
const joined = `episodes e join sources s on s.project_id = e.project_id and s.id = e.source_id`

/**
 * With the values of `episodeValues`. No row where the same text of the same source is live in the scope, or where the key was destroyed or the source
 * revoked or erased meanwhile; both stay as they are until the commit, and who takes them away then sees the row.
 */
export const insertion = `insert into episodes (project_id, id, scope, source_id, conversation_id, item_id, session, lane, key_id, body, content_hash, tokens,
    occurred_at, recorded_at, valid_from, valid_to, label, integrity, directive, recalled_from, principal, run_id, upkept_at)
  select $1, $2, $3, s.id, $5, $6, $7, $8, k.id, $10, $11, $12, to_timestamp($13::float8 / 1000), to_timestamp($14::float8 / 1000),
    to_timestamp($15::float8 / 1000), to_timestamp($16::float8 / 1000), $17::jsonb, $18, $19, $20, $21, $22, to_timestamp($23::float8 / 1000)
  from data_keys k, sources s where k.project_id = $1 and k.id = $9 and k.destroyed_at is null
    and s.project_id = $1 and s.id = $4 and s.revoked_at is null for share of k, s
  on conflict (project_id, scope, source_id, content_hash) where expired_at is null do nothing returning id`

export function episodeValues(projectId: string, episode: NewEpisode): SqlValue[] {
  return [
    projectId,
    episode.id,
    episode.scope,
    episode.sourceId,
    episode.conversationId,
    episode.itemId,
    episode.session,
    episode.lane,
    episode.keyId,
    episode.body,
    episode.contentHash,
    episode.tokens,
    episode.occurredAt,
    episode.recordedAt,
    episode.validFrom,
    episode.validTo,
    jsonText(episode.label),
    episode.integrity,
    episode.directive,
    episode.recalledFrom,
    episode.principal,
    episode.runId,
    episode.upkeptAt,
  ]
}

/** False where the same text of the same source is live in the scope, or where its key or its source is gone. */
export async function insertEpisode(tx: Queryable, projectId: string, episode: NewEpisode): Promise<boolean> {
  return (await tx.query(insertion, episodeValues(projectId, episode))).length > 0
}

export function episodesByIds(db: Queryable, projectId: string, ids: readonly string[]): Promise<StoredEpisode[]> {
  return db.query<StoredEpisode>(`select ${columns} from ${joined} where e.project_id = $1 and e.id = any($2)`, [projectId, ids])
}

/** The same with their stamps. */
export function stampedEpisodes(db: Queryable, projectId: string, ids: readonly string[]): Promise<(StoredEpisode & { stamp: string })[]> {
  const text = `select ${columns}, ${stamp} as stamp from ${joined} where e.project_id = $1 and e.id = any($2)`
  return db.query<StoredEpisode & { stamp: string }>(text, [projectId, ids])
}

/** What is another one after each write to the episode or its source; of those that are there. */
export function episodeStamps(db: Queryable, projectId: string, ids: readonly string[]): Promise<{ id: string; stamp: string }[]> {
  return db.query(`select e.id, ${stamp} as stamp from ${joined} where e.project_id = $1 and e.id = any($2)`, [projectId, ids])
}

/** Ids of the live ones that items of conversations were kept as. */
export async function episodeIdsOfItems(db: Queryable, projectId: string, scope: string, itemIds: readonly string[]): Promise<string[]> {
  const text = `select id from episodes where project_id = $1 and scope = $2 and item_id = any($3) and expired_at is null`
  return (await db.query<{ id: string }>(text, [projectId, scope, itemIds])).map(({ id }) => id)
}

/** The live one with that text of that source. */
export async function findSameEpisode(
  db: Queryable,
  projectId: string,
  same: { scope: string; sourceId: string; contentHash: string },
): Promise<StoredEpisode | undefined> {
  const text = `select ${columns} from ${joined}
    where e.project_id = $1 and e.scope = $2 and e.source_id = $3 and e.content_hash = $4 and e.expired_at is null`
  return (await db.query<StoredEpisode>(text, [projectId, same.scope, same.sourceId, same.contentHash]))[0]
}

/** The last message of a conversation; null: of those that are of none. */
export async function lastMessage(
  db: Queryable,
  projectId: string,
  scope: string,
  conversationId: string | null,
): Promise<Pick<StoredEpisode, "session" | "occurredAt"> | undefined> {
  const text = `select session, occurred_at as "occurredAt" from episodes
    where project_id = $1 and scope = $2 and coalesce(conversation_id, '') = $3 and session is not null order by id desc limit 1`
  return (await db.query<Pick<StoredEpisode, "session" | "occurredAt">>(text, [projectId, scope, conversationId ?? ""]))[0]
}

/** The live messages that came before one in its session, the nearest first; results of tools are passed over. */
export function episodesBefore(
  db: Queryable,
  projectId: string,
  { id, scope, session }: { id: string; scope: string; session: string },
  limit: number,
): Promise<StoredEpisode[]> {
  const text = `select ${columns} from ${joined}
    where e.project_id = $1 and e.scope = $2 and e.session = $3 and e.id < $4 and e.lane <> 'tool' and e.expired_at is null and s.revoked_at is null
    order by e.id desc limit $5`
  return db.query<StoredEpisode>(text, [projectId, scope, session, id, limit])
}

/** Those whose upkeep is still to do, oldest first: live ones get vectors and facts, ended ones leave the index. */
export function episodesToUpkeep(db: Queryable, projectId: string, scope: string, limit: number): Promise<StoredEpisode[]> {
  const text = `select ${columns} from ${joined}
    where e.project_id = $1 and e.scope = $2 and e.upkept_at is null order by e.id limit $3`
  return db.query<StoredEpisode>(text, [projectId, scope, limit])
}

/** Scopes of the project where upkeep is to do. */
export async function scopesToUpkeep(db: Queryable, projectId: string, limit: number): Promise<string[]> {
  const text = `select scope from episodes where project_id = $1 and upkept_at is null
    union select scope from memory_versions where project_id = $1 and upkept_at is null limit $2`
  return (await db.query<{ scope: string }>(text, [projectId, limit])).map(({ scope }) => scope)
}

/** Until the end of the transaction nobody else ends them; whoever reads them after this reads them as they stay. */
export async function lockEpisodes(tx: Queryable, projectId: string, ids: readonly string[]): Promise<void> {
  await tx.query(`select 1 from episodes where project_id = $1 and id = any($2) order by id for update`, [projectId, ids])
}

export async function markUpkept(tx: Queryable, projectId: string, ids: readonly string[], now: number): Promise<void> {
  await tx.query(`update episodes set upkept_at = to_timestamp($3::float8 / 1000) where project_id = $1 and id = any($2)`, [
    projectId,
    ids,
    now,
  ])
}

/** Ends those that are live; their ids. A redacted one loses its body. */
export async function endEpisodes(
  tx: Queryable,
  projectId: string,
  ids: readonly string[],
  end: { by: EpisodeEnd; now: number },
): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `update episodes set expired_at = coalesce(expired_at, to_timestamp($3::float8 / 1000)), ended_by = $4, upkept_at = null,
       body = case when $4 = 'redact' then null else body end
     where project_id = $1 and id = any($2) and (expired_at is null or $4 = 'redact') returning id`,
    [projectId, ids, end.now, end.by],
  )
  return rows.map(({ id }) => id)
}

export async function pinEpisode(tx: Queryable, projectId: string, id: string, pinnedAt: number | null): Promise<void> {
  await tx.query(`update episodes set pinned_at = to_timestamp($3::float8 / 1000) where project_id = $1 and id = $2`, [
    projectId,
    id,
    pinnedAt,
  ])
}

/** Live ones that are pinned in those scopes, oldest first. */
export function pinnedEpisodes(db: Queryable, projectId: string, scopes: readonly string[], limit: number): Promise<StoredEpisode[]> {
  const text = `select ${columns} from ${joined}
    where e.project_id = $1 and e.scope = any($2) and e.pinned_at is not null and e.expired_at is null order by e.id limit $3`
  return db.query<StoredEpisode>(text, [projectId, scopes, limit])
}

export async function deleteEpisode(tx: Queryable, projectId: string, id: string): Promise<boolean> {
  return (await tx.query(`delete from episodes where project_id = $1 and id = $2 returning id`, [projectId, id])).length > 0
}

/** Ends the live ones of a source; their ids. Retracted ones leave the history. */
export async function revokeEpisodesOf(tx: Queryable, projectId: string, sourceId: string, now: number): Promise<string[]> {
  await tx.query(`update episodes set upkept_at = null where project_id = $1 and source_id = $2 and ended_by = 'retract'`, [
    projectId,
    sourceId,
  ])
  const rows = await tx.query<{ id: string }>(
    `update episodes set expired_at = to_timestamp($3::float8 / 1000), ended_by = 'revoke', upkept_at = null
     where project_id = $1 and source_id = $2 and expired_at is null returning id`,
    [projectId, sourceId, now],
  )
  return rows.map(({ id }) => id)
}

/** All of a source, ended ones too, newest first. */
export async function episodeIdsOfSource(db: Queryable, projectId: string, sourceId: string): Promise<string[]> {
  const text = `select id from episodes where project_id = $1 and source_id = $2 order by id desc`
  return (await db.query<{ id: string }>(text, [projectId, sourceId])).map(({ id }) => id)
}

/** Of a conversation, in whichever scope they were kept. */
export function episodesOfConversation(db: Queryable, projectId: string, conversationId: string): Promise<{ id: string; scope: string }[]> {
  // Scope by scope, as the index has it.
  const text = `select e.id, e.scope from scopes s join episodes e on e.project_id = s.project_id and e.scope = s.path
      and coalesce(e.conversation_id, '') = $2 and e.session is not null
    where s.project_id = $1 order by e.id`
  return db.query<{ id: string; scope: string }>(text, [projectId, conversationId])
}

/** Ids of the live ones in a scope, newest first; `before` is the last id of the page before. */
export async function listEpisodeIds(
  db: Queryable,
  projectId: string,
  scope: string,
  before: string | undefined,
  limit: number,
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select e.id from ${joined} where e.project_id = $1 and e.scope = $2 and e.expired_at is null and s.revoked_at is null
       and ($3::text is null or e.id < $3) order by e.id desc limit $4`,
    [projectId, scope, before ?? null, limit],
  )
  return rows.map(({ id }) => id)
}
