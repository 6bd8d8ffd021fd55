// By which words a message is found: its own, inside of its conversation.
import type { NewEpisode, Queryable, StoredEpisode } from "../../store/index.ts"
import type { Lane } from "../retrieval/lanes.ts"
import { weightedTerms } from "../retrieval/window.ts"
import type { DataKeys } from "./data-keys.ts"
import type { IndexedText } from "./index-changes.ts"
import { previousTexts } from "./previous.ts"

export async function indexedMessage(
  keys: DataKeys,
  db: Queryable,
  projectId: string,
  episode: Pick<NewEpisode | StoredEpisode, "id" | "scope" | "session" | "lane">,
  { text, speaker }: { text: string; speaker?: string | null | undefined },
): Promise<IndexedText> {
  const previous = await previousTexts(db, keys, projectId, episode)
  const lane = episode.lane as Lane // written by us
  return { lane, parts: [weightedTerms(text, previous)], session: episode.session ?? undefined, speaker: speaker ?? undefined }
}
