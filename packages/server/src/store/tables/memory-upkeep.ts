// Upkeep of memory by scope: which run does it, when the next thing is due, what went wrong last.
import type { Queryable } from "../port.ts"

export interface StoredUpkeep {
  scope: string
  generation: number
  generationAt: number
  principal: string
  dueAt: number | null
  failures: number
  error: string | null
  consolidatedAt: number | null
  /** When a run of it ended well last. */
  endedAt: number | null
}

const columns = `scope, generation, generation_at as "generationAt", principal, due_at as "dueAt", failures, error,
  consolidated_at as "consolidatedAt", ended_at as "endedAt"`

/** The row of the scope, made if there is none; undefined when there is no such scope. */
export async function ensureUpkeep(
  db: Queryable,
  projectId: string,
  upkeep: { scope: string; principal: string; now: number },
): Promise<StoredUpkeep | undefined> {
  const known = await findUpkeep(db, projectId, upkeep.scope)
  if (known?.principal === upkeep.principal) return known
  const rows = await db.query<StoredUpkeep>(
    `insert into memory_upkeep as u (project_id, scope, principal, generation_at)
     select $1, path, $3, to_timestamp($4::float8 / 1000) from scopes where project_id = $1 and path = $2
     on conflict (project_id, scope) do update set principal = excluded.principal returning ${columns}`,
    [projectId, upkeep.scope, upkeep.principal, upkeep.now],
  )
  return rows[0]
}

export async function findUpkeep(db: Queryable, projectId: string, scope: string): Promise<StoredUpkeep | undefined> {
  return (await db.query<StoredUpkeep>(`select ${columns} from memory_upkeep where project_id = $1 and scope = $2`, [projectId, scope]))[0]
}

/** The run of this generation is over, well: the next write or the time that is given starts another. */
export async function closeGeneration(
  tx: Queryable,
  projectId: string,
  close: { scope: string; generation: number; now: number; dueAt: number | null; error: string | null },
): Promise<void> {
  await tx.query(
    `update memory_upkeep set generation = generation + 1, generation_at = to_timestamp($4::float8 / 1000), ended_at = to_timestamp($4::float8 / 1000),
       due_at = to_timestamp($5::float8 / 1000), failures = 0, error = $6
     where project_id = $1 and scope = $2 and generation = $3`,
    [projectId, close.scope, close.generation, close.now, close.dueAt, close.error],
  )
}

/** The run of this generation ended without having closed it; says how often that has happened in a row. */
export async function failGeneration(
  db: Queryable,
  projectId: string,
  fail: { scope: string; generation: number; now: number; error: string; retryMs: number; retryMsMax: number },
): Promise<void> {
  await db.query(
    `update memory_upkeep set generation = generation + 1, generation_at = to_timestamp($4::float8 / 1000), failures = failures + 1, error = $5,
       due_at = to_timestamp(($4::float8 + least($7::float8, $6::float8 * power(2, least(failures, 20)))) / 1000)
     where project_id = $1 and scope = $2 and generation = $3`,
    [projectId, fail.scope, fail.generation, fail.now, fail.error, fail.retryMs, fail.retryMsMax],
  )
}

export async function markConsolidated(tx: Queryable, projectId: string, scope: string, at: number): Promise<void> {
  await tx.query(`update memory_upkeep set consolidated_at = to_timestamp($3::float8 / 1000) where project_id = $1 and scope = $2`, [
    projectId,
    scope,
    at,
  ])
}

/** Scopes of all projects where something is due: a time has come, or a write that nobody took care of. */
export function dueUpkeep(
  system: Queryable,
  now: number,
  limit: number,
): Promise<{ projectId: string; scope: string; principal: string }[]> {
  return system.query(
    `with written as (
       select project_id, scope, max(principal) as principal, max(recorded_at) as recorded_at from episodes
       where upkept_at is null or (extracted_at is null and expired_at is null) group by project_id, scope
     )
     (select project_id as "projectId", scope, principal from memory_upkeep
      where due_at <= to_timestamp($1::float8 / 1000) order by due_at limit $2)
     union
     (select w.project_id, w.scope, coalesce(u.principal, w.principal)
      from written w left join memory_upkeep u on u.project_id = w.project_id and u.scope = w.scope
      where u.due_at is null or u.due_at <= to_timestamp($1::float8 / 1000)
        -- Written when the last run had looked already, by a process that did not live to start another.
        or w.recorded_at > u.generation_at - interval '30 seconds' limit $2)`,
    [now, limit],
  )
}
