// The scopes that a question names and its caller may read.
import { AppError } from "../../core/index.ts"
import { scopes, type Queryable } from "../../store/index.ts"
import { requireScopeRight, type MemoryCaller } from "../scopes/access.ts"
import { parseScope } from "../scopes/scope-name.ts"

export interface ReadableScope {
  path: string
  /** What is trusted less is not told of it. */
  levelMin: number
}

const scopesMax = 16

/** Those that exist; throws for one that the caller may not read. */
export async function readableScopes(tx: Queryable, caller: MemoryCaller, wanted: readonly string[]): Promise<ReadableScope[]> {
  if (wanted.length === 0 || wanted.length > scopesMax) {
    throw new AppError("invalid_request", `A recall names 1 to ${scopesMax} scopes; got ${wanted.length}.`, { param: "scopes" })
  }
  const names = wanted.map((text) => parseScope(text, "scopes"))
  const stored = await scopes.scopesByPath(
    tx,
    caller.projectId,
    names.map(({ path }) => path),
  )
  const byPath = new Map(stored.map((scope) => [scope.path, scope]))
  for (const name of names) requireScopeRight(caller, name, byPath.get(name.path), "read")
  return [...byPath.values()].filter(({ exists }) => exists).sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** By scope: that of the scope, or of the question where it wants more. */
export function levelsOf(scopesRead: readonly ReadableScope[], levelMin = 0): Map<string, number> {
  return new Map(scopesRead.map((scope) => [scope.path, Math.max(scope.levelMin, levelMin)]))
}
