// Memories: remembered statements, found by words at once and by meaning as soon as they are embedded, always inside one scope.
import { AppError, type BackgroundTasks, type Clock, type JsonObject, type JsonValue, type NewId } from "../core/index.ts"
import type { Label } from "../security/index.ts"
import { embeddings, memories, postings, type Store, type StoredMemory } from "../store/index.ts"
import { countTerms } from "./retrieval/analyze.ts"
import { memoryParameters, placeOf } from "./retrieval/bm25.ts"
import type { Why } from "./retrieval/fuse.ts"
import { searchScope } from "./retrieval/scope-search.ts"
import { embedQueries } from "./retrieval/search.ts"
import type { WordCache } from "./retrieval/word-cache.ts"
import type { Caller, Embed } from "./types.ts"

export interface NewMemory {
  scope: string
  text: string
  metadata?: JsonObject | undefined
  validFrom?: number | undefined
  validTo?: number | undefined
  /** The run in which it was written, and the join of what influenced it there. */
  runId?: string | undefined
  label?: Label | undefined
}

export interface Memory extends Omit<StoredMemory, "label"> {
  label: Label
}

export interface MemoryHit extends Memory {
  score: number
  why: Why
}

export interface MemorySearchAnswer {
  hits: MemoryHit[]
  /** Why vectors were not searched; null when they were. */
  wordsOnly: string | null
}

export interface Memories {
  /** Resolves when the statement is committed and can be found. */
  remember(caller: Caller, memory: NewMemory, signal: AbortSignal): Promise<Memory>
  search(projectId: string, query: { scope: string; text: string; limit: number }, signal: AbortSignal): Promise<MemorySearchAnswer>
  list(projectId: string, scope: string, before: string | undefined, limit: number): Promise<Memory[]>
  get(projectId: string, id: string): Promise<Memory>
  forget(projectId: string, id: string): Promise<Memory>
}

export interface MemoriesDependencies {
  store: Store
  embed: Embed | undefined
  embedModel: string
  clock: Clock
  newId: NewId
  background: BackgroundTasks
  wordCache: WordCache
}

/** A statement that the embedding model takes longer for is acknowledged without its vector, which follows. */
const embedWaitMs = 250
const embedLaterTimeoutMs = 60_000
const candidatesMax = 100

export function createMemories(dependencies: MemoriesDependencies): Memories {
  return new MemoryService(dependencies)
}

class MemoryService implements Memories {
  readonly #dependencies: MemoriesDependencies

  constructor(dependencies: MemoriesDependencies) {
    this.#dependencies = dependencies
  }

