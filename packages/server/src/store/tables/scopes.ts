// Scopes of memory: their settings, and with them who may use them.
import type { Queryable } from "../port.ts"
import type { StoredGrant } from "./scope-grants.ts"

export interface ScopeSettings {
  retentionDays: number | null
  /** What models may cost that work on it, per day. */
  modelBudgetMicroUsd: number | null
  /** Recalls leave out what is below. */
  levelMin: number
  /** Only the project's own can be: then a scope without grants is for nobody, unless it names an end user. */
  closed: boolean
}

export interface StoredScope extends ScopeSettings {
  path: string
  kind: string
  parent: string | null
  createdAt: number
  grants: StoredGrant[]
  /** False where nothing was written to it yet: told of only in a project that is closed. */
  exists: boolean
  /** The project is. */
  isInClosed: boolean
}

const columns = `u.path, coalesce(s.kind, '') as kind, s.parent, s.retention_days as "retentionDays", s.model_budget_micro_usd as "modelBudgetMicroUsd",
  coalesce(s.level_min, 0) as "levelMin", coalesce(s.closed, false) as closed, coalesce(s.created_at, to_timestamp(0)) as "createdAt",
  s.path is not null as exists, c.closed as "isInClosed", coalesce((select jsonb_agg(jsonb_build_object('kind', g.grantee_kind, 'name', g.grantee, 'can', to_jsonb(g.can))
    order by g.grantee_kind, g.grantee) from scope_grants g where g.project_id = s.project_id and g.scope = s.path), '[]') as grants`

const closing = `(select coalesce(bool_or(closed), false) as closed from scopes where project_id = $1 and path = 'project') c`

/** Those of the paths that exist, and in a project that is closed the others too. */
export function scopesByPath(db: Queryable, projectId: string, paths: readonly string[]): Promise<StoredScope[]> {
  const text = `select ${columns} from ${closing}, unnest($2::text[]) as u (path) left join scopes s on s.project_id = $1 and s.path = u.path
    where s.path is not null or c.closed`
  return db.query<StoredScope>(text, [projectId, paths])
}

/** Those of the paths that exist, and those that a grant gives to the end user or the principal. */
export function scopesOfGrantee(
  db: Queryable,
  projectId: string,
  grantee: { user: string; principal: string },
  paths: readonly string[],
): Promise<StoredScope[]> {
  const text = `select ${columns} from ${closing}, scopes u join scopes s on s.project_id = u.project_id and s.path = u.path
    where u.project_id = $1 and (u.path = any($2) or u.path in (select scope from scope_grants where project_id = $1
      and ((grantee_kind = 'user' and grantee = $3) or (grantee_kind = 'principal' and grantee = $4))))`
  return db.query<StoredScope>(text, [projectId, paths, grantee.user, grantee.principal])
}

/**
 * Until the end of the transaction nobody else derives, ends or deletes anything in those scopes; new messages come in all the same. Call it before anything
 * is read: what others did who had them is seen by the statements after it.
 */
export async function lockScopes(tx: Queryable, projectId: string, paths: readonly string[]): Promise<void> {
  await tx.query(`select 1 from scopes where project_id = $1 and path = any($2) order by path for no key update`, [projectId, paths])
}

/** Until the end of the transaction nothing that is there now in those scopes ends or is deleted: for what is written elsewhere and refers to it. */
export async function holdScopes(tx: Queryable, projectId: string, paths: readonly string[]): Promise<void> {
  await tx.query(`select 1 from scopes where project_id = $1 and path = any($2) order by path for share`, [projectId, paths])
}

/** Leaves one that exists as it is. */
export async function ensureScope(
  db: Queryable,
  projectId: string,
  scope: { path: string; kind: string; parent: string | null; createdAt: number },
): Promise<void> {
  await db.query(
    `insert into scopes (project_id, path, kind, parent, created_at) values ($1, $2, $3, $4, to_timestamp($5::float8 / 1000)) on conflict do nothing`,
    [projectId, scope.path, scope.kind, scope.parent, scope.createdAt],
  )
}

/** One page in the order of their paths; `after` is the last path of the page before. */
export function listScopes(db: Queryable, projectId: string, after: string | undefined, limit: number): Promise<StoredScope[]> {
  const text = `select ${columns} from ${closing}, scopes u join scopes s on s.project_id = u.project_id and s.path = u.path
    where u.project_id = $1 and ($2::text is null or u.path > $2) order by u.path limit $3`
  return db.query<StoredScope>(text, [projectId, after ?? null, limit])
}

/** How many parts the index has of each; one without any is absent. */
export async function partsOfScopes(db: Queryable, projectId: string, scopeIds: readonly string[]): Promise<Map<string, number>> {
  const text = `select scope_id as id, sum(parts)::int8 as parts from word_lanes where project_id = $1 and scope_id = any($2) group by scope_id`
  const rows = await db.query<{ id: string; parts: number }>(text, [projectId, scopeIds])
  return new Map(rows.map(({ id, parts }) => [id, parts]))
}

export async function updateScope(db: Queryable, projectId: string, path: string, settings: ScopeSettings): Promise<void> {
  await db.query(
    `update scopes set retention_days = $3, model_budget_micro_usd = $4, level_min = $5, closed = $6 where project_id = $1 and path = $2`,
    [projectId, path, settings.retentionDays, settings.modelBudgetMicroUsd, settings.levelMin, settings.closed],
  )
}
