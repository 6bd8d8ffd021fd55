// What was derived from what: every version has parents, and stays only as long as one of them is there.
import type { Queryable } from "../port.ts"

export interface StoredDerivation {
  child: string
  parentKind: "episode" | "version" | "chunk"
  parent: string
  /** UTF-16 units in the parent's text; null: it follows from the whole. */
  quoteStart: number | null
  quoteEnd: number | null
}

const columns = `child, parent_kind as "parentKind", parent, quote_start as "quoteStart", quote_end as "quoteEnd"`

/** A parent that the child already has stays as it is. */
export async function insertDerivations(tx: Queryable, projectId: string, rows: readonly StoredDerivation[]): Promise<void> {
  await tx.query(
    `insert into derivations (project_id, child, parent_kind, parent, quote_start, quote_end)
     select $1, c, k, p, s, e from unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::int[]) as u (c, k, p, s, e) on conflict do nothing`,
    [
      projectId,
      rows.map(({ child }) => child),
      rows.map(({ parentKind }) => parentKind),
      rows.map(({ parent }) => parent),
      rows.map(({ quoteStart }) => quoteStart),
      rows.map(({ quoteEnd }) => quoteEnd),
    ],
  )
}

export function parentsOf(db: Queryable, projectId: string, children: readonly string[]): Promise<StoredDerivation[]> {
  const text = `select ${columns} from derivations where project_id = $1 and child = any($2) order by child, parent`
  return db.query<StoredDerivation>(text, [projectId, children])
}

/** Which live versions rest on which episodes, the newest first. */
export function newestOnEpisodes(db: Queryable, projectId: string, limit: number): Promise<{ child: string; parent: string }[]> {
  return db.query(
    `select d.child, d.parent from derivations d join memory_versions v on v.project_id = d.project_id and v.id = d.child
     where d.project_id = $1 and d.parent_kind = 'episode' and v.expired_at is null order by d.child desc, d.parent limit $2`,
    [projectId, limit],
  )
}

/** Of entries that are being deleted: what they were made of, and what was made of them. */
export async function deleteDerivations(tx: Queryable, projectId: string, ids: readonly string[]): Promise<void> {
  for (const table of ["derivations", "episode_parents"])
    await tx.query(`delete from ${table} where project_id = $1 and (child = any($2) or parent = any($2))`, [projectId, ids])
}
