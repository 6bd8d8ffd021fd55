// Stored files as sources: what was said with one before whoever said it, over all scopes of the project, and taking that back.
import { episodeFiles, episodes, files, type Queryable } from "../../store/index.ts"
import type { Label } from "../../security/index.ts"
import { fileLabel, noFile, withdrawFile } from "../files.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import type { CurateDependencies } from "./curate.ts"
import { lockReachOf } from "./lock-reach.ts"
import { fallOf, noSource, radiusOf, type BlastRadius, type Revocation, type Source } from "./sources.ts"

/** Whether it names a stored file, also one that was deleted. */
export function isFileSource(id: string): boolean {
  return /^file_\w+$/u.test(id)
}

/** Throws where there is neither the file nor anything that was said with it. */
export async function fileSource(
  { clock }: Pick<CurateDependencies, "clock">,
  db: Queryable,
  caller: MemoryCaller,
  id: string,
): Promise<Source> {
  const isUsed = (await episodeFiles.episodeIdsOfFile(db, caller.projectId, id)).length > 0
  return requireFile(db, caller, id, { now: clock.now(), isUsed })
}

export async function fileBlastRadius(
  { clock }: Pick<CurateDependencies, "clock">,
  db: Queryable,
  caller: MemoryCaller,
  fileId: string,
): Promise<BlastRadius> {
  const episodeIds = await episodeFiles.episodeIdsOfFile(db, caller.projectId, fileId)
  const source = await requireFile(db, caller, fileId, { now: clock.now(), isUsed: episodeIds.length > 0 })
  return radiusOf(db, caller.projectId, source, episodeIds)
}

export interface FileRevocation extends Revocation {
  /** Where something ended. */
  scopes: string[]
}

/** In one transaction nothing of it is found or told any more: no vector store has it, and what was said with it falls. The file itself stays. */
export async function revokeFile(
  dependencies: CurateDependencies,
  tx: Queryable,
  caller: MemoryCaller,
  fileId: string,
  reason: string | null,
): Promise<FileRevocation> {
  const { projectId, principal } = caller
  const now = dependencies.clock.now()
  await lockReachOf(tx, projectId, () => episodeFiles.episodeIdsOfFile(tx, projectId, fileId))
  const episodeIds = await episodeFiles.episodeIdsOfFile(tx, projectId, fileId)
  const source = await requireFile(tx, caller, fileId, { now, isUsed: episodeIds.length > 0 })
  await withdrawFile(tx, dependencies.index, projectId, fileId)
  const ended = await episodes.endEpisodes(tx, projectId, episodeIds, { by: "revoke", now })
  const scopes = [...new Set((await episodes.episodesByIds(tx, projectId, ended)).map(({ scope }) => scope))]
  const counts = await fallOf(dependencies, tx, caller, { sourceId: fileId, scopes, ended, now })
  return { source: { ...source, revokedAt: now, revokedBy: principal, reason }, ...counts, scopes }
}

/** The file, or of one that was deleted what is left. It is the whole project's: a key that acts for one user does not see it here. */
async function requireFile(
  db: Queryable,
  { projectId, user = null }: MemoryCaller,
  id: string,
  { now, isUsed }: { now: number; isUsed: boolean },
): Promise<Source> {
  if (user !== null) throw noSource(id)
  const file = await files.findFile(db, projectId, now, id, null)
  if (file === undefined && !isUsed) throw noFile(id)
  return {
    id,
    scope: "project",
    kind: "file",
    principal: file?.principal ?? "",
    uri: null,
    title: file?.filename ?? null,
    label: (file?.label as Label | undefined) ?? fileLabel(projectId, id), // written by us from a Label
    runId: null,
    createdAt: file?.createdAt ?? millisecondOf(id),
    revokedAt: null,
    revokedBy: null,
    reason: null,
  }
}

/** Ids begin with the millisecond in which they were made. */
function millisecondOf(id: string): number {
  return Number.parseInt(id.slice("file_".length, "file_".length + 12), 16) || 0
}
