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

/** Names of people and things in a scope, whose key hides them in the index. */
export interface NamesOfScope {
  scope: string
  scopeKey: Uint8Array
  names: readonly string[]
}

/** What shares entities with those entries or those names, most in common first; entities are those of one scope, so none is left. */
export async function entityHop(
  db: Queryable,
  projectId: string,
  from: { entryIds: readonly string[]; named?: NamesOfScope },
  limit: number,
): Promise<HopTarget[]> {
  const { scope = "", scopeKey = new Uint8Array(), names = [] } = from.named ?? {}
  const hashed = names.map((name) => hashName(scopeKey, name))
  const known =
    hashed.length === 0
      ? []
      : await memoryEntities.namesLike(
          db,
          projectId,
          scope,
          hashed.map(({ hash }) => hash),
          hashed.flatMap(({ trigrams }) => trigrams),
        )
  const entityIds = hashed.flatMap((name) => resolveName(name, known) ?? [])
  return memoryMentions.entriesSharingEntities(db, projectId, from.entryIds, [...new Set(entityIds)], limit)
}
