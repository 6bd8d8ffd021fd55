// When independent sources say the same: which are independent of each other, and the proposal that a person confirms it. Nothing is promoted by it.
import type { Clock, NewId } from "../../core/index.ts"
import { derivations, episodes, memoryReviews, sources, type Queryable, type StoredVersion } from "../../store/index.ts"
import { instructingLevel } from "./choose.ts"
import type { DataKeys } from "./data-keys.ts"
import { readRows } from "./entries.ts"
import { readSources, type Source } from "./sources.ts"

/** One of the independent sources of a statement, with the words in which it says so. */
export interface Corroboration {
  source: Source
  /** The episode. */
  memoryId: string
  quote: string | null
}

const independentMin = 2

/** Asks a person once there are enough; a text that asks for behaviour gains nothing by being repeated. */
export async function proposeConfirmation(
  { keys, clock, newId }: { keys: DataKeys; clock: Clock; newId: NewId },
  tx: Queryable,
  projectId: string,
  { id, scope, integrity, directive }: Pick<StoredVersion, "id" | "scope" | "integrity" | "directive">,
): Promise<void> {
  if (integrity >= instructingLevel || directive) return
  const found = (await corroborationsOf(keys, tx, projectId, [id])).get(id) ?? []
  if (found.length < independentMin) return
  await memoryReviews.insertReview(tx, projectId, { id: newId("rev"), scope, entryId: id, reason: "corroborated", createdAt: clock.now() })
}

/** By version: one for each origin whose evidence is live; versions with fewer than two are left out. */
export async function corroborationsOf(
  keys: DataKeys,
  db: Queryable,
  projectId: string,
  versionIds: readonly string[],
): Promise<Map<string, Corroboration[]>> {
  const parents = (await derivations.parentsOf(db, projectId, versionIds)).filter(({ parentKind }) => parentKind === "episode")
  const ids = [...new Set(parents.map(({ parent }) => parent))]
  const rows = (await episodes.episodesByIds(db, projectId, ids)).filter(isEvidence)
  const entries = await readRows(
    keys,
    db,
    projectId,
    rows.map((episode) => ({ episode })),
  )
  const texts = new Map(entries.map(({ id, text }) => [id, text]))
  const sourceIds = [...new Set(rows.map(({ sourceId }) => sourceId))]
  const read = await readSources(keys, db, projectId, await sources.sourcesByIds(db, projectId, sourceIds))
  const bySource = new Map(read.map((source) => [source.id, source]))
  const sourceOf = new Map(rows.map(({ id, sourceId }) => [id, bySource.get(sourceId)]))
  const found = new Map<string, Map<string, Corroboration>>()
  for (const { child, parent, quoteStart, quoteEnd } of parents) {
    const source = sourceOf.get(parent)
    const origin = source && originOf(source)
    if (source === undefined || origin === undefined) continue
    const quote = quoteStart === null || quoteEnd === null ? null : (texts.get(parent)?.slice(quoteStart, quoteEnd) ?? null)
    const known = found.get(child) ?? new Map<string, Corroboration>()
    if (!known.has(origin)) known.set(origin, { source, memoryId: parent, quote })
    found.set(child, known)
  }
  return new Map([...found].flatMap(([id, each]) => (each.size < independentMin ? [] : [[id, [...each.values()]] as const])))
}

/** What a model says repeats what it read, and so does what was recalled. */
function isEvidence({ expiredAt, revokedAt, lane, recalledFrom }: Awaited<ReturnType<typeof episodes.episodesByIds>>[number]): boolean {
  return expiredAt === null && revokedAt === null && lane !== "assistant" && recalledFrom.length === 0
}

/** Sources of one origin are one voice: pages of one host, results of one tool, what one person says. Undefined: nobody can tell whose voice it is. */
export function originOf({ kind, uri, principal }: Pick<Source, "kind" | "uri" | "principal">): string | undefined {
  if (kind === "agent") return undefined
  if (kind === "user" || kind === "operator") return `person ${principal}`
  if (uri === null) return undefined
  if (kind !== "web") return `${kind} ${uri}`
  const host = URL.canParse(uri) ? new URL(uri).hostname : ""
  return host === "" ? undefined : `web ${host.split(".").slice(-2).join(".")}`
}
