// Which session a message belongs to: messages of one session are read after each other.
import { episodes, type Queryable, type StoredEpisode } from "../../store/index.ts"
import type { NewMemory } from "./types.ts"

/** Silence after which a conversation goes on as another session. */
const sessionGapMs = 30 * 60 * 1000

/** What the client says, else its conversation, else the messages of the scope that are of none, until a gap. Null: a statement by itself. */
export async function sessionOf(
  tx: Queryable,
  projectId: string,
  { id, scope, conversationId, occurredAt }: Pick<StoredEpisode, "id" | "scope" | "conversationId" | "occurredAt">,
  { role, speaker, session }: NewMemory,
): Promise<string | null> {
  if (session !== undefined) return session
  if (role === undefined && speaker === undefined && conversationId === null) return null
  const last = await episodes.lastMessage(tx, projectId, scope, conversationId)
  return last !== undefined && Math.abs(occurredAt - last.occurredAt) <= sessionGapMs ? last.session : id
}
