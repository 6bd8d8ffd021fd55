// What time ends: claims of the lowest trust that nobody confirmed, and evidence older than the scope keeps, with what rests on it alone.
import {
  changes,
  episodeWork,
  memoryEntities,
  memoryVersions,
  scopes,
  versionTimes,
  type Queryable,
  type StoredVersion,
} from "../../../store/index.ts"
import { readRows } from "../entries.ts"
import { IndexChanges } from "../index-changes.ts"
import { memoryScopeId } from "../index-scopes.ts"
import type { Job } from "./work.ts"

const rowsPerStep = 200
const dayMs = 86_400_000

/** How many entries were ended. */
export async function expire(job: Job, round: number): Promise<number> {
  const { context } = job
  let ended = 0
  for (let pass = 0; ; pass++) {
    const count = await context.step(`expire:${round}.${pass}`, ({ tx }) => (tx === undefined ? 0 : expireSome(job, tx)), {
      effect: "transactional",
    })
    ended += count
    if (count < rowsPerStep) return ended
  }
}

async function expireSome(job: Job, tx: Queryable): Promise<number> {
  const { projectId, scope, clock, index, context } = job
  const { principal } = context.run
  const now = clock.now()
  await scopes.lockScopes(tx, projectId, [scope])
  const lapsed = await versionTimes.lapsedVersions(tx, projectId, scope, now, rowsPerStep)
  const [settings] = await scopes.scopesByPath(tx, projectId, [scope])
  const retentionDays = settings?.retentionDays ?? null
  const old =
    retentionDays === null ? [] : await episodeWork.endOlderThan(tx, projectId, scope, now - retentionDays * dayMs, now, rowsPerStep)
  const unsupported = old.length === 0 ? [] : await versionTimes.unsupportedVersions(tx, projectId, scope)
  const versions = await memoryVersions.versionsByIds(tx, projectId, [...new Set([...lapsed, ...unsupported])])
  if (old.length > 0) await memoryEntities.deleteLonelyEntities(tx, projectId, scope)
  await endByTime(job, tx, versions)
  for (const documentId of old) await index.removeEntry(tx, { projectId, scopeId: memoryScopeId(scope), documentId })
  for (const entry of old) await changes.recordChange(tx, { projectId, scope, entry, kind: "memory", op: "expire", principal })
  return lapsed.length + old.length
}

/** Ends versions whose time is over. They stay for questions about the past. */
export async function endByTime(
  { keys, index, projectId, scope, clock, context }: Job,
  tx: Queryable,
  versions: readonly StoredVersion[],
): Promise<void> {
  if (versions.length === 0) return
  const entries = await readRows(
    keys,
    tx,
    projectId,
    versions.map((version) => ({ version })),
  )
  const ids = await memoryVersions.endVersions(
    tx,
    projectId,
    versions.map(({ id }) => id),
    { by: "expire", now: clock.now(), integrity: 0 },
  )
  const changed = new IndexChanges(index)
  for (const [at, version] of versions.entries()) if (ids.includes(version.id)) changed.end(projectId, version, entries[at]?.text ?? null)
  await changed.apply(tx)
  const { principal } = context.run
  for (const { id, memoryId } of versions) {
    if (ids.includes(id))
      await changes.recordChange(tx, { projectId, scope, entry: memoryId, kind: "memory", op: "expire", versionId: id, principal })
  }
}

/** When something lapses or grows too old next; null: nothing will. */
export async function nextExpiry({ projectId, scope }: Pick<Job, "projectId" | "scope">, db: Queryable): Promise<number | null> {
  const lapses = await versionTimes.nextLapse(db, projectId, scope)
  const [settings] = await scopes.scopesByPath(db, projectId, [scope])
  const retentionDays = settings?.retentionDays ?? null
  const oldest = retentionDays === null ? null : await episodeWork.oldestOccurrence(db, projectId, scope)
  const outdated = retentionDays === null || oldest === null ? null : oldest + retentionDays * dayMs
  return lapses === null ? outdated : Math.min(lapses, outdated ?? lapses)
}
