// One batch of upkeep of a scope: new entries get their vectors, ended ones leave the index.
import { episodes, memoryVersions, type Queryable, type StoredEpisode } from "../../store/index.ts"
import { rowsByIds, type Row } from "./entries.ts"
import { historyScopeId, memoryScopeId } from "./index-scopes.ts"

/** Where a row stands in the index; null: nowhere any more. */
export function indexScopeOf(row: Row): string | null {
  if (row.episode !== undefined) return scopeOfMessage(row.episode)
  const { scope, head, endedBy } = row.version
  if (head) return memoryScopeId(scope)
  return endedBy === null || endedBy === "revoke" || endedBy === "redact" ? null : historyScopeId(scope)
}

/** What was retracted was believed until then; what was revoked should never have been, and what has expired is no longer kept. */
function scopeOfMessage({ scope, expiredAt, endedBy, revokedAt }: StoredEpisode): string | null {
  if (revokedAt !== null) return null
  if (expiredAt === null) return memoryScopeId(scope)
  return endedBy === "retract" ? historyScopeId(scope) : null
}

/** Rows of a scope that upkeep has not seen as they are now, oldest first. */
export async function rowsToUpkeep(db: Queryable, projectId: string, scope: string, limit: number): Promise<Row[]> {
  const waiting: Row[] = (await episodes.episodesToUpkeep(db, projectId, scope, limit)).map((episode) => ({ episode }))
  const left = limit - waiting.length
  const versions = left > 0 ? await memoryVersions.versionsToUpkeep(db, projectId, scope, left) : []
  return [...waiting, ...versions.map((version) => ({ version }))]
}

/** As they are now, and stay until they are marked: one that is ended meanwhile would be taken for seen, and its words would stay in the index. */
export async function lockedRows(tx: Queryable, projectId: string, ids: readonly string[]): Promise<Map<string, Row>> {
  await episodes.lockEpisodes(tx, projectId, ids)
  await memoryVersions.lockVersions(tx, projectId, ids)
  return rowsByIds(tx, projectId, ids)
}

export async function markUpkept(tx: Queryable, projectId: string, rows: readonly Row[], now: number): Promise<void> {
  const ids = (kind: "episode" | "version"): string[] => rows.flatMap((row) => row[kind]?.id ?? [])
  await episodes.markUpkept(tx, projectId, ids("episode"), now)
  await memoryVersions.markUpkept(tx, projectId, ids("version"), now)
}
