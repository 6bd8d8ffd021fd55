// What a scope keeps no longer: the text of what has expired goes, with words, vectors and what rests on it alone, a slice in each step.
import { changes, dataKeys, episodes, memoryEntities, retention, scopes, type Queryable } from "../../../store/index.ts"
import type { DataKeys } from "../data-keys.ts"
import { IndexChanges } from "../index-changes.ts"
import { fallWith } from "../take-back.ts"
import type { Job } from "./work.ts"

const rowsPerStep = 100
const dayMs = 86_400_000

export type Removed = {
  entries: number
  /** Keys that what has gone was under. */
  keyIds: string[]
}

/** Each slice commits by itself with its journal entry; a text that is gone is not looked at again. */
export async function removeExpired(job: Job, round: number): Promise<Removed> {
  const { context } = job
  const removed: Removed = { entries: 0, keyIds: [] }
  for (let pass = 0; ; pass++) {
    const slice = await context.step(
      `remove:${round}.${pass}`,
      ({ tx }) => (tx === undefined ? { entries: 0, keyIds: [] } : removeSome(job, tx)),
      { effect: "transactional" },
    )
    removed.entries += slice.entries
    removed.keyIds = [...new Set([...removed.keyIds, ...slice.keyIds])]
    if (slice.entries < rowsPerStep) return removed
  }
}

/** What lay under keys that protect nothing any more cannot be read even where a copy of it is left. */
export async function destroyIdleKeys(keys: DataKeys, tx: Queryable, projectId: string, keyIds: readonly string[]): Promise<void> {
  if (keyIds.length === 0) return
  await dataKeys.lockDataKeys(tx, projectId, keyIds)
  for (const subject of await retention.subjectsWithoutTexts(tx, projectId, keyIds)) await keys.destroy(tx, projectId, subject)
}

/** When something is to be removed next; null: nothing will be. */
export async function nextRemoval(job: Pick<Job, "projectId" | "scope" | "settings">, db: Queryable): Promise<number | null> {
  const terms = await termsOf(job, db)
  const message = await retention.nextRemoval(db, terms)
  const version = terms.retentionMs === null ? null : await retention.oldestReplacedVersion(db, terms)
  const versionAt = version === null || terms.retentionMs === null ? null : version + terms.retentionMs + terms.graceMs
  return message === null ? versionAt : Math.min(message, versionAt ?? message)
}

async function termsOf(
  { projectId, scope, settings }: Pick<Job, "projectId" | "scope" | "settings">,
  db: Queryable,
): Promise<Parameters<typeof retention.nextRemoval>[1]> {
  const [row] = await scopes.scopesByPath(db, projectId, [scope])
  const retentionDays = row?.retentionDays ?? null
  return { projectId, scope, retentionMs: retentionDays === null ? null : retentionDays * dayMs, graceMs: settings.retentionGraceMs }
}

async function removeSome(job: Job, tx: Queryable): Promise<Removed> {
  const { projectId, scope, clock, index, context } = job
  const now = clock.now()
  await scopes.lockScopes(tx, projectId, [scope])
  const terms = await termsOf(job, tx)
  if (terms.retentionMs !== null) await retention.deleteOldVersions(tx, terms, now - terms.retentionMs - terms.graceMs)
  const due = await retention.messagesToRemove(tx, terms, now, rowsPerStep)
  if (due.length === 0) return { entries: 0, keyIds: [] }
  const ids = due.map(({ id }) => id)
  const queue = new IndexChanges(index)
  await episodes.endEpisodes(tx, projectId, ids, { by: "redact", now })
  for (const id of ids) queue.remove(projectId, scope, id)
  const { fallen } = await fallWith(job, tx, projectId, ids, { by: "redact", now, integrity: 0 }, queue)
  for (const version of fallen) queue.remove(projectId, version.scope, version.id)
  await retention.clearBeside(tx, terms, { episodeIds: ids, sourceIds: [...new Set(due.map(({ sourceId }) => sourceId))] })
  await memoryEntities.deleteLonelyEntities(tx, projectId, scope)
  await queue.apply(tx)
  const { principal } = context.run
  const told = [
    ...fallen.map((version) => ({ scope: version.scope, entry: version.memoryId, versionId: version.id })),
    ...ids.map((entry) => ({ scope, entry })),
  ].sort((a, b) => (a.scope < b.scope ? -1 : a.scope > b.scope ? 1 : 0))
  for (const each of told) await changes.recordChange(tx, { projectId, kind: "memory", op: "redact", principal, ...each })
  return { entries: due.length, keyIds: [...new Set(due.map(({ keyId }) => keyId))] }
}
