// Memories: remembered statements, found by words at once and by meaning as soon as they are embedded, always inside one scope.
import { AppError, messageOf, type Clock, type JsonObject, type JsonValue, type NewId } from "../core/index.ts"
import type { Runs } from "../runs/index.ts"
import type { Label } from "../security/index.ts"
import { memories, type Queryable, type Store, type StoredMemory } from "../store/index.ts"
import { memoryScopeId, memoryVectorName } from "./memory-vector.ts"
import { countTerms } from "./retrieval/analyze.ts"
import { memoryParameters, placeOf } from "./retrieval/bm25.ts"
import type { Why } from "./retrieval/fuse.ts"
import type { ScopeIndex } from "./retrieval/index-entry.ts"
import { searchScope } from "./retrieval/scope-search.ts"
import { embedQueries } from "./retrieval/search.ts"
import type { TermKeyOf } from "./retrieval/term-hash.ts"
import type { WordCache } from "./retrieval/word-cache.ts"
import type { Caller, EmbedAs } from "./types.ts"

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
  search(caller: Caller, query: { scope: string; text: string; limit: number }, signal: AbortSignal): Promise<MemorySearchAnswer>
  list(projectId: string, scope: string, before: string | undefined, limit: number): Promise<Memory[]>
  get(projectId: string, id: string): Promise<Memory>
  forget(projectId: string, id: string): Promise<Memory>
}

export interface MemoriesDependencies {
  store: Store
  embedAs: EmbedAs | undefined
  embedModel: string
  clock: Clock
  newId: NewId
  runs: Pick<Runs, "start">
  wordCache: WordCache
  termKeyOf: TermKeyOf
  index: ScopeIndex
  onError?: (name: string, message: string) => void
}

/** A statement that the embedding model takes longer for is acknowledged without its vector, which a durable run then adds. */
const embedWaitMs = 250
const candidatesMax = 100
const memoryLanes = new Map([["user", memoryParameters] as const])

export function createMemories(dependencies: MemoriesDependencies): Memories {
  return new MemoryService(dependencies)
}

class MemoryService implements Memories {
  readonly #dependencies: MemoriesDependencies

  constructor(dependencies: MemoriesDependencies) {
    this.#dependencies = dependencies
  }

  async remember(caller: Caller, memory: NewMemory, signal: AbortSignal): Promise<Memory> {
    const { store, clock, newId, index } = this.#dependencies
    const stored = memoryOf(caller, memory, newId("mem"), clock.now())
    const early = await this.#vectorSoon(caller, stored.text, signal)
    await store.project(caller.projectId).transaction(async (tx) => {
      const { frequencies, length } = countTerms(stored.text)
      const key = indexKey(stored)
      await memories.insertMemory(tx, storedOf(stored))
      await index.indexEntry(tx, { ...key, lane: "user", parts: [{ terms: frequencies, length }] })
      if (early instanceof Float32Array) await this.#insertVector(tx, stored, early)
    })
    if (early === "late") await this.#startEmbedding(stored)
    return stored
  }

  async search(caller: Caller, query: { scope: string; text: string; limit: number }, signal: AbortSignal): Promise<MemorySearchAnswer> {
    const { store, embedModel, clock, wordCache, termKeyOf } = this.#dependencies
    const { projectId } = caller
    const now = clock.now()
    const { vectors, wordsOnly } = await embedQueries(this.#dependencies, caller, [query.text], signal)
    const hits = await store.project(projectId).transaction(async (tx) => {
      const ranked = await searchScope(tx, {
        projectId,
        scopeId: memoryScopeId(query.scope),
        text: query.text,
        vector: vectors?.[0],
        model: embedModel,
        documentIds: null,
        lanes: memoryLanes,
        candidatesMax: Math.max(candidatesMax, query.limit),
        wordCache,
        termKeyOf,
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
    const { store, index } = this.#dependencies
    const memory = await this.get(projectId, id)
    const deleted = await store.project(projectId).transaction(async (tx) => {
      const found = await memories.deleteMemory(tx, projectId, id)
      await index.removeEntry(tx, indexKey(memory))
      return found
    })
    if (!deleted) throw noMemory(id)
    return memory
  }

  /** The vector if it comes soon; "late" when it does not or the model fails; undefined when this server cannot embed. */
  async #vectorSoon(caller: Caller, text: string, signal: AbortSignal): Promise<Float32Array | "late" | undefined> {
    const { embedAs, store } = this.#dependencies
    if (embedAs === undefined || !store.capabilities.vector) return undefined
    signal.throwIfAborted()
    const within = AbortSignal.timeout(embedWaitMs)
    const late = new Promise<"late">((resolve) => within.addEventListener("abort", () => resolve("late"), { once: true }))
    const vector = embedAs({ ...caller, isPatient: false })([text], within).then(
      ([first]) => first ?? "late",
      () => "late" as const, // the run tries again and says why it cannot
    )
    return Promise.race([vector, late])
  }

  /** The memory is committed, so a failure here is not its writer's: it is found by words alone. */
  async #startEmbedding({ id, projectId, principal, label }: Memory): Promise<void> {
    const { runs, onError } = this.#dependencies
    try {
      await runs.start({ projectId, principal, kind: "ingestion", name: memoryVectorName, input: { memoryId: id }, label })
    } catch (error) {
      onError?.(`starting the embedding of memory ${id}`, messageOf(error))
    }
  }

  #insertVector(tx: Queryable, memory: Memory, vector: Float32Array): Promise<void> {
    return this.#dependencies.index.indexVectors(tx, { ...indexKey(memory), model: this.#dependencies.embedModel }, [
      { part: 0, piece: 0, vector },
    ])
  }
}

/** Whether the statement holds now, as far as it says. */
function isValid(memory: StoredMemory, now: number): boolean {
  return (memory.validFrom ?? -Infinity) <= now && now < (memory.validTo ?? Infinity)
}

function indexKey(memory: Memory): { projectId: string; scopeId: string; documentId: string } {
  return { projectId: memory.projectId, scopeId: memoryScopeId(memory.scope), documentId: memory.id }
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
