// The statement that narrows a transaction to one project: application role and project setting, both until its end.
import { AppError } from "../core/index.ts"

/**
 * Returns no row, so that it can precede another statement in one message. `set_config` is volatile: the planner keeps the subquery.
 * Both settings are local to the transaction; a pooled connection goes back clean.
 */
export const scopeStatement =
  "select from (select set_config('role', 'perdure_app', true) as role, set_config('perdure.project', $1, true) as project) s where role is null"

export const scopeName = "perdure_scope"

/** The same as literal text, for a simple query. The identifier was checked: it can't carry a quote. */
export function scopeText(projectId: string): string {
  return `set local role perdure_app; set local perdure.project = '${projectId}'`
}

export function checkProjectId(projectId: string): string {
  if (!/^[A-Za-z0-9_.:-]{1,128}$/.test(projectId)) {
    throw new AppError("invalid_request", "A project id is 1 to 128 letters, digits, dots, colons, dashes and underscores")
  }
  return projectId
}
