// What an erasure takes out of memory: the entries of a target, all that was derived from them, and the rows that go with each.
import type { Queryable } from "../port.ts"
import { comeOf } from "./episode-parents.ts"
import type { ErasureTargetKind } from "./erasures.ts"
import { lockScopes } from "./scopes.ts"
import { lockSources } from "./sources.ts"

export interface ErasedEntry {
  id: string
  kind: "episode" | "version"
  scope: string
  sourceId: string | null
  keyId: string
  body: Uint8Array | null
  runId: string | null
  conversationId: string | null
}

const columns = `id, kind, scope, "sourceId", "keyId", body, "runId", "conversationId"`
const episodeRows = `select e.id, 'episode' as kind, e.scope, e.source_id as "sourceId", e.key_id as "keyId", e.body, e.run_id as "runId",
  e.conversation_id as "conversationId" from episodes e where e.project_id = $1`
const versionRows = `select v.id, 'version' as kind, v.scope, null as "sourceId", v.key_id as "keyId", v.body, v.run_id as "runId",
  null as "conversationId" from memory_versions v where v.project_id = $1`

const conditions: Record<ErasureTargetKind, { episodes: string; versions: string }> = {
  scope: { episodes: "e.scope = $2", versions: "v.scope = $2" },
  subject: {
    episodes: "e.key_id in (select k.id from data_keys k where k.project_id = $1 and k.subject = $2)",
    versions: "v.key_id in (select k.id from data_keys k where k.project_id = $1 and k.subject = $2)",
  },
  // A stored file is a source too: of what was said with it.
  source: {
    episodes: "(e.source_id = $2 or e.id in (select f.episode_id from episode_files f where f.project_id = $1 and f.file_id = $2))",
    versions: "false",
  },
  // Of a query its caller reads them all, or those of one scope, and keeps those that contain it.
  query: { episodes: "($2 = '' or e.scope = $2)", versions: "($2 = '' or v.scope = $2)" },
}

/** Entries of the target in the order of their ids, after one of them. */
export function entriesOf(
  db: Queryable,
  projectId: string,
  target: { kind: ErasureTargetKind; name: string },
  after: string,
  limit: number,
): Promise<ErasedEntry[]> {
  const { episodes, versions } = conditions[target.kind]
  return db.query<ErasedEntry>(
    `select ${columns} from (${episodeRows} and ${episodes} union all ${versionRows} and ${versions}) t where id > $3 order by id limit $4`,
    [projectId, target.name, after, limit],
  )
}

/** Every version that rests on one of these entries, and every answer that was made with one, at any distance. */
export async function derivedFrom(db: Queryable, projectId: string, ids: readonly string[]): Promise<ErasedEntry[]> {
  const below = (await comeOf(db, projectId, ids)).map(({ id }) => id)
  return db.query<ErasedEntry>(
    `select ${columns} from (${episodeRows} and e.id = any($2) union all ${versionRows} and v.id = any($2)) t order by id`,
    [projectId, below],
  )
}

/** Runs that were given one of these entries. */
export async function runsThatRecalled(db: Queryable, projectId: string, ids: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ id: string }>(`select distinct run_id as id from recalled where project_id = $1 and entry_id = any($2)`, [
    projectId,
    ids,
  ])
  return rows.map(({ id }) => id)
}

/** Deletes the rows of entries and what points at them, in scopes that are locked; memories and sources that are left with nothing go too. Evidence of a derived entry is looked at anew. */
export async function deleteEntries(tx: Queryable, projectId: string, ids: readonly string[]): Promise<{ sources: number }> {
  const values = [projectId, ids]
  await tx.query(
    `update episodes e set upkept_at = null where e.project_id = $1 and e.expired_at is null and e.id <> all($2)
       and e.id in (select d.parent from derivations d where d.project_id = $1 and d.child = any($2))`,
    values,
  )
  await tx.query(`delete from recalled where project_id = $1 and entry_id = any($2)`, values)
  await tx.query(
    `delete from memory_reviews where project_id = $1 and (entry_id = any($2)
       or entry_id in (select memory_id from memory_versions where project_id = $1 and id = any($2)))`,
    values,
  )
  const memories = await tx.query<{ id: string }>(
    `select distinct memory_id as id from memory_versions where project_id = $1 and id = any($2)`,
    values,
  )
  const sources = await tx.query<{ id: string }>(
    `select distinct source_id as id from episodes where project_id = $1 and id = any($2)`,
    values,
  )
  await tx.query(`delete from derivations where project_id = $1 and (parent = any($2) or child = any($2))`, values)
  await tx.query(`delete from episode_parents where project_id = $1 and (parent = any($2) or child = any($2))`, values)
  await tx.query(`delete from memory_versions where project_id = $1 and id = any($2)`, values)
  await tx.query(`delete from episodes where project_id = $1 and id = any($2)`, values)
  await tx.query(
    `delete from memories m where m.project_id = $1 and m.id = any($2) and not exists (
       select from memory_versions v where v.project_id = $1 and v.memory_id = m.id)`,
    [projectId, memories.map(({ id }) => id)],
  )
  await lockSources(
    tx,
    projectId,
    sources.map(({ id }) => id),
  )
  const deleted = await tx.query(
    `delete from sources s where s.project_id = $1 and s.id = any($2) and not exists (
       select from episodes e where e.project_id = $1 and e.source_id = s.id) returning 1`,
    [projectId, sources.map(({ id }) => id)],
  )
  return { sources: deleted.length }
}

