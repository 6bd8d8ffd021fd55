// What people do to single entries: confirm, retract, redact, forget. Each takes along what rests on the entry alone.
import { AppError, type Clock, type NewId } from "../../core/index.ts"
import {
  changes,
  dataKeys,
  derivations,
  episodes,
  memories,
  memoryReviews,
  memoryVersions,
  type FallenVersion,
  type Queryable,
  type Store,
  type StoredVersion,
} from "../../store/index.ts"
import type { ScopeIndex } from "../retrieval/index-entry.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import { sealBody } from "./bodies.ts"
import { subjectOfScope, type DataKeys } from "./data-keys.ts"
import { readRows, type Row, type VersionBody } from "./entries.ts"
import { IndexChanges } from "./index-changes.ts"
import { indexedMessage } from "./indexed-message.ts"
import { writersLabel } from "./labels.ts"
import { writeEpisode, type Written } from "./remember.ts"
import { fallWith } from "./take-back.ts"
import type { Entry } from "./types.ts"

export interface CurateDependencies {
  store: Store
  keys: DataKeys
  index: ScopeIndex
  clock: Clock
  newId: NewId
}

/** A person's own word. What they confirm they say themselves: a new version rests on that, and has their trust. */
export async function confirm(dependencies: CurateDependencies, tx: Queryable, caller: MemoryCaller, row: Row): Promise<Row> {
  const [entry] = await readRows(dependencies.keys, tx, caller.projectId, [row])
  if (entry === undefined || entry.text === null) throw gone(row)
  requireLive(row)
  // Before the rows of the index, as whoever asserts something of it does.
  if (row.version !== undefined) await memories.lockMemory(tx, caller.projectId, row.version.memoryId)
  const said = await sayAgain(dependencies, tx, caller, entry, row)
  await resolve(dependencies, tx, caller, row, "confirmed")
  if (row.episode !== undefined) return { episode: said.episode }
  return newVersion(dependencies, tx, caller, { version: row.version, entry, said, op: "confirm" })
}

/** The confirmation as evidence. Of a derived statement it repeats what was recalled, so nothing is extracted from it. */
function sayAgain(dependencies: CurateDependencies, tx: Queryable, caller: MemoryCaller, entry: Entry, row: Row): Promise<Written> {
  const confirms = entry.versionId ?? entry.id
  return writeEpisode(dependencies, tx, caller, {
    scope: entry.scope,
    text: entry.text ?? "",
    metadata: { ...entry.metadata, confirms },
    recalledFrom: row.episode === undefined ? [confirms] : [],
    ...(entry.validFrom === null ? {} : { validFrom: entry.validFrom }),
    ...(entry.validTo === null ? {} : { validTo: entry.validTo }),
  })
}

/** A version by a person, in the place of this one and of the head, resting on what they said. */
export async function newVersion(
  dependencies: CurateDependencies,
  tx: Queryable,
  caller: MemoryCaller,
  { version, entry, said, op }: { version: StoredVersion; entry: Entry; said: Written; op: "confirm" | "correct" },
): Promise<Row> {
  const { keys, clock, newId, index } = dependencies
  const { projectId, principal } = caller
  const now = clock.now()
  const [head] = await memoryVersions.headsOf(tx, projectId, [version.memoryId])
  const replaced = head === undefined || head.id === version.id ? [version] : [version, head]
  const queue = new IndexChanges(index)
  const label = writersLabel(caller)
  for (const old of replaced) {
    const [was] = await readRows(keys, tx, projectId, [{ version: old }])
    const by = old.id === version.id && op === "confirm" ? "refine" : "supersede"
    const replacedFrom = by === "supersede" ? (version.validFrom ?? version.recordedAt) : null
    await memoryVersions.endVersions(tx, projectId, [old.id], { by, now, integrity: label.integrity, replacedFrom })
    queue.end(projectId, old, was?.text ?? null)
  }
  const [sealedBy] = await dataKeys.keysByIds(tx, projectId, [version.keyId])
  const key = await keys.held(tx, projectId, sealedBy?.subject ?? subjectOfScope(version.scope))
  const id = newId("ver")
  const { text, data, slot } = entry
  const body: VersionBody = { text: text ?? "", ...(data === null ? {} : { data }), ...(slot === null ? {} : { slot }) }
  const confirmed: StoredVersion = {
    ...version,
    id,
    keyId: key.id,
    body: sealBody(key.bytes, projectId, id, body),
    recordedAt: now,
    head: true,
    principal,
    op: op === "confirm" && (head === undefined || head.id === version.id) ? "refine" : "supersede",
    supersedes: (head ?? version).id,
    expiredAt: null,
    endedBy: null,
    replacedFrom: null,
    endedIntegrity: null,
    lapsesAt: null,
    runId: null,
    model: null,
    promptHash: null,
    label: label as never,
    integrity: label.integrity,
    confidence: 1,
  }
  await memoryVersions.insertVersion(tx, projectId, confirmed)
  const parent = { child: id, parentKind: "episode", parent: said.episode.id, quoteStart: 0, quoteEnd: (text ?? "").length } as const
  await derivations.insertDerivations(tx, projectId, [parent])
  queue.add(projectId, confirmed, text ?? "")
  await queue.apply(tx)
  await record(tx, caller, version.scope, version.memoryId, op, id)
  return { version: confirmed }
}

