// Remembering: the evidence as it came, its source and its words in one transaction; what takes longer follows in the background.
import { AppError, type Clock, type NewId } from "../../core/index.ts"
import {
  changes,
  episodeFiles,
  episodeParents,
  episodes,
  memoryReviews,
  scopes,
  sources,
  toldEpisodes,
  untilNoRace,
  type NewEpisode,
  type NewIndexEntry,
  type Queryable,
  type Store,
  type StoredEpisode,
  type StoredScope,
  type Transactor,
} from "../../store/index.ts"
import { requireScopeRight, type MemoryCaller } from "../scopes/access.ts"
import { parseScope } from "../scopes/scope-name.ts"
import type { ScopeIndex } from "../retrieval/index-entry.ts"
import { instructingLevel } from "./choose.ts"
import { subjectOfScope, type DataKeys } from "./data-keys.ts"
import { isDirective } from "./directives.ts"
import { indexedMessage } from "./indexed-message.ts"
import { memoryScopeId } from "./index-scopes.ts"
import { labelOfNew } from "./labels.ts"
import { filesBehind, madeWith, withLabelOf, type GroundOfAnswer } from "./made-with.ts"
import { episodeOf, sourceIdentity, sourceOf, type Write } from "./new-episode.ts"
import { sessionOf } from "./session.ts"
import type { NewMemory } from "./types.ts"

export interface RememberDependencies {
  store: Store
  keys: DataKeys
  index: ScopeIndex
  clock: Clock
  newId: NewId
}

export interface Written {
  episode: StoredEpisode
  /** False where the same text of the same source was there already: then it is that one. */
  created: boolean
  /** Of the change: who asks with it later sees at least this. Null when nothing changed. */
  seq: number | null
}

export async function remember(dependencies: RememberDependencies, caller: MemoryCaller, memory: NewMemory): Promise<Written> {
  const { store, keys, clock, newId } = dependencies
  const { projectId } = caller
  const scope = parseScope(memory.scope)
  for (let attempt = 0; attempt < 2; attempt++) {
    // In transactions of their own: once a key exists it stays, whatever becomes of this.
    const scopeKey = await keys.ensure(projectId, subjectOfScope(scope.path))
    const key = memory.subject === undefined ? scopeKey : await keys.ensure(projectId, memory.subject)
    const asked = { id: newId("mem"), now: clock.now(), caller, scope, memory, scopeKey, key }
    const written = await untilNoRace(() => write(dependencies, store.project(projectId), asked))
    if (written !== undefined) return written
    // A key was destroyed, and this process had not heard of it yet; or the source was revoked or erased since it was found.
    keys.forget(scopeKey.id)
    keys.forget(key.id)
  }
  throw beingErased(memory.subject ?? scope.path)
}

/** The same in a transaction of the caller, as the last thing but the index and changes of the same scope. */
export async function writeEpisode(
  dependencies: RememberDependencies,
  tx: Queryable,
  caller: MemoryCaller,
  memory: NewMemory,
): Promise<Written> {
  const { keys, clock, newId } = dependencies
  const scope = parseScope(memory.scope)
  const scopeKey = await keys.held(tx, caller.projectId, subjectOfScope(scope.path))
  const key = memory.subject === undefined ? scopeKey : await keys.held(tx, caller.projectId, memory.subject)
  const written = await write(dependencies, tx, { id: newId("mem"), now: clock.now(), caller, scope, memory, scopeKey, key })
  if (written === undefined) throw beingErased(memory.subject ?? scope.path)
  return written
}

function beingErased(subject: string): AppError {
  return new AppError("conflict", `What is known about '${subject}' was being erased at the same time.`, {
    hint: "Try again if it shall be remembered anew.",
  })
}

/**
 * Most often one statement writes all, and commits by itself; where there is more to write it is done in a transaction. Undefined where a key or the source
 * is gone.
 */
