// What was remembered of a conversation, over all scopes: taken back where the conversation is deleted with what came of it.
import { episodes, type Queryable } from "../../store/index.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import type { CurateDependencies } from "./curate.ts"
import { lockReachOf } from "./lock-reach.ts"
import { requireScope } from "./lookup.ts"
import { fallOf, type Revocation } from "./sources.ts"

export interface ConversationRevocation extends Omit<Revocation, "source"> {
  /** Where something ended. */
  scopes: string[]
}

/** In one transaction nothing of it is found or told any more, nor what rests on it. Throws where the caller may not curate one of the scopes. */
export async function revokeConversation(
  dependencies: CurateDependencies,
  tx: Queryable,
  caller: MemoryCaller,
  conversationId: string,
): Promise<ConversationRevocation> {
  const { projectId } = caller
  const now = dependencies.clock.now()
  const idsOf = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id)
  await lockReachOf(tx, projectId, async () => idsOf(await episodes.episodesOfConversation(tx, projectId, conversationId)))
  const said = await episodes.episodesOfConversation(tx, projectId, conversationId)
  const scopes = [...new Set(said.map(({ scope }) => scope))].sort()
  for (const scope of scopes) await requireScope(tx, caller, scope, "curate")
  const ended = await episodes.endEpisodes(tx, projectId, idsOf(said), { by: "revoke", now })
  return { ...(await fallOf(dependencies, tx, caller, { sourceId: conversationId, scopes, ended, now })), scopes }
}
