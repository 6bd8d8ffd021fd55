// Whether a caller may use a scope: what blocks, states and the change log ask before they look or write.
import { scopes, type Queryable } from "../store/index.ts"
import { requireScopeRight, type MemoryCaller, type ScopeRight } from "./scopes/access.ts"
import { parseScope } from "./scopes/scope-name.ts"

/** Throws unless the caller may do that in the scope; gives the scope's path. */
export type RequireScope = (db: Queryable, caller: MemoryCaller, scope: string, right: ScopeRight) => Promise<string>

export const requireScope: RequireScope = async (db, caller, scope, right) => {
  const name = parseScope(scope)
  const [stored] = await scopes.scopesByPath(db, caller.projectId, [name.path])
  requireScopeRight(caller, name, stored, right)
  return name.path
}
