// What can be done with memory, each in a project that is prepared, in a scope that the caller may use; a change in one transaction.
import { messageOf, type Clock, type Limits, type NewId } from "../../core/index.ts"
import { episodes, memories, memoryReviews, scopes, sources, untilNoRace, type Queryable, type Store } from "../../store/index.ts"
import type { AwaitChanges } from "../changes/read-after.ts"
import type { ScopeIndex } from "../retrieval/index-entry.ts"
import type { Reader } from "../retrieval/reader.ts"
import type { FollowSpace } from "../retrieval/spaces.ts"
import type { TermKeyOf } from "../retrieval/term-hash.ts"
import type { VectorIndex } from "../retrieval/vector-index.ts"
import type { WordCache } from "../retrieval/word-cache.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import type { Caller } from "../types.ts"
import { carryOver } from "./carry-over.ts"
import { corroborationsOf } from "./corroboration.ts"
import { revokeConversation, type ConversationRevocation } from "./conversation-memories.ts"
import { correct, type Correction } from "./correct.ts"
import { confirm, forget, redact, retract } from "./curate.ts"
import type { DataKeys } from "./data-keys.ts"
import { readRows, type Row } from "./entries.ts"
import { explain, readVersions, type Explanation } from "./explain.ts"
import { fileBlastRadius, fileSource, isFileSource, revokeFile } from "./file-sources.ts"
import { lockReachOf } from "./lock-reach.ts"
import { pinnedEntries, type PinnedQuery } from "./pinned-entries.ts"
import { pinnedPage, setPin } from "./pins.ts"
import type { Memories, MemoryPage, Review, ScopePage } from "./memories-port.ts"
import { noMemory, requireRow, requireScope, requireSource, rowsOf } from "./lookup.ts"
import type { ProviderReranking } from "../retrieval/provider-reranking.ts"
import { recall } from "./recall.ts"
import type { RecallQuery } from "./recall-query.ts"
import { remember } from "./remember.ts"
import type { RowCache } from "./row-cache.ts"
import { blastRadius, readSource, readSources, revoke, type BlastRadius, type Revocation, type Source } from "./sources.ts"
import type { Entry, NewMemory, Recall, RememberedEntry } from "./types.ts"
import type { AfterRemember } from "./jobs/starter.ts"

export interface MemoriesDependencies {
  store: Store
  keys: DataKeys
  index: ScopeIndex
  reader: Reader
  embedModel: string
  wordCache: WordCache
  rowCache: RowCache
  vectorIndex: VectorIndex
  termKeyOf: TermKeyOf
  followSpace: FollowSpace
  rerank?: ProviderReranking | undefined
  clock: Clock
  newId: NewId
  limits: Pick<Limits, "memoryPinsPerScopeMax" | "questionEmbedMsMax">
  afterRemember: AfterRemember
  /** Told of each recall and write. */
  noteUse: () => void
  awaitChanges: AwaitChanges
  onError: (name: string, message: string) => void
}

export function createMemories(dependencies: MemoriesDependencies): Memories {
  return new MemoryService(dependencies)
}

class MemoryService implements Memories {
  readonly #dependencies: MemoriesDependencies
  /** Projects that this process has carried over, or is carrying over. */
  readonly #ready = new Map<string, Promise<void>>()

  constructor(dependencies: MemoriesDependencies) {
    this.#dependencies = dependencies
  }

