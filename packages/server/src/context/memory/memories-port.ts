// Memory as the rest of the server uses it.
import type { MemoryKind, ReviewReason } from "../../store/index.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import type { ConversationRevocation } from "./conversation-memories.ts"
import type { Correction } from "./correct.ts"
import type { Corroboration } from "./corroboration.ts"
import type { Explanation } from "./explain.ts"
import type { PinnedQuery } from "./pinned-entries.ts"
import type { RecallQuery } from "./recall-query.ts"
import type { BlastRadius, Revocation, Source } from "./sources.ts"
import type { Entry, NewMemory, Recall, RememberedEntry } from "./types.ts"

export interface ScopePage {
  scope: string
  /** The last id of the page before. */
  before?: string | undefined
  limit: number
}

export interface MemoryPage extends ScopePage {
  /** All when absent. */
  kinds?: readonly ("episode" | MemoryKind)[] | undefined
  /** Only what is pinned. */
  pinned?: boolean | undefined
}

export interface Review {
  id: string
  reason: ReviewReason
  createdAt: number
  entry: Entry
  /** Of what independent sources say: these. */
  corroboration: Corroboration[]
}

export interface Memories {
  /** Resolves when the statement is committed and can be found by its words. */
  remember(caller: MemoryCaller, memory: NewMemory): Promise<RememberedEntry>
  recall(caller: MemoryCaller, query: RecallQuery, signal: AbortSignal): Promise<Recall>
  /** Newest first. */
  list(caller: MemoryCaller, page: MemoryPage): Promise<Entry[]>
  get(caller: MemoryCaller, id: string): Promise<Entry>
  /** Of a derived memory, newest first; an episode has one. */
  versions(caller: MemoryCaller, id: string, limit: number): Promise<Entry[]>
  explain(caller: MemoryCaller, id: string): Promise<Explanation>
  /** The caller says it too: what is confirmed has the trust of their own word. */
  confirm(caller: MemoryCaller, id: string): Promise<Entry>
  /** It is not believed any more; `until`: it held before that time. */
  retract(caller: MemoryCaller, id: string, until: number | null): Promise<Entry>
  /** What the caller says instead; it takes the place of the old one, which is told of still. */
  correct(caller: MemoryCaller, id: string, correction: Correction): Promise<Entry>
  /** Its text goes, with that of what rests on it alone. */
  redact(caller: MemoryCaller, id: string): Promise<Entry>
  /** Takes it out of everything that can be read, with what rests on it alone. */
  forget(caller: MemoryCaller, id: string): Promise<Entry>
  /** Pins it, or takes the pin away. */
  pin(caller: MemoryCaller, id: string, pinned: boolean): Promise<Entry>
  /** What is pinned in those scopes and may be told, oldest first. */
  pinned(caller: MemoryCaller, query: PinnedQuery): Promise<Entry[]>
  /** What a person should decide on, oldest first; `before` is the last id of the page before. */
  reviews(caller: MemoryCaller, page: ScopePage): Promise<Review[]>
  sources(caller: MemoryCaller, page: ScopePage): Promise<Source[]>
  /** A source, or a stored file by its id. */
  source(caller: MemoryCaller, id: string): Promise<Source>
  blastRadius(caller: MemoryCaller, sourceId: string): Promise<BlastRadius>
  /** All that came from the source is told no more, nor what rests on it alone. A stored file leaves every vector store, too. */
  revoke(caller: MemoryCaller, sourceId: string, reason: string | null): Promise<Revocation>
  /** The same for what was remembered of a conversation. */
  revokeConversation(caller: MemoryCaller, conversationId: string): Promise<ConversationRevocation>
}
