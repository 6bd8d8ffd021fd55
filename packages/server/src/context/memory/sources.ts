// Sources: where evidence came from, what came of it, and taking it back.
import { AppError } from "../../core/index.ts"
import type { Label } from "../../security/index.ts"
import {
  changes,
  episodeParents,
  episodes,
  memoryVersions,
  recalled,
  sources,
  type Queryable,
  type SourceKind,
  type StoredSource,
} from "../../store/index.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import { openBody } from "./bodies.ts"
import type { CurateDependencies } from "./curate.ts"
import type { DataKeys } from "./data-keys.ts"
import { IndexChanges } from "./index-changes.ts"
import { writersLabel } from "./labels.ts"
import { fallWith } from "./take-back.ts"

export interface Source {
  id: string
  scope: string
  kind: SourceKind
  principal: string
  uri: string | null
  title: string | null
  label: Label
  runId: string | null
  createdAt: number
  revokedAt: number | null
  revokedBy: string | null
  reason: string | null
}

export interface BlastRadius {
  source: Source
  /** All that came from it. */
  episodes: number
  episodeIds: string[]
  /** What models said with any of it before them. */
  answers: number
  answerIds: string[]
  /** All that was derived of that, over any number of steps. */
  versions: number
  derived: { memoryId: string; versionId: string; kind: string; head: boolean; endedBy: string | null }[]
  /** Runs that were given any of it. */
  runs: { runId: string; entries: number; recalledAt: number }[]
}

export interface Revocation {
  source: Source
  episodes: number
  /** What models had said with any of it before them. */
  answers: number
  /** Versions that fell with it. */
  versions: number
  /** Of those, what they had replaced and what is believed again. */
  restored: number
}

const listedMax = 1_000

export async function readSources(keys: DataKeys, db: Queryable, projectId: string, rows: readonly StoredSource[]): Promise<Source[]> {
  const opened = await keys.byIds(
    db,
    projectId,
    rows.map(({ keyId }) => keyId),
  )
  return rows.map((row) => {
    const body = openBody(opened.get(row.keyId), projectId, row.id, row.body) as { uri: string | null; title: string | null } | undefined
    const { id, scope, kind, principal, runId, createdAt, revokedAt, revokedBy, reason } = row
    return {
      id,
      scope,
      kind,
      principal,
      runId,
      createdAt,
      revokedAt,
      revokedBy,
      reason,
      uri: body?.uri ?? null,
      title: body?.title ?? null,
      label: row.label as unknown as Label, // written by us from a Label
    }
  })
}

export async function readSource(keys: DataKeys, db: Queryable, projectId: string, row: StoredSource): Promise<Source> {
  const [source] = await readSources(keys, db, projectId, [row])
  if (source === undefined) throw noSource(row.id)
  return source
}

export async function blastRadius(keys: DataKeys, db: Queryable, projectId: string, row: StoredSource): Promise<BlastRadius> {
  const source = await readSource(keys, db, projectId, row)
  return radiusOf(db, projectId, source, await episodes.episodeIdsOfSource(db, projectId, row.id))
}

/** What came of those episodes, all of the source. */
export async function radiusOf(db: Queryable, projectId: string, source: Source, episodeIds: readonly string[]): Promise<BlastRadius> {
  const came = await episodeParents.comeOf(db, projectId, episodeIds)
  const derivedIds = came.flatMap(({ id, kind }) => (kind === "version" ? [id] : []))
  // An answer can be of the source itself, where that is a model.
  const own = new Set(episodeIds)
  const answerIds = came.flatMap(({ id, kind }) => (kind === "episode" && !own.has(id) ? [id] : []))
  const derived = await memoryVersions.versionsByIds(db, projectId, derivedIds.slice(0, listedMax))
  return {
    source,
    episodes: episodeIds.length,
    episodeIds: episodeIds.slice(0, listedMax),
    answers: answerIds.length,
    answerIds: answerIds.slice(0, listedMax),
    versions: derivedIds.length,
    derived: derived.map(({ memoryId, id, kind, head, endedBy }) => ({ memoryId, versionId: id, kind, head, endedBy })),
    runs: await recalled.runsGiven(db, projectId, [...episodeIds, ...answerIds, ...derivedIds], listedMax),
  }
}

/** In one transaction nothing of it is told any more. Its rows leave the index afterwards, by upkeep. */
export async function revoke(
  dependencies: CurateDependencies,
  tx: Queryable,
  caller: MemoryCaller,
  row: StoredSource,
  reason: string | null,
): Promise<Revocation> {
  const { projectId, principal } = caller
  const now = dependencies.clock.now()
  if (!(await sources.revokeSource(tx, projectId, row.id, { principal, reason, now }))) {
    throw new AppError("conflict", `The source '${row.id}' was revoked before.`, { hint: `Read GET /v1/sources/${row.id}/blast_radius.` })
  }
  const ended = await episodes.revokeEpisodesOf(tx, projectId, row.id, now)
  const counts = await fallOf(dependencies, tx, caller, { sourceId: row.id, scopes: [row.scope], ended, now })
  const [revoked = row] = await sources.sourcesByIds(tx, projectId, [row.id])
  return { source: await readSource(dependencies.keys, tx, projectId, revoked), ...counts }
}

/** All that rested on the episodes of a source, which have ended already, and the changes that tell of it, in those scopes and in those of answers. */
export async function fallOf(
  dependencies: CurateDependencies,
  tx: Queryable,
  caller: MemoryCaller,
  { sourceId, scopes, ended, now }: { sourceId: string; scopes: readonly string[]; ended: readonly string[]; now: number },
): Promise<Omit<Revocation, "source">> {
  const { projectId, principal } = caller
  const index = new IndexChanges(dependencies.index)
  const { integrity } = writersLabel(caller)
  const taking = { by: "revoke", now, integrity, withAnswers: true } as const
  const { fallen, restored, answers } = await fallWith(dependencies, tx, projectId, ended, taking, index)
  await index.apply(tx)
  const said = await episodes.episodesByIds(tx, projectId, answers)
  for (const scope of [...new Set([...scopes, ...said.map((answer) => answer.scope)])].sort()) {
    await changes.recordChange(tx, { projectId, scope, entry: sourceId, kind: "source", op: "revoke", principal })
  }
  return { episodes: ended.length, answers: answers.length, versions: fallen.length, restored: restored.length }
}

export function noSource(id: string): AppError {
  return new AppError("not_found", `No source '${id}' in this project.`, {
    param: "id",
    hint: "List a scope's with GET /v1/sources?scope=…",
  })
}