  async remember(caller: MemoryCaller, memory: NewMemory): Promise<RememberedEntry> {
    this.#dependencies.noteUse()
    await this.#prepared(caller)
    const { episode, created, seq } = await remember(this.#dependencies, caller, memory)
    if (created) this.#dependencies.afterRemember(caller, episode.scope)
    return { ...(await this.#one(this.#db(caller), caller, { episode })), created, seq }
  }

  async recall(caller: MemoryCaller, query: RecallQuery, signal: AbortSignal): Promise<Recall> {
    this.#dependencies.noteUse()
    await this.#prepared(caller)
    await this.#dependencies.awaitChanges(caller, query.scopes, query.readAfter, signal)
    return recall(this.#dependencies, caller, query, signal)
  }

  async list(caller: MemoryCaller, { scope, kinds, pinned, before, limit }: MemoryPage): Promise<Entry[]> {
    await this.#prepared(caller)
    const { projectId } = caller
    const db = this.#db(caller)
    const path = await requireScope(db, caller, scope, "read")
    if (pinned === true) return this.#read(db, caller, await pinnedPage(db, projectId, path, { kinds, before, limit }))
    const derived = kinds?.filter((kind) => kind !== "episode") ?? null
    const ids = kinds === undefined || kinds.includes("episode") ? await episodes.listEpisodeIds(db, projectId, path, before, limit) : []
    if (derived === null || derived.length > 0) ids.push(...(await memories.listMemoryIds(db, projectId, path, derived, before, limit)))
    const page = ids.toSorted((a, b) => (a < b ? 1 : -1)).slice(0, limit)
    return this.#read(db, caller, await rowsOf(db, projectId, page))
  }

  async get(caller: MemoryCaller, id: string): Promise<Entry> {
    await this.#prepared(caller)
    const db = this.#db(caller)
    return this.#one(db, caller, await requireRow(db, caller, id, "read"))
  }

  async versions(caller: MemoryCaller, id: string, limit: number): Promise<Entry[]> {
    const db = this.#db(caller)
    const row = await requireRow(db, caller, id, "read")
    if (row.version === undefined) return this.#read(db, caller, [row])
    return readVersions(this.#dependencies.keys, db, caller.projectId, row.version.memoryId, limit)
  }

  async explain(caller: MemoryCaller, id: string): Promise<Explanation> {
    const db = this.#db(caller)
    return explain(this.#dependencies.keys, db, caller.projectId, await requireRow(db, caller, id, "read"))
  }

  confirm(caller: MemoryCaller, id: string): Promise<Entry> {
    return this.#curate(caller, id, "curate", async (tx, row) => {
      const confirmed = await confirm(this.#dependencies, tx, caller, row)
      return this.#one(tx, caller, confirmed)
    })
  }

  retract(caller: MemoryCaller, id: string, until: number | null): Promise<Entry> {
    return this.#curate(caller, id, "curate", async (tx, row) => {
      await retract(this.#dependencies, tx, caller, row, until)
      return this.#again(tx, caller, row)
    })
  }

  correct(caller: MemoryCaller, id: string, correction: Correction): Promise<Entry> {
    return this.#curate(caller, id, "curate", async (tx, row) =>
      this.#one(tx, caller, await correct(this.#dependencies, tx, caller, row, correction)),
    )
  }

  redact(caller: MemoryCaller, id: string): Promise<Entry> {
    return this.#curate(caller, id, "erase", async (tx, row) => {
      await redact(this.#dependencies, tx, caller, row)
      return this.#again(tx, caller, row)
    })
  }

  forget(caller: MemoryCaller, id: string): Promise<Entry> {
    return this.#curate(caller, id, "erase", async (tx, row) => {
      const entry = await this.#one(tx, caller, row)
      await forget(this.#dependencies, tx, caller, row)
      return entry
    })
  }

  pin(caller: MemoryCaller, id: string, pinned: boolean): Promise<Entry> {
    return this.#curate(caller, id, "curate", async (tx, row) => {
      await setPin(this.#dependencies, tx, caller, row, pinned)
      return this.#again(tx, caller, row)
    })
  }