/** Not believed any more. `until`: it held before; without it, it was wrong all along. */
export async function retract(
  dependencies: CurateDependencies,
  tx: Queryable,
  caller: MemoryCaller,
  row: Row,
  until: number | null,
): Promise<void> {
  const { projectId } = caller
  const now = dependencies.clock.now()
  const { integrity } = writersLabel(caller)
  const queue = new IndexChanges(dependencies.index)
  requireLive(row)
  const [entry] = await readRows(dependencies.keys, tx, projectId, [row])
  if (row.episode === undefined) {
    await memoryVersions.endVersions(tx, projectId, [row.version.id], { by: "retract", now, integrity, replacedFrom: until })
    if (row.version.op !== "contradict" || row.version.head) queue.end(projectId, row.version, entry?.text ?? null)
  } else {
    const text = entry?.text ?? null
    const said =
      text === null ? null : await indexedMessage(dependencies.keys, tx, projectId, row.episode, { text, speaker: entry?.speaker })
    await episodes.endEpisodes(tx, projectId, [row.episode.id], { by: "retract", now })
    queue.retract(projectId, row.episode, said)
  }
  const { fallen } = await fallWith(dependencies, tx, projectId, [idOf(row)], { by: "revoke", now, integrity }, queue)
  await resolve(dependencies, tx, caller, row, "rejected")
  await queue.apply(tx)
  await recordEnd(tx, caller, row, fallen, "retract")
}

/** The text goes, of this entry and of what rests on it alone; that there was something stays. */
export async function redact(dependencies: CurateDependencies, tx: Queryable, caller: MemoryCaller, row: Row): Promise<void> {
  const { projectId } = caller
  const now = dependencies.clock.now()
  const { integrity } = writersLabel(caller)
  const queue = new IndexChanges(dependencies.index)
  const taking = { by: "redact", now, integrity } as const
  if (row.episode === undefined) await memoryVersions.endVersions(tx, projectId, [row.version.id], taking)
  else await episodes.endEpisodes(tx, projectId, [row.episode.id], { by: "redact", now })
  queue.remove(projectId, (row.episode ?? row.version).scope, idOf(row))
  const { fallen } = await fallWith(dependencies, tx, projectId, [idOf(row)], taking, queue)
  for (const { scope, id } of fallen) queue.remove(projectId, scope, id)
  await resolve(dependencies, tx, caller, row, "rejected")
  await queue.apply(tx)
  await recordEnd(tx, caller, row, fallen, "redact")
}

/** Nothing of it stays but the change in the log: not the entry, not its versions, not the text of what rests on it alone. */
export async function forget(dependencies: CurateDependencies, tx: Queryable, caller: MemoryCaller, row: Row): Promise<void> {
  const { projectId } = caller
  const now = dependencies.clock.now()
  const { integrity } = writersLabel(caller)
  const queue = new IndexChanges(dependencies.index)
  const taking = { by: "redact", now, integrity } as const
  const versions = row.episode === undefined ? await memoryVersions.versionsOfMemory(tx, projectId, row.version.memoryId, versionsMax) : []
  const ids = row.episode === undefined ? versions.map(({ id }) => id) : [row.episode.id]
  if (row.episode === undefined) await memoryVersions.endVersions(tx, projectId, ids, taking)
  else await episodes.endEpisodes(tx, projectId, ids, { by: "redact", now })
  const { scope } = row.episode ?? row.version
  for (const id of ids) queue.remove(projectId, scope, id)
  const { fallen } = await fallWith(dependencies, tx, projectId, ids, taking, queue)
  for (const version of fallen) queue.remove(projectId, version.scope, version.id)
  await resolve(dependencies, tx, caller, row, "rejected")
  await derivations.deleteDerivations(tx, projectId, ids)
  if (row.episode === undefined) await memories.deleteMemory(tx, projectId, row.version.memoryId)
  else await episodes.deleteEpisode(tx, projectId, row.episode.id)
  await queue.apply(tx)
  await recordEnd(tx, caller, row, fallen, "forget")
}

const versionsMax = 10_000

function idOf(row: Row): string {
  return (row.episode ?? row.version).id
}

export function requireLive(row: Row): void {
  const { expiredAt, id } = row.episode ?? row.version
  if (expiredAt === null && (row.episode?.revokedAt ?? null) === null) return
  throw new AppError("conflict", `'${row.version?.memoryId ?? id}' is not believed any more.`, {
    hint: `Read GET /v1/memories/${row.version?.memoryId ?? id}/versions for what became of it.`,
  })
}

export function gone(row: Row): AppError {
  return new AppError("conflict", `'${row.version?.memoryId ?? idOf(row)}' has no text any more: it was redacted or erased.`)
}

function resolve(
  { clock }: CurateDependencies,
  tx: Queryable,
  { projectId, principal }: MemoryCaller,
  row: Row,
  resolution: "confirmed" | "rejected",
): Promise<void> {
  return memoryReviews.resolveReviews(tx, projectId, [idOf(row)], { principal, resolution, now: clock.now() })
}

async function record(
  tx: Queryable,
  { projectId, principal }: MemoryCaller,
  scope: string,
  entry: string,
  op: string,
  versionId?: string,
): Promise<void> {
  await changes.recordChange(tx, {
    projectId,
    scope,
    entry,
    kind: "memory",
    op,
    principal,
    ...(versionId === undefined ? {} : { versionId }),
  })
}

async function recordEnd(tx: Queryable, caller: MemoryCaller, row: Row, fallen: readonly FallenVersion[], op: string): Promise<void> {
  const { scope, id } = row.episode ?? row.version
  for (const version of fallen) await record(tx, caller, version.scope, version.memoryId, op, version.id)
  await record(tx, caller, scope, row.version?.memoryId ?? id, op, row.version?.id)
}
