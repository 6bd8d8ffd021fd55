// Versions by their times and slots: what lapses, what lost its evidence with old messages, what is new since, what stands in a slot.
import type { Queryable } from "../port.ts"

/** Live ones that nobody confirmed in time. */
export async function lapsedVersions(db: Queryable, projectId: string, scope: string, now: number, limit: number): Promise<string[]> {
  const text = `select id from memory_versions where project_id = $1 and scope = $2 and expired_at is null
    and lapses_at <= to_timestamp($3::float8 / 1000) order by lapses_at limit $4`
  return (await db.query<{ id: string }>(text, [projectId, scope, now, limit])).map(({ id }) => id)
}

/** When the next one lapses; null when none will. */
export async function nextLapse(db: Queryable, projectId: string, scope: string): Promise<number | null> {
  const text = `select min(lapses_at) as at from memory_versions where project_id = $1 and scope = $2 and expired_at is null and lapses_at is not null`
  return (await db.query<{ at: number | null }>(text, [projectId, scope]))[0]?.at ?? null
}

/** Live ones without evidence, over any number of steps. */
export async function unsupportedVersions(db: Queryable, projectId: string, scope: string): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `with recursive gone (id) as (
       select v.id from memory_versions v where v.project_id = $1 and v.scope = $2 and v.expired_at is null
         and not perdure_is_supported($1, v.id)
       union
       -- A page rests on several; it is made anew from those that are left.
       select d.child from gone g join derivations d on d.project_id = $1 and d.parent = g.id
         join memory_versions c on c.project_id = $1 and c.id = d.child and c.expired_at is null
     ) select id from gone`,
    [projectId, scope],
  )
  return rows.map(({ id }) => id)
}

/** Facts that were recorded or ended after a time: how many, and when the last of them was. */
export async function factsSince(
  db: Queryable,
  projectId: string,
  scope: string,
  since: number | null,
): Promise<{ count: number; lastAt: number | null }> {
  const [row] = await db.query<{ count: number; lastAt: number | null }>(
    `select count(*)::int as count, max(greatest(v.recorded_at, coalesce(v.expired_at, v.recorded_at))) as "lastAt"
     from memory_versions v join memories m on m.project_id = v.project_id and m.id = v.memory_id
     where v.project_id = $1 and v.scope = $2 and m.kind in ('fact', 'preference', 'event', 'procedure')
       and ($3::float8 is null or greatest(v.recorded_at, coalesce(v.expired_at, v.recorded_at)) > to_timestamp($3::float8 / 1000))`,
    [projectId, scope, since],
  )
  return row ?? { count: 0, lastAt: null }
}

/** Ids of the heads of those slots. */
export async function headsOfSlots(db: Queryable, projectId: string, scope: string, slots: readonly string[]): Promise<string[]> {
  const text = `select v.id from memories m join memory_versions v on v.project_id = m.project_id and v.memory_id = m.id and v.head
    where m.project_id = $1 and m.scope = $2 and m.slot = any($3)`
  return (await db.query<{ id: string }>(text, [projectId, scope, slots])).map(({ id }) => id)
}
