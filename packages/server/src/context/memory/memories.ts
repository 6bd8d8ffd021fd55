// Memory as the rest of the server uses it: remember, recall, list, read, forget.
import { AppError, messageOf, type Clock, type NewId } from "../../core/index.ts"
import { changes, episodes, memories, memoryVersions, scopes, type MemoryKind, type Queryable, type Store } from "../../store/index.ts"
import type { Reader } from "../retrieval/reader.ts"
import type { TermKeyOf } from "../retrieval/term-hash.ts"
import type { WordCache } from "../retrieval/word-cache.ts"
import { hasScopeRight, requireScopeRight, type MemoryCaller, type ScopeRight } from "../scopes/access.ts"
import { parseScope } from "../scopes/scope-name.ts"
import type { Caller } from "../types.ts"
import { carryOver } from "./carry-over.ts"
import type { DataKeys } from "./data-keys.ts"
import { readRows, rowsByIds, type Row } from "./entries.ts"
import type { ScopeIndex } from "../retrieval/index-entry.ts"
import { historyScopeId, memoryScopeId } from "./index-scopes.ts"
import { recall, type RecallQuery } from "./recall.ts"
import { remember } from "./remember.ts"
import type { Entry, NewMemory, Recall, RememberedEntry } from "./types.ts"
import type { AfterRemember } from "./upkeep.ts"

export interface MemoryPage {
  scope: string
  /** All when absent. */
  kinds?: readonly ("episode" | MemoryKind)[] | undefined
  /** The last id of the page before. */
  before?: string | undefined
  limit: number
}

export interface Memories {
  /** Resolves when the statement is committed and can be found by its words; `created` is false when the source had said the same already. */
  remember(caller: MemoryCaller, memory: NewMemory): Promise<RememberedEntry>
  recall(caller: MemoryCaller, query: RecallQuery, signal: AbortSignal): Promise<Recall>
  /** Newest first. */
  list(caller: MemoryCaller, page: MemoryPage): Promise<Entry[]>
  get(caller: MemoryCaller, id: string): Promise<Entry>
  /** Takes it out of everything that can be read, with what rests on it alone. */
  forget(caller: MemoryCaller, id: string): Promise<Entry>
}

export interface MemoriesDependencies {
  store: Store
  keys: DataKeys
  index: ScopeIndex
  reader: Reader
  embedModel: string
  wordCache: WordCache
  termKeyOf: TermKeyOf
  clock: Clock
  newId: NewId
  afterRemember: AfterRemember
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
    await this.#prepared(caller)
    const { episode, created, seq } = await remember(this.#dependencies, caller, memory)
    if (created) this.#dependencies.afterRemember(caller, episode.scope)
    const [entry] = await this.#read(this.#db(caller), caller, [{ episode }])
    if (entry === undefined) throw noMemory(episode.id)
    return { ...entry, created, seq }
  }

