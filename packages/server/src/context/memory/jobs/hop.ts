// The second hop of a recall: entries that speak of the same people and things as the first hits, or as the question.
import { memoryEntities, memoryMentions, type Queryable } from "../../../store/index.ts"
import { hashName, resolveName } from "./names.ts"

export interface HopTarget {
  /** Of an episode, or of a memory whose head counts. */
  episodeId: string | null
  memoryId: string | null
  /** Entities in common. */
  shared: number
}

/** What shares entities with those entries or those names, most in common first. */
export async function entityHop(
  db: Queryable,
  place: { projectId: string; scope: string; scopeKey: Uint8Array },
  from: { entryIds: readonly string[]; names: readonly string[] },
  limit: number,
): Promise<HopTarget[]> {
  const hashed = from.names.map((name) => hashName(place.scopeKey, name))
  const known =
    hashed.length === 0
      ? []
      : await memoryEntities.namesLike(
          db,
          place.projectId,
          place.scope,
          hashed.map(({ hash }) => hash),
          hashed.flatMap(({ trigrams }) => trigrams),
        )
  const entityIds = hashed.flatMap((name) => resolveName(name, known) ?? [])
  return memoryMentions.entriesSharingEntities(db, place.projectId, from.entryIds, [...new Set(entityIds)], limit)
}
