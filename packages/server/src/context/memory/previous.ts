// What was said right before a message in its session: it says what a short answer is about.
import { episodes, type Queryable, type StoredEpisode } from "../../store/index.ts"
import type { DataKeys } from "./data-keys.ts"
import { readRows } from "./entries.ts"

/** Messages before it that are looked at. */
const previousMax = 2

/** The nearest first; those that were taken back or cannot be read are left out. */
export async function previousTexts(
  db: Queryable,
  keys: DataKeys,
  projectId: string,
  episode: Pick<StoredEpisode, "id" | "scope" | "session" | "lane">,
): Promise<string[]> {
  if (episode.session === null || episode.lane === "tool") return []
  const before = await episodes.episodesBefore(db, projectId, { ...episode, session: episode.session }, previousMax)
  if (before.length === 0) return []
  const entries = await readRows(
    keys,
    db,
    projectId,
    before.map((each) => ({ episode: each })),
  )
  return entries.flatMap(({ text }) => text ?? [])
}