  async recall(caller: MemoryCaller, query: RecallQuery, signal: AbortSignal): Promise<Recall> {
    await this.#prepared(caller)
    return recall(this.#dependencies, caller, query, signal)
  }

  async list(caller: MemoryCaller, { scope, kinds, before, limit }: MemoryPage): Promise<Entry[]> {
    await this.#prepared(caller)
    const { projectId } = caller
    const db = this.#db(caller)
    const name = parseScope(scope)
    const [stored] = await scopes.scopesByPath(db, projectId, [name.path])
    requireScopeRight(caller, name, stored, "read")
    const derived = kinds?.filter((kind) => kind !== "episode") ?? null
    const ids =
      kinds === undefined || kinds.includes("episode") ? await episodes.listEpisodeIds(db, projectId, name.path, before, limit) : []
    if (derived === null || derived.length > 0)
      ids.push(...(await memories.listMemoryIds(db, projectId, name.path, derived, before, limit)))
    const page = ids.sort().reverse().slice(0, limit)
    const rows = await this.#rows(db, caller, page)
    return this.#read(db, caller, rows)
  }

  async get(caller: MemoryCaller, id: string): Promise<Entry> {
    await this.#prepared(caller)
    const db = this.#db(caller)
    const [entry] = await this.#read(db, caller, [await this.#found(db, caller, id, "read")])
    return entry ?? raise(noMemory(id))
  }

  async forget(caller: MemoryCaller, id: string): Promise<Entry> {
    await this.#prepared(caller)
    const { projectId } = caller
    return this.#db(caller).transaction(async (tx) => {
      const row = await this.#found(tx, caller, id, "erase")
      const [entry] = await this.#read(tx, caller, [row])
      if (entry === undefined) throw noMemory(id)
      if (row.episode === undefined) await this.#forgetMemory(tx, projectId, row.version.memoryId)
      else {
        await episodes.deleteEpisode(tx, projectId, id)
        await this.#dependencies.index.removeEntry(tx, { projectId, scopeId: memoryScopeId(entry.scope), documentId: id })
      }
      const { principal } = caller
      await changes.recordChange(tx, { projectId, scope: entry.scope, entry: id, kind: "memory", op: "forget", principal })
      return entry
    })
  }

  async #forgetMemory(tx: Queryable, projectId: string, memoryId: string): Promise<void> {
    const versions = await memoryVersions.versionsOfMemory(tx, projectId, memoryId, versionsMax)
    await memories.deleteMemory(tx, projectId, memoryId)
    for (const scopeId of [historyScopeId, memoryScopeId]) {
      for (const { id, scope } of versions) {
        await this.#dependencies.index.removeEntry(tx, { projectId, scopeId: scopeId(scope), documentId: id })
      }
    }
  }

  #db({ projectId }: Caller): ReturnType<Store["project"]> {
    return this.#dependencies.store.project(projectId)
  }

  #read(db: Queryable, { projectId }: Caller, rows: readonly Row[]): Promise<Entry[]> {
    return readRows(this.#dependencies.keys, db, projectId, rows)
  }

  /** Rows of entries by id, in that order: an episode, or the head of a memory. */
  async #rows(db: Queryable, { projectId }: Caller, ids: readonly string[]): Promise<Row[]> {
    const rows = await rowsByIds(db, projectId, ids)
    const heads = await memoryVersions.headsOf(
      db,
      projectId,
      ids.filter((id) => !rows.has(id)),
    )
    for (const version of heads) rows.set(version.memoryId, { version })
    return ids.flatMap((id) => rows.get(id) ?? [])
  }

  /** The row of an entry in whose scope the caller may do that; for others it does not exist. */
  async #found(db: Queryable, caller: MemoryCaller, id: string, right: ScopeRight): Promise<Row> {
    const [live] = await this.#rows(db, caller, [id])
    const [last] = live === undefined ? await memoryVersions.versionsOfMemory(db, caller.projectId, id, 1) : []
    const row = live ?? (last && { version: last })
    if (row === undefined) throw noMemory(id)
    const name = parseScope((row.episode ?? row.version).scope)
    const [stored] = await scopes.scopesByPath(db, caller.projectId, [name.path])
    if (!hasScopeRight(caller, name, stored, "read")) throw noMemory(id)
    requireScopeRight(caller, name, stored, right)
    return row
  }

  /** Once for each project: what was there before memory had its present form, and what a process left undone. */
  #prepared(caller: Caller): Promise<void> {
    const { projectId } = caller
    const known = this.#ready.get(projectId)
    if (known !== undefined) return known
    const { afterRemember, onError, store } = this.#dependencies
    const ready = carryOver(this.#dependencies, projectId, () => undefined)
      .then(async () => {
        for (const scope of await episodes.scopesToUpkeep(store.project(projectId), projectId, scopesResumedMax))
          afterRemember(caller, scope)
      })
      .catch((error: unknown) => {
        this.#ready.delete(projectId)
        onError("carrying memories over", messageOf(error))
        throw error
      })
    this.#ready.set(projectId, ready)
    return ready
  }
}

const versionsMax = 10_000
const scopesResumedMax = 1_000

export function noMemory(id: string): AppError {
  return new AppError("not_found", `No memory '${id}' in this project.`, {
    param: "id",
    hint: "List a scope with GET /v1/memories?scope=…",
  })
}

function raise(error: AppError): never {
  throw error
}
