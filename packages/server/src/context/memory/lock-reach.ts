// Locks the scopes that the end of an entry reaches: its own, and those of everything that came of it, in which answers may lie.
import { episodeParents, scopes, type Queryable } from "../../store/index.ts"

/** Locks what `reach` names until it names nothing new: what others did before they gave a scope away may reach further. */
export async function lockScopesOf(tx: Queryable, projectId: string, reach: () => Promise<readonly string[]>): Promise<void> {
  const locked = new Set<string>()
  for (;;) {
    const missing = [...new Set(await reach())].filter((scope) => !locked.has(scope))
    if (missing.length === 0) return
    await scopes.lockScopes(tx, projectId, missing)
    for (const scope of missing) locked.add(scope)
  }
}

/** The scopes of entries and of what came of them. */
export function lockReachOf(tx: Queryable, projectId: string, entries: () => Promise<readonly string[]>): Promise<void> {
  return lockScopesOf(tx, projectId, async () => episodeParents.scopesReached(tx, projectId, await entries()))
}
