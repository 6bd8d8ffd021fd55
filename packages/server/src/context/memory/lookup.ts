// Finds entries and sources for a caller: what lies in a scope that the caller may not read does not exist.
import { AppError } from "../../core/index.ts"
import { memoryVersions, scopes, sources, type Queryable, type StoredSource } from "../../store/index.ts"
import { hasScopeRight, requireScopeRight, type MemoryCaller, type ScopeRight } from "../scopes/access.ts"
import { parseScope } from "../scopes/scope-name.ts"
import { rowsByIds, type Row } from "./entries.ts"
import { noSource } from "./sources.ts"

/** Rows of entries by id, in that order: an episode, a version, or the head of a memory. */
export async function rowsOf(db: Queryable, projectId: string, ids: readonly string[]): Promise<Row[]> {
  const rows = await rowsByIds(db, projectId, ids)
  const others = ids.filter((id) => !rows.has(id))
  const heads = others.length === 0 ? [] : await memoryVersions.headsOf(db, projectId, others)
  for (const version of heads) rows.set(version.memoryId, { version })
  return ids.flatMap((id) => rows.get(id) ?? [])
}

/** The row of an entry in whose scope the caller may do that; of a memory without a head its newest version. */
export async function requireRow(db: Queryable, caller: MemoryCaller, id: string, right: ScopeRight): Promise<Row> {
  const { projectId } = caller
  const [live] = await rowsOf(db, projectId, [id])
  const [last] = live === undefined ? await memoryVersions.versionsOfMemory(db, projectId, id, 1) : []
  const row = live ?? (last && { version: last })
  if (row === undefined || !(await mayUse(db, caller, (row.episode ?? row.version).scope, right))) throw noMemory(id)
  return row
}

export async function requireSource(db: Queryable, caller: MemoryCaller, id: string, right: ScopeRight): Promise<StoredSource> {
  const [row] = await sources.sourcesByIds(db, caller.projectId, [id])
  if (row === undefined || !(await mayUse(db, caller, row.scope, right))) throw noSource(id)
  return row
}

/** False where the caller may not even read there; throws where the right is another one that is missing. */
async function mayUse(db: Queryable, caller: MemoryCaller, scope: string, right: ScopeRight): Promise<boolean> {
  const name = parseScope(scope)
  const [stored] = await scopes.scopesByPath(db, caller.projectId, [name.path])
  if (!hasScopeRight(caller, name, stored, "read")) return false
  requireScopeRight(caller, name, stored, right)
  return true
}

/** The path of a scope in which the caller may do that. */
export async function requireScope(db: Queryable, caller: MemoryCaller, scope: string, right: ScopeRight): Promise<string> {
  const name = parseScope(scope)
  const [stored] = await scopes.scopesByPath(db, caller.projectId, [name.path])
  requireScopeRight(caller, name, stored, right)
  return name.path
}

export function noMemory(id: string): AppError {
  return new AppError("not_found", `No memory '${id}' in this project.`, {
    param: "id",
    hint: "List a scope with GET /v1/memories?scope=…",
  })
}
