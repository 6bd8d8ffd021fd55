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
  type Queryable,
  type Store,
  type NewEpisode,
  type StoredEpisode,
} from "../../store/index.ts"
import { estimateTokens } from "../documents/tokens.ts"
import { requireScopeRight, type MemoryCaller } from "../scopes/access.ts"
import { parseScope, type ScopeName } from "../scopes/scope-name.ts"
import { sealBody } from "./bodies.ts"
import { contentHash, subjectOfScope, type DataKey, type DataKeys } from "./data-keys.ts"
import { instructingLevel } from "./choose.ts"
import { isDirective } from "./directives.ts"
import { filesBehind, madeWith, withLabelOf } from "./made-with.ts"
import type { EpisodeBody } from "./entries.ts"
import type { ScopeIndex } from "../retrieval/index-entry.ts"
import { weightedTerms } from "../retrieval/window.ts"
import { memoryScopeId } from "./index-scopes.ts"
import { kindOfRole, labelOfNew } from "./labels.ts"
import { previousTexts } from "./previous.ts"
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
  const { store, keys } = dependencies
  const { projectId } = caller
  const scope = parseScope(memory.scope)
  for (let attempt = 0; attempt < 2; attempt++) {
    // In transactions of their own: once a key exists it stays, whatever becomes of this.
    const scopeKey = await keys.ensure(projectId, subjectOfScope(scope.path))
    const key = memory.subject === undefined ? scopeKey : await keys.ensure(projectId, memory.subject)
    const written = await store.project(projectId).transaction((tx) => write(dependencies, tx, { caller, scope, memory, scopeKey, key }))
    if (written !== undefined) return written
    // A key was destroyed, and this process had not heard of it yet.
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
  const scope = parseScope(memory.scope)
  const scopeKey = await dependencies.keys.within(tx, caller.projectId, subjectOfScope(scope.path))
  const key = memory.subject === undefined ? scopeKey : await dependencies.keys.within(tx, caller.projectId, memory.subject)
  const written = await write(dependencies, tx, { caller, scope, memory, scopeKey, key })
  if (written === undefined) throw beingErased(memory.subject ?? scope.path)
  return written
}

function beingErased(subject: string): AppError {
  return new AppError("conflict", `What is known about '${subject}' was being erased at the same time.`, {
    hint: "Try again if it shall be remembered anew.",
  })
}

interface Write {
  caller: MemoryCaller
  scope: ScopeName
  memory: NewMemory
  /** Of the scope's hashes; `key` is that of the subject. */
  scopeKey: DataKey
  key: DataKey
}

async function write(dependencies: RememberDependencies, tx: Queryable, request: Write): Promise<Written | undefined> {
  const { projectId, principal } = request.caller
  const { scope } = request
  const grounds = await madeWith(tx, request.caller, scope.path, request.memory)
  const asked = { ...request, memory: withLabelOf(request.caller, request.memory, grounds) }
  const [stored] = await scopes.scopesByPath(tx, projectId, [scope.path])
  requireScopeRight(asked.caller, scope, stored, "write")
  if (stored?.exists !== true) await scopes.ensureScope(tx, projectId, { ...scope, createdAt: dependencies.clock.now() })
  const sourceId = await writeSource(dependencies, tx, asked)
  const drawn = episodeOf(dependencies, asked, sourceId)
  const episode = { ...drawn, session: await sessionOf(tx, projectId, drawn, asked.memory) }
  if (!(await episodes.insertEpisode(tx, projectId, episode))) {
    const same = await episodes.findSameEpisode(tx, projectId, episode)
    return same && { episode: same, created: false, seq: null }
  }
  const parents = grounds.map(({ kind, id }) => ({ child: episode.id, parentKind: kind, parent: id }))
  await episodeParents.insertParents(tx, projectId, parents)
  await episodeFiles.insertFilesOf(tx, projectId, episode.id, filesBehind(asked.memory, labelOfNew(asked.caller, asked.memory)))
  if (episode.directive && episode.integrity < instructingLevel) {
    const review = { id: dependencies.newId("rev"), scope: scope.path, entryId: episode.id, createdAt: episode.recordedAt }
    await memoryReviews.insertReview(tx, projectId, { ...review, reason: "directive" })
  }
  const { text, speaker, role: lane = "user" } = asked.memory
  const previous = await previousTexts(tx, dependencies.keys, projectId, episode)
  await dependencies.index.indexEntry(tx, {
    projectId,
    scopeId: memoryScopeId(scope.path),
    documentId: episode.id,
    lane,
    parts: [weightedTerms(text, previous)],
    session: episode.session ?? undefined,
    speaker,
  })
  const seq = await changes.recordChange(tx, { projectId, scope: scope.path, entry: episode.id, kind: "memory", op: "remember", principal })
  return { episode: { ...episode, revokedAt: null, pinnedAt: null }, created: true, seq }
}

/** The same origin is one source: revoking it takes back all that came from there. */
function writeSource({ clock, newId }: RememberDependencies, tx: Queryable, { caller, scope, memory, scopeKey }: Write): Promise<string> {
  const { role = "user", source } = memory
  const { projectId, principal } = caller
  const kind = source?.kind ?? kindOfRole[role]
  const uri = source?.uri ?? memory.conversationId ?? memory.session ?? null
  const id = newId("src")
  const label = labelOfNew(caller, memory)
  return sources.ensureSource(tx, projectId, {
    id,
    kind,
    principal,
    scope: scope.path,
    identity: contentHash(scopeKey, ["source", kind, principal, uri, label.integrity]),
    keyId: scopeKey.id,
    body: sealBody(scopeKey.bytes, projectId, id, { uri, title: source?.title ?? null }),
    runId: memory.runId ?? null,
    label: label as never, // a Label is plain JSON
    integrity: label.integrity,
    createdAt: clock.now(),
  })
}

function episodeOf({ clock, newId }: RememberDependencies, asked: Write, sourceId: string): NewEpisode {
  const { caller, scope, memory, scopeKey, key } = asked
  const { text, role = "user", speaker, metadata } = memory
  const id = newId("mem")
  const now = clock.now()
  const label = labelOfNew(caller, memory)
  const body: EpisodeBody = { text, ...(speaker === undefined ? {} : { speaker }), ...(metadata === undefined ? {} : { metadata }) }
  return {
    id,
    sourceId,
    scope: scope.path,
    conversationId: memory.conversationId ?? null,
    itemId: memory.itemId ?? null,
    session: null,
    lane: role,
    keyId: key.id,
    body: sealBody(key.bytes, caller.projectId, id, body),
    contentHash: contentHash(scopeKey, [role, speaker ?? null, text, memory.validFrom ?? null, memory.validTo ?? null]),
    tokens: estimateTokens(text),
    occurredAt: memory.occurredAt ?? now,
    recordedAt: now,
    validFrom: memory.validFrom ?? null,
    validTo: memory.validTo ?? null,
    expiredAt: null,
    endedBy: null,
    label: label as never, // a Label is plain JSON
    integrity: label.integrity,
    directive: isDirective(text),
    recalledFrom: [...(memory.recalledFrom ?? [])],
    principal: caller.principal,
    runId: memory.runId ?? null,
    upkeptAt: null,
  }
}