  async pinned(caller: MemoryCaller, query: PinnedQuery): Promise<Entry[]> {
    await this.#prepared(caller)
    return pinnedEntries(this.#dependencies, caller, query)
  }

  async reviews(caller: MemoryCaller, { scope, before, limit }: ScopePage): Promise<Review[]> {
    const db = this.#db(caller)
    const path = await requireScope(db, caller, scope, "read")
    const waiting = await memoryReviews.openReviews(db, caller.projectId, path, before, limit)
    const rows = await rowsOf(
      db,
      caller.projectId,
      waiting.map(({ entryId }) => entryId),
    )
    const entries = new Map((await this.#read(db, caller, rows)).map((entry) => [entry.versionId ?? entry.id, entry]))
    const claims = waiting.flatMap(({ reason, entryId }) => (reason === "corroborated" ? [entryId] : []))
    const said = claims.length === 0 ? undefined : await corroborationsOf(this.#dependencies.keys, db, caller.projectId, claims)
    return waiting.flatMap(({ id, entryId, reason, createdAt }) => {
      const entry = entries.get(entryId)
      const corroboration = reason === "corroborated" ? said?.get(entryId) : []
      // Of a source that was revoked meanwhile nothing is left.
      return entry === undefined || corroboration === undefined ? [] : [{ id, reason, createdAt, entry, corroboration }]
    })
  }

  async sources(caller: MemoryCaller, { scope, before, limit }: ScopePage): Promise<Source[]> {
    const db = this.#db(caller)
    const path = await requireScope(db, caller, scope, "read")
    const rows = await sources.listSources(db, caller.projectId, path, before, limit)
    return readSources(this.#dependencies.keys, db, caller.projectId, rows)
  }

  async source(caller: MemoryCaller, id: string): Promise<Source> {
    const db = this.#db(caller)
    if (isFileSource(id)) return fileSource(this.#dependencies, db, caller, id)
    const row = await requireSource(db, caller, id, "read")
    return readSource(this.#dependencies.keys, db, caller.projectId, row)
  }

  async blastRadius(caller: MemoryCaller, sourceId: string): Promise<BlastRadius> {
    const db = this.#db(caller)
    if (isFileSource(sourceId)) return fileBlastRadius(this.#dependencies, db, caller, sourceId)
    const row = await requireSource(db, caller, sourceId, "read")
    return blastRadius(this.#dependencies.keys, db, caller.projectId, row)
  }

  async revoke(caller: MemoryCaller, sourceId: string, reason: string | null): Promise<Revocation> {
    if (isFileSource(sourceId)) {
      const { scopes, ...gone } = await this.#transact(caller, (tx) => revokeFile(this.#dependencies, tx, caller, sourceId, reason))
      for (const scope of scopes) this.#dependencies.afterRemember(caller, scope)
      return gone
    }
    const revoked = await this.#transact(caller, async (tx) => {
      await lockReachOf(tx, caller.projectId, () => episodes.episodeIdsOfSource(tx, caller.projectId, sourceId))
      const row = await requireSource(tx, caller, sourceId, "curate")
      return revoke(this.#dependencies, tx, caller, row, reason)
    })
    this.#dependencies.afterRemember(caller, revoked.source.scope)
    return revoked
  }

  async revokeConversation(caller: MemoryCaller, conversationId: string): Promise<ConversationRevocation> {
    const revoked = await this.#transact(caller, (tx) => revokeConversation(this.#dependencies, tx, caller, conversationId))
    for (const scope of revoked.scopes) this.#dependencies.afterRemember(caller, scope)
    return revoked
  }

  async #curate(
    caller: MemoryCaller,
    id: string,
    right: "curate" | "erase",
    work: (tx: Queryable, row: Row) => Promise<Entry>,
  ): Promise<Entry> {
    await this.#prepared(caller)
    const entry = await this.#transact(caller, async (tx) => {
      const { episode, version } = await requireRow(tx, caller, id, right)
      await scopes.lockScopes(tx, caller.projectId, [(episode ?? version).scope])
      return work(tx, await requireRow(tx, caller, id, right))
    })
    this.#dependencies.afterRemember(caller, entry.scope)
    return entry
  }

  #transact<T>(caller: Caller, work: (tx: Queryable) => Promise<T>): Promise<T> {
    return untilNoRace(() => this.#db(caller).transaction(work))
  }

  #db({ projectId }: Caller): ReturnType<Store["project"]> {
    return this.#dependencies.store.project(projectId)
  }

  #read(db: Queryable, { projectId }: Caller, rows: readonly Row[]): Promise<Entry[]> {
    return readRows(this.#dependencies.keys, db, projectId, rows)
  }

  async #one(db: Queryable, caller: Caller, row: Row): Promise<Entry> {
    const [entry] = await this.#read(db, caller, [row])
    if (entry === undefined) throw noMemory((row.episode ?? row.version).id)
    return entry
  }

  /** What a row is after it was changed. */
  async #again(tx: Queryable, caller: Caller, row: Row): Promise<Entry> {
    const [now] = await rowsOf(tx, caller.projectId, [(row.episode ?? row.version).id])
    return this.#one(tx, caller, now ?? row)
  }

  /** Once for each project: what was there before memory had its present form, and what a process left undone. */
  #prepared(caller: Caller): Promise<void> {
    const { projectId } = caller
    const known = this.#ready.get(projectId)
    if (known !== undefined) return known
    const ready = this.#prepare(caller).catch((error: unknown) => {
      this.#ready.delete(projectId)
      this.#dependencies.onError("carrying memories over", messageOf(error))
      throw error
    })
    this.#ready.set(projectId, ready)
    return ready
  }

  async #prepare(caller: Caller): Promise<void> {
    const { projectId } = caller
    await carryOver(this.#dependencies, projectId)
    await this.#dependencies.followSpace(projectId)
    for (const scope of await episodes.scopesToUpkeep(this.#db(caller), projectId, scopesResumedMax)) {
      this.#dependencies.afterRemember(caller, scope)
    }
  }
}

const scopesResumedMax = 1_000
