// What stood before a model when it said something: answers and what they were made with.
import type { Queryable } from "../port.ts"

export interface EpisodeParent {
  child: string
  parentKind: "episode" | "version"
  parent: string
}

export async function insertParents(tx: Queryable, projectId: string, rows: readonly EpisodeParent[]): Promise<void> {
  if (rows.length === 0) return
  await tx.query(
    `insert into episode_parents (project_id, child, parent_kind, parent)
     select $1, c, k, p from unnest($2::text[], $3::text[], $4::text[]) as u (c, k, p) on conflict do nothing`,
    [projectId, rows.map(({ child }) => child), rows.map(({ parentKind }) => parentKind), rows.map(({ parent }) => parent)],
  )
}

export function parentsOfAnswers(db: Queryable, projectId: string, children: readonly string[]): Promise<EpisodeParent[]> {
  const text = `select child, parent_kind as "parentKind", parent from episode_parents where project_id = $1 and child = any($2) order by child, parent`
  return db.query<EpisodeParent>(text, [projectId, children])
}

/** Ids of the live answers that were made with any of those entries. */
export async function liveAnswersWith(db: Queryable, projectId: string, parents: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select distinct p.child as id from episode_parents p join episodes e on e.project_id = p.project_id and e.id = p.child
     where p.project_id = $1 and p.parent = any($2) and e.expired_at is null`,
    [projectId, parents],
  )
  return rows.map(({ id }) => id)
}

/** The scopes of those entries and of everything that came of them. */
export async function scopesReached(db: Queryable, projectId: string, entries: readonly string[]): Promise<string[]> {
  const ids = [...entries, ...(await comeOf(db, projectId, entries)).map(({ id }) => id)]
  const text = `select scope from episodes where project_id = $1 and id = any($2) union
    select scope from memory_versions where project_id = $1 and id = any($2)`
  return (await db.query<{ scope: string }>(text, [projectId, ids])).map(({ scope }) => scope)
}

/** Everything that came of those entries over any number of steps: versions derived of them, answers made with them, and what came of these. */
export function comeOf(
  db: Queryable,
  projectId: string,
  entries: readonly string[],
): Promise<{ id: string; kind: "episode" | "version" }[]> {
  return db.query(
    `with recursive below (id, kind) as (
       (select d.child, 'version' from derivations d where d.project_id = $1 and d.parent = any($2)
        union select p.child, 'episode' from episode_parents p where p.project_id = $1 and p.parent = any($2))
       union
       select e.child, e.kind from below b cross join lateral (
         select d.child, 'version' as kind from derivations d where d.project_id = $1 and d.parent = b.id
         union all select p.child, 'episode' from episode_parents p where p.project_id = $1 and p.parent = b.id) e
     ) select id, kind from below`,
    [projectId, entries],
  )
}
