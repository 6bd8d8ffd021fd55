// What a person says instead of an entry: their own word takes its place, in one transaction, and both are told of with what they rest on.
import { AppError } from "../../core/index.ts"
import { corrections, dataKeys, episodes, memories, type Queryable, type StoredVersion } from "../../store/index.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import { gone, newVersion, requireLive, retract, type CurateDependencies } from "./curate.ts"
import { subjectOfScope } from "./data-keys.ts"
import { readRows, type Row } from "./entries.ts"
import { writeEpisode, type Written } from "./remember.ts"
import type { Entry, NewMemory } from "./types.ts"

export interface Correction {
  text: string
  /** As it was where absent; null: always. */
  validFrom?: number | null | undefined
  validTo?: number | null | undefined
}

/** Whom it is about, its session and its times stay unless others are given. */
export async function correct(
  dependencies: CurateDependencies,
  tx: Queryable,
  caller: MemoryCaller,
  row: Row,
  correction: Correction,
): Promise<Row> {
  const [entry] = await readRows(dependencies.keys, tx, caller.projectId, [row])
  if (entry === undefined || entry.text === null) throw gone(row)
  requireLive(row)
  if (entry.text === correction.text && correction.validFrom === undefined && correction.validTo === undefined) throw nothingNew(entry)
  return row.episode === undefined
    ? correctVersion(dependencies, tx, caller, row.version, entry, correction)
    : correctEpisode(dependencies, tx, caller, row, entry, correction)
}

/** What was derived of the old one goes with it; of the new one it is derived anew. */
async function correctEpisode(
  dependencies: CurateDependencies,
  tx: Queryable,
  caller: MemoryCaller,
  row: Extract<Row, { episode: object }>,
  entry: Entry,
  correction: Correction,
): Promise<Row> {
  const { projectId } = caller
  // First, so that the same words with other times are no repetition of it.
  await retract(dependencies, tx, caller, row, null)
  const session = entry.session === null ? {} : { session: entry.session }
  const when = entry.occurredAt === null ? {} : { occurredAt: entry.occurredAt }
  const said = await say(dependencies, tx, caller, row, entry, { ...correction, ...session, ...when })
  if (said.episode.id === row.episode.id) throw nothingNew(entry)
  await corrections.insertCorrection(tx, projectId, said.episode.id, row.episode.id)
  if (row.episode.pinnedAt !== null) await episodes.pinEpisode(tx, projectId, said.episode.id, row.episode.pinnedAt)
  return { episode: { ...said.episode, pinnedAt: row.episode.pinnedAt } }
}

/** A new version that supersedes it, resting on what was said. */
async function correctVersion(
  dependencies: CurateDependencies,
  tx: Queryable,
  caller: MemoryCaller,
  version: StoredVersion,
  entry: Entry,
  correction: Correction,
): Promise<Row> {
  // Before the rows of the index, as whoever asserts something of it does.
  await memories.lockMemory(tx, caller.projectId, version.memoryId)
  // It says what the version says, so nothing more is extracted from it.
  const said = await say(dependencies, tx, caller, { version }, entry, { ...correction, recalledFrom: [version.id] })
  const { validFrom = entry.validFrom, validTo = entry.validTo } = correction
  // The structured value was that of the old words.
  const told = { ...entry, text: correction.text, data: entry.text === correction.text ? entry.data : null }
  return newVersion(dependencies, tx, caller, { version: { ...version, validFrom, validTo }, entry: told, said, op: "correct" })
}

async function say(
  dependencies: CurateDependencies,
  tx: Queryable,
  caller: MemoryCaller,
  row: Row,
  entry: Entry,
  {
    text,
    validFrom = entry.validFrom,
    validTo = entry.validTo,
    ...more
  }: Correction & Pick<NewMemory, "session" | "occurredAt" | "recalledFrom">,
): Promise<Written> {
  const { keyId, scope } = row.episode ?? row.version
  const [key] = await dataKeys.keysByIds(tx, caller.projectId, [keyId])
  const subject = key === undefined || key.subject === subjectOfScope(scope) ? {} : { subject: key.subject }
  return writeEpisode(dependencies, tx, caller, {
    scope,
    text,
    role: "user",
    metadata: { ...entry.metadata, corrects: entry.versionId ?? entry.id },
    ...subject,
    ...more,
    ...(validFrom === null ? {} : { validFrom }),
    ...(validTo === null ? {} : { validTo }),
  })
}

function nothingNew({ id }: Entry): AppError {
  return new AppError("invalid_request", `The memory '${id}' says that already.`, {
    param: "text",
    hint: "POST /v1/memories/{id}/confirm says it too.",
  })
}