async function write(dependencies: RememberDependencies, db: Queryable | Transactor, request: Write): Promise<Written | undefined> {
  if ("transaction" in db && hasMoreToWrite(request)) return db.transaction((tx) => write(dependencies, tx, request))
  const { caller, scope, memory, now } = request
  const { projectId } = caller
  const grounds = await madeWith(db, caller, scope.path, memory)
  const asked = { ...request, memory: withLabelOf(caller, memory, grounds) }
  const { stored, source, session } = await whatIsThere(db, asked)
  requireScopeRight(caller, scope, stored, "write")
  if (stored?.exists !== true || source === undefined) {
    // All of it is looked for there once more: somebody else may be making it.
    if ("transaction" in db) return db.transaction((tx) => write(dependencies, tx, request))
    await scopes.ensureScope(db, projectId, { ...scope, createdAt: now })
  }
  const sourceId = source ?? (await sources.ensureSource(db, projectId, sourceOf(asked, dependencies.newId("src"))))
  const episode = episodeOf(asked, sourceId, session)
  const words = await wordsOf(dependencies, db, projectId, asked.memory, episode)
  const told = await toldEpisodes.insertToldEpisode(db, projectId, episode, words)
  if (told === undefined) {
    const same = await episodes.findSameEpisode(db, projectId, episode)
    return same && { episode: same, created: false, seq: null }
  }
  dependencies.index.written(words, told.place)
  await writeBeside(dependencies, db, asked, episode, grounds)
  await changes.changeWritten(db, projectId, scope.path, told.seq)
  return { episode: { ...episode, revokedAt: null, pinnedAt: null }, created: true, seq: told.seq }
}

/** Whether there will be rows beside the episode, its words and its change. */
function hasMoreToWrite({ caller, memory }: Write): boolean {
  const { recalledFrom = [], madeWith: { entryIds = [], itemIds = [] } = {} } = memory
  if (recalledFrom.length + entryIds.length + itemIds.length > 0) return true
  const label = labelOfNew(caller, memory)
  return filesBehind(memory, label).length > 0 || (label.integrity < instructingLevel && isDirective(memory.text))
}

interface There {
  stored: StoredScope | undefined
  source: string | undefined
  session: string | null
}

/** At once where these are no statements of one transaction. */
async function whatIsThere(db: Queryable | Transactor, write: Write): Promise<There> {
  const { id, now, caller, scope, memory } = write
  const { projectId } = caller
  const place = { id, scope: scope.path, conversationId: memory.conversationId ?? null, occurredAt: memory.occurredAt ?? now }
  const stored = (): Promise<StoredScope[]> => scopes.scopesByPath(db, projectId, [scope.path])
  const source = (): Promise<string | undefined> => sources.findLiveSource(db, projectId, scope.path, sourceIdentity(write))
  const session = (): Promise<string | null> => sessionOf(db, projectId, place, memory)
  const read =
    "transaction" in db ? await Promise.all([stored(), source(), session()]) : ([await stored(), await source(), await session()] as const)
  return { stored: read[0][0], source: read[1], session: read[2] }
}

/** By what it is found. */
async function wordsOf(
  { keys, index }: RememberDependencies,
  db: Queryable,
  projectId: string,
  memory: NewMemory,
  episode: NewEpisode,
): Promise<NewIndexEntry> {
  const message = await indexedMessage(keys, db, projectId, episode, memory)
  return index.packed(db, { projectId, scopeId: memoryScopeId(episode.scope), documentId: episode.id, ...message })
}

/** What it was made with, and that a person should look at it. */
async function writeBeside(
  { newId }: RememberDependencies,
  tx: Queryable,
  { caller, scope, memory }: Write,
  episode: NewEpisode,
  grounds: readonly GroundOfAnswer[],
): Promise<void> {
  const { projectId } = caller
  const parents = grounds.map(({ kind, id }) => ({ child: episode.id, parentKind: kind, parent: id }))
  await episodeParents.insertParents(tx, projectId, parents)
  await episodeFiles.insertFilesOf(tx, projectId, episode.id, filesBehind(memory, labelOfNew(caller, memory)))
  if (!episode.directive || episode.integrity >= instructingLevel) return
  const review = { id: newId("rev"), scope: scope.path, entryId: episode.id, createdAt: episode.recordedAt }
  await memoryReviews.insertReview(tx, projectId, { ...review, reason: "directive" })
}