export interface ErasedSource {
  id: string
  scope: string
  keyId: string
  body: Uint8Array | null
}

/** Sources of the target that evidence no longer points at, or all of a query's. */
export function sourcesOf(
  db: Queryable,
  projectId: string,
  target: { kind: ErasureTargetKind; name: string },
  after: string,
  limit: number,
): Promise<ErasedSource[]> {
  const condition = {
    scope: "scope = $2",
    source: "id = $2",
    subject: "key_id in (select k.id from data_keys k where k.project_id = $1 and k.subject = $2)",
    query: "($2 = '' or scope = $2)",
  }[target.kind]
  return db.query<ErasedSource>(
    `select id, scope, key_id as "keyId", body from sources where project_id = $1 and ${condition} and id > $3 order by id limit $4`,
    [projectId, target.name, after, limit],
  )
}

/** Of a source whose evidence stays: its address and title go. Of one that has none left: the row. */
export async function clearSource(tx: Queryable, projectId: string, id: string): Promise<void> {
  await lockSources(tx, projectId, [id])
  await tx.query(
    `delete from sources s where s.project_id = $1 and s.id = $2 and not exists (
       select from episodes e where e.project_id = $1 and e.source_id = s.id)`,
    [projectId, id],
  )
  await tx.query(`update sources set body = null where project_id = $1 and id = $2`, [projectId, id])
}

/** Blocks and states of a scope with all their versions; how many there were. */
export async function deleteScopeTexts(tx: Queryable, projectId: string, scope: string): Promise<{ blocks: number; states: number }> {
  const counts = { blocks: 0, states: 0 }
  for (const kind of ["block", "state"] as const) {
    await tx.query(`delete from ${kind}_versions where project_id = $1 and scope = $2`, [projectId, scope])
    counts[`${kind}s`] = (
      await tx.query(`delete from ${kind}s where project_id = $1 and scope = $2 returning 1`, [projectId, scope])
    ).length
  }
  return counts
}

/** What the work on memory kept beside entries that are gone: names of whom nothing speaks of any more, sessions and texts without a message. */
export async function deleteRests(tx: Queryable, projectId: string): Promise<void> {
  const scopes = await tx.query<{ scope: string }>(
    rests.map(([table, isRest]) => `select r.scope from ${table} r where r.project_id = $1 and ${isRest}`).join(" union "),
    [projectId],
  )
  const paths = scopes.map(({ scope }) => scope)
  // Somebody may be about to speak of such a name.
  await lockScopes(tx, projectId, paths)
  for (const [table, isRest] of rests) {
    await tx.query(`delete from ${table} r where r.project_id = $1 and r.scope = any($2) and ${isRest}`, [projectId, paths])
  }
}

const without = (same: string): string => `not exists (select from episodes e where e.project_id = $1 and e.scope = r.scope and ${same})`
const rests = [
  ["memory_entities", "not exists (select from memory_mentions m where m.project_id = $1 and m.entity_id = r.id)"],
  ["memory_sessions", without("e.session = r.session")],
  ["memory_work", without("e.content_hash = r.content_hash")],
] as const

/** Subjects whose keys protect nothing any more, of those given. */
export async function subjectsWithoutData(db: Queryable, projectId: string, keyIds: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ subject: string }>(
    `select k.subject from data_keys k where k.project_id = $1 and k.id = any($2) and k.destroyed_at is null
       and not exists (select from episodes r where r.project_id = $1 and r.key_id = k.id)
       and not exists (select from memory_versions r where r.project_id = $1 and r.key_id = k.id)
       and not exists (select from sources r where r.project_id = $1 and r.key_id = k.id)
       and not exists (select from block_versions r where r.project_id = $1 and r.key_id = k.id)
       and not exists (select from state_versions r where r.project_id = $1 and r.key_id = k.id)
       and not exists (select from memory_entities r where r.project_id = $1 and r.key_id = k.id)`,
    [projectId, keyIds],
  )
  return rows.map(({ subject }) => subject)
}
