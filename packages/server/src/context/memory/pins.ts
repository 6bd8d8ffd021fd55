// Pins: entries that somebody wants told of a scope whatever is asked. They do not decay; what may be told is told of them as of any other.
import { AppError, type Clock, type Limits } from "../../core/index.ts"
import { changes, episodes, memories, memoryVersions, type MemoryKind, type Queryable } from "../../store/index.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import type { Row } from "./entries.ts"

export interface PinDependencies {
  clock: Clock
  limits: Pick<Limits, "memoryPinsPerScopeMax">
}

/** Pinning what is pinned changes nothing and is no change in the log; false then. */
export async function setPin(
  { clock, limits }: PinDependencies,
  tx: Queryable,
  { projectId, principal }: MemoryCaller,
  row: Row,
  pinned: boolean,
): Promise<boolean> {
  const { scope, pinnedAt, expiredAt } = row.episode ?? row.version
  const id = row.episode === undefined ? row.version.memoryId : row.episode.id
  if (pinned && (expiredAt !== null || (row.episode?.revokedAt ?? null) !== null)) {
    throw new AppError("conflict", `'${id}' is not believed any more, so it cannot be pinned.`, {
      hint: `Read GET /v1/memories/${id}/versions for what became of it.`,
    })
  }
  if (pinned === (pinnedAt !== null)) return false
  if (pinned && (await pinnedRows(tx, projectId, [scope], limits.memoryPinsPerScopeMax)).length >= limits.memoryPinsPerScopeMax) {
    throw new AppError("conflict", `The scope '${scope}' has ${limits.memoryPinsPerScopeMax} pinned memories, which is the most.`, {
      hint: "Unpin one of them first: DELETE /v1/memories/{id}/pin.",
    })
  }
  const at = pinned ? clock.now() : null
  if (row.episode === undefined) await memories.pinMemory(tx, projectId, id, at)
  else await episodes.pinEpisode(tx, projectId, id, at)
  const versionId = row.version === undefined ? {} : { versionId: row.version.id }
  const change = { projectId, scope, entry: id, kind: "memory", op: pinned ? "pin" : "unpin", principal }
  await changes.recordChange(tx, { ...change, ...versionId })
  return true
}

/** Those of the scopes, oldest first. */
export async function pinnedRows(db: Queryable, projectId: string, scopes: readonly string[], limit: number): Promise<Row[]> {
  const said = await episodes.pinnedEpisodes(db, projectId, scopes, limit)
  const derived = await memoryVersions.pinnedHeads(db, projectId, scopes, limit)
  return [...said.map((episode): Row => ({ episode })), ...derived.map((version): Row => ({ version }))]
}

/** Those of one scope, newest first; `before` is the last id of the page before. A scope has few. */
export async function pinnedPage(
  db: Queryable,
  projectId: string,
  scope: string,
  { kinds, before, limit }: { kinds?: readonly ("episode" | MemoryKind)[] | undefined; before?: string | undefined; limit: number },
): Promise<Row[]> {
  const rows = (await pinnedRows(db, projectId, [scope], pinsReadMax)).filter(
    (row) => row.episode?.revokedAt === null || row.version !== undefined,
  )
  const named = rows.map((row) => ({
    row,
    id: row.episode?.id ?? row.version?.memoryId ?? "",
    kind: row.version?.kind ?? ("episode" as const),
  }))
  const wanted = named.filter(({ id, kind }) => (kinds === undefined || kinds.includes(kind)) && (before === undefined || id < before))
  return wanted
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, limit)
    .map(({ row }) => row)
}

/** More than a scope may have now; a limit that was lowered since leaves what there is. */
const pinsReadMax = 1_000