  async remember(caller: Caller, memory: NewMemory, signal: AbortSignal): Promise<Memory> {
    const { store, clock, newId, background } = this.#dependencies
    const stored = memoryOf(caller, memory, newId("mem"), clock.now())
    const vector = this.#vectorOf(stored.text)
    const early = await earlyResult(vector, embedWaitMs, signal)
    await store.project(caller.projectId).transaction(async (tx) => {
      const { frequencies, length } = countTerms(stored.text)
      const key = indexKey(stored)
      await memories.insertMemory(tx, storedOf(stored))
      const list = [...frequencies].map(([term, frequency]) => ({ term, parts: [0], frequencies: [frequency], lengths: [length] }))
      if (early !== undefined) await this.#insertVector(tx, stored, early)
      await postings.insertPostings(tx, key, { parts: 1, terms: length }, list)
    })
    if (early === undefined && vector !== undefined) background.run("memory.embed", () => this.#embedLater(stored, vector))
    return stored
  }

  async search(projectId: string, query: { scope: string; text: string; limit: number }, signal: AbortSignal): Promise<MemorySearchAnswer> {
    const { store, embedModel, clock, wordCache } = this.#dependencies
    const now = clock.now()
    const { vectors, wordsOnly } = await embedQueries(this.#dependencies, [query.text], signal)
    const hits = await store.project(projectId).transaction(async (tx) => {
      const ranked = await searchScope(tx, {
        projectId,
        scopeId: scopeIdOf(query.scope),
        text: query.text,
        vector: vectors?.[0],
        model: embedModel,
        documentIds: null,
        parameters: memoryParameters,
        candidatesMax: Math.max(candidatesMax, query.limit),
        wordCache,
      })
      const ids = ranked.map((entry) => placeOf(entry.key).documentId)
      const found = await memories.memoriesByIds(tx, projectId, query.scope, ids)
      const byId = new Map(found.filter((memory) => isValid(memory, now)).map((memory) => [memory.id, memory]))
      return ranked.flatMap(({ key, score, why }) => {
        const memory = byId.get(placeOf(key).documentId)
        return memory === undefined ? [] : [{ ...fromStored(memory), score, why }]
      })
    })
    return { hits: hits.slice(0, query.limit), wordsOnly }
  }

  async list(projectId: string, scope: string, before: string | undefined, limit: number): Promise<Memory[]> {
    const found = await memories.listMemories(this.#dependencies.store.project(projectId), projectId, scope, before, limit)
    return found.map(fromStored)
  }

  async get(projectId: string, id: string): Promise<Memory> {
    const memory = await memories.findMemory(this.#dependencies.store.project(projectId), projectId, id)
    if (memory === undefined) throw noMemory(id)
    return fromStored(memory)
  }

  async forget(projectId: string, id: string): Promise<Memory> {
    const { store } = this.#dependencies
    const memory = await this.get(projectId, id)
    const deleted = await store.project(projectId).transaction(async (tx) => {
      const found = await memories.deleteMemory(tx, projectId, id)
      if (store.capabilities.vector) await embeddings.deleteEmbeddings(tx, projectId, scopeIdOf(memory.scope), id)
      await postings.deletePostings(tx, projectId, scopeIdOf(memory.scope), id)
      return found
    })
    if (!deleted) throw noMemory(id)
    return memory
  }

  /** Undefined when this server cannot embed. Never rejects: a memory without its vector is still found by its words. */
  #vectorOf(text: string): Promise<Float32Array | undefined> | undefined {
    const { embed, store } = this.#dependencies
    if (embed === undefined || !store.capabilities.vector) return undefined
    return embed([text], AbortSignal.timeout(embedLaterTimeoutMs)).then(
      ([vector]) => vector,
      () => undefined,
    )
  }

  async #embedLater(memory: Memory, pending: Promise<Float32Array | undefined>): Promise<void> {
    const vector = await pending
    if (vector === undefined) throw new AppError("server_error", `Memory '${memory.id}' has no vector: embedding it failed.`)
    await this.#dependencies.store.project(memory.projectId).transaction(async (tx) => {
      // It may have been forgotten meanwhile.
      if ((await memories.findMemory(tx, memory.projectId, memory.id)) !== undefined) await this.#insertVector(tx, memory, vector)
    })
  }

  #insertVector(tx: Parameters<typeof embeddings.insertEmbeddings>[0], memory: Memory, vector: Float32Array): Promise<void> {
    return embeddings.insertEmbeddings(tx, { ...indexKey(memory), model: this.#dependencies.embedModel }, [{ part: 0, piece: 0, vector }])
  }
}

/** Memory scopes and vector stores share the index; the prefix keeps them apart. */
function scopeIdOf(scope: string): string {
  return `memory:${scope}`
}

/** Whether the statement holds now, as far as it says. */
function isValid(memory: StoredMemory, now: number): boolean {
  return (memory.validFrom ?? -Infinity) <= now && now < (memory.validTo ?? Infinity)
}

function indexKey(memory: Memory): { projectId: string; scopeId: string; documentId: string } {
  return { projectId: memory.projectId, scopeId: scopeIdOf(memory.scope), documentId: memory.id }
}

function memoryOf(caller: Caller, memory: NewMemory, id: string, now: number): Memory {
  const { projectId, principal } = caller
  return {
    id,
    projectId,
    scope: memory.scope,
    text: memory.text,
    metadata: memory.metadata ?? {},
    principal,
    runId: memory.runId ?? null,
    label: memory.label ?? writersLabel(caller),
    validFrom: memory.validFrom ?? null,
    validTo: memory.validTo ?? null,
    createdAt: now,
  }
}

/** A statement that a principal sends itself, outside of any run, is that principal's own word. */
export function writersLabel({ projectId, principal }: Caller): Label {
  return { integrity: 3, sources: [`user:${principal}`], readers: [projectId], secrets: [] }
}

function storedOf(memory: Memory): StoredMemory {
  return { ...memory, label: memory.label as unknown as JsonValue } // a Label is plain JSON
}

function fromStored(memory: StoredMemory): Memory {
  return { ...memory, label: memory.label as unknown as Label } // written by us from a Label
}

function noMemory(id: string): AppError {
  return new AppError("not_found", `No memory '${id}' in this project.`, {
    param: "id",
    hint: "List a scope with GET /v1/memories?scope=…",
  })
}

/** The result if it comes within `ms`. */
async function earlyResult<T>(promise: Promise<T | undefined> | undefined, ms: number, signal: AbortSignal): Promise<T | undefined> {
  if (promise === undefined) return undefined
  signal.throwIfAborted()
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), ms)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
