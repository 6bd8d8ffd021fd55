// Scopes of memory: their settings, and with them who may use them.
import type { Queryable } from "../port.ts"
import type { StoredGrant } from "./scope-grants.ts"

export interface ScopeSettings {
  retentionDays: number | null
  /** What models may cost that work on it, per day. */
  modelBudgetMicroUsd: number | null
  /** Recalls leave out what is below. */
  levelMin: number
}

export interface StoredScope extends ScopeSettings {
  path: string
  kind: string
  parent: string | null
  createdAt: number
  grants: StoredGrant[]
}

const columns = `path, kind, parent, retention_days as "retentionDays", model_budget_micro_usd as "modelBudgetMicroUsd", level_min as "levelMin",
  created_at as "createdAt", coalesce((select jsonb_agg(jsonb_build_object('kind', g.grantee_kind, 'name', g.grantee, 'can', to_jsonb(g.can))
    order by g.grantee_kind, g.grantee) from scope_grants g where g.project_id = s.project_id and g.scope = s.path), '[]') as grants`

/** Those of the paths that exist. */
export function scopesByPath(db: Queryable, projectId: string, paths: readonly string[]): Promise<StoredScope[]> {
  return db.query<StoredScope>(`select ${columns} from scopes s where project_id = $1 and path = any($2)`, [projectId, paths])
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
  const text = `select ${columns} from scopes s where project_id = $1 and ($2::text is null or path > $2) order by path limit $3`
  return db.query<StoredScope>(text, [projectId, after ?? null, limit])
}

export async function updateScope(db: Queryable, projectId: string, path: string, settings: ScopeSettings): Promise<void> {
  await db.query(`update scopes set retention_days = $3, model_budget_micro_usd = $4, level_min = $5 where project_id = $1 and path = $2`, [
    projectId,
    path,
    settings.retentionDays,
    settings.modelBudgetMicroUsd,
    settings.levelMin,
  ])
}
