// Vector stores: named sets of files that are searched together; putting a file in starts its ingestion.
import { AppError, type Clock, type JsonObject, type Limits, type NewId } from "../core/index.ts"
import type { Runs } from "../runs/index.ts"
import {
  chunks,
  vectorStores,
  type NewVectorStoreFile,
  type StorePage,
  type Store,
  type StoredChunk,
  type StoredVectorStore,
  type StoredVectorStoreFile,
  type VectorStoreCounts,
  type VectorStoreFileStatus,
} from "../store/index.ts"
import type { Files } from "./files.ts"
import type { Ingestions } from "./ingestions.ts"
import type { ScopeIndex } from "./retrieval/index-entry.ts"
import { removeSegmentsOfFile } from "./segment-index.ts"
import type { Caller } from "./types.ts"

export interface VectorStoreWithCounts {
  store: StoredVectorStore
  counts: VectorStoreCounts
}

export interface Chunking {
  tokensMax: number
  overlapTokens: number
}

/** What `auto` means: chunks that fit the window of the embedded model whole, a sentence or two repeated. */
export const autoChunking: Chunking = { tokensMax: 220, overlapTokens: 32 }

export interface NewVectorStore {
  name: string | null
  description: string | null
  metadata: JsonObject | null
  expiresAfterDays: number | null
  fileIds: readonly string[]
  chunking: Chunking
}

export interface VectorStoreChange {
  name?: string | null | undefined
  metadata?: JsonObject | null | undefined
  expiresAfterDays?: number | null | undefined
}

export interface AddedFile {
  fileId: string
  attributes: JsonObject
  chunking: Chunking
  /** The file whose place it takes once it is complete. */
  replaces: string | null
}

export interface VectorStores {
  create(caller: Caller, request: NewVectorStore): Promise<VectorStoreWithCounts>
  get(projectId: string, id: string): Promise<VectorStoreWithCounts>
  list(projectId: string, page: StorePage): Promise<VectorStoreWithCounts[]>
  update(projectId: string, id: string, change: VectorStoreChange): Promise<VectorStoreWithCounts>
  delete(projectId: string, id: string): Promise<void>
  addFile(caller: Caller, id: string, file: AddedFile): Promise<StoredVectorStoreFile>
  getFile(projectId: string, id: string, fileId: string): Promise<StoredVectorStoreFile>
  listFiles(
    projectId: string,
    id: string,
    page: StorePage & { status?: VectorStoreFileStatus | undefined },
  ): Promise<StoredVectorStoreFile[]>
  updateFile(projectId: string, id: string, fileId: string, attributes: JsonObject): Promise<StoredVectorStoreFile>
  /** Removes the file's chunks, words and vectors from this store before it returns; the file itself stays. */
  removeFile(projectId: string, id: string, fileId: string): Promise<void>
  chunks(projectId: string, id: string, fileId: string, from: number, limit: number): Promise<StoredChunk[]>
}

export interface VectorStoresDependencies {
  index: ScopeIndex
  store: Store
  runs: Runs
  files: Files
  ingestions: Ingestions
  /** Many at once, as one batch. */
  addFiles: (caller: Caller, id: string, files: readonly AddedFile[]) => Promise<unknown>
  clock: Clock
  newId: NewId
  limits: Pick<Limits, "vectorStoreFilesMax">
}

const noCounts: VectorStoreCounts = { inProgress: 0, completed: 0, failed: 0, cancelled: 0, total: 0, usageBytes: 0 }

export function createVectorStores(dependencies: VectorStoresDependencies): VectorStores {
  return new VectorStoreService(dependencies)
}

class VectorStoreService implements VectorStores {
  readonly #store: Store
  readonly #index: ScopeIndex
  readonly #runs: Runs
  readonly #files: Files
  readonly #ingestions: Ingestions
  readonly #addFiles: VectorStoresDependencies["addFiles"]
  readonly #clock: Clock
  readonly #newId: NewId
  readonly #filesMax: number

  constructor({ store, index, runs, files, ingestions, addFiles, clock, newId, limits }: VectorStoresDependencies) {
    this.#store = store
    this.#index = index
    this.#runs = runs
    this.#files = files
    this.#ingestions = ingestions
    this.#addFiles = addFiles
    this.#clock = clock
    this.#newId = newId
    this.#filesMax = limits.vectorStoreFilesMax
  }

  async create(caller: Caller, request: NewVectorStore): Promise<VectorStoreWithCounts> {
    const { projectId } = caller
    const fileIds = [...new Set(request.fileIds)]
    // Before anything is written, so that a wrong id leaves no empty store behind.
    for (const fileId of fileIds) await this.#files.get(projectId, fileId)
    const now = this.#clock.now()
    const id = this.#newId("vs")
    const { name, description, metadata, expiresAfterDays } = request
    const row: StoredVectorStore = { id, projectId, name, description, metadata, expiresAfterDays, createdAt: now, lastActiveAt: now }
    await vectorStores.insertVectorStore(this.#store.project(projectId), row)
    const added = fileIds.map((fileId) => ({ fileId, attributes: {}, chunking: request.chunking, replaces: null }))
    const [only] = added
    if (added.length > 1) await this.#addFiles(caller, id, added)
    else if (only !== undefined) await this.addFile(caller, id, only)
    return this.get(projectId, id)
  }

  async get(projectId: string, id: string): Promise<VectorStoreWithCounts> {
    const store = await this.#require(projectId, id)
    const counts = await vectorStores.countsOfVectorStores(this.#store.project(projectId), projectId, [id])
    return { store, counts: counts.get(id) ?? noCounts }
  }

  async list(projectId: string, page: StorePage): Promise<VectorStoreWithCounts[]> {
    const db = this.#store.project(projectId)
    const stores = await vectorStores.listVectorStores(db, projectId, page)
    const counts = await vectorStores.countsOfVectorStores(
      db,
      projectId,
      stores.map((store) => store.id),
    )
    return stores.map((store) => ({ store, counts: counts.get(store.id) ?? noCounts }))
  }

  async update(projectId: string, id: string, change: VectorStoreChange): Promise<VectorStoreWithCounts> {
    const store = await this.#require(projectId, id)
    if (change.name !== undefined) store.name = change.name
    if (change.metadata !== undefined) store.metadata = change.metadata
    if (change.expiresAfterDays !== undefined) store.expiresAfterDays = change.expiresAfterDays
    await vectorStores.updateVectorStore(this.#store.project(projectId), { ...store, lastActiveAt: this.#clock.now() })
    return this.get(projectId, id)
  }

  async delete(projectId: string, id: string): Promise<void> {
    const deleted = await this.#store.project(projectId).transaction(async (tx) => {
      const found = await vectorStores.deleteVectorStore(tx, projectId, id)
      await this.#index.removeScope(tx, { projectId, scopeId: id })
      return found
    })
    if (!deleted) throw noVectorStore(id)
  }

  async addFile(caller: Caller, id: string, { fileId, attributes, chunking, replaces }: AddedFile): Promise<StoredVectorStoreFile> {
    const { projectId, principal } = caller
    if (replaces !== null) await this.#requireFile(projectId, id, replaces)
    if (replaces === fileId)
      throw new AppError("invalid_request", `The file '${fileId}' cannot replace itself.`, { param: "perdure.replaces" })
    const { counts } = await this.get(projectId, id)
    await this.#files.get(projectId, fileId)
    if (counts.total >= this.#filesMax) {
      throw new AppError("invalid_request", `Vector store '${id}' has ${counts.total} files; vectorStoreFilesMax is ${this.#filesMax}.`, {
        hint: "Use another vector store, or raise the limit.",
      })
    }
    const row: NewVectorStoreFile = {
      projectId,
      vectorStoreId: id,
      fileId,
      runId: this.#newId("run"),
      attributes,
      chunkTokensMax: chunking.tokensMax,
      chunkOverlapTokens: chunking.overlapTokens,
      createdAt: this.#clock.now(),
      replaces,
      batchId: null,
    }
    // The row first: should the process die before the run starts, whoever asks for the file starts it.
    await vectorStores.upsertVectorStoreFiles(this.#store.project(projectId), [row])
    await this.#ingestions.start(row, { principal })
    return this.#requireFile(projectId, id, fileId)
  }

  async getFile(projectId: string, id: string, fileId: string): Promise<StoredVectorStoreFile> {
    const settled = await this.#ingestions.settled(await this.#requireFile(projectId, id, fileId))
    if (settled === undefined) throw noFileInStore(id, fileId)
    return settled
  }

  async listFiles(
    projectId: string,
    id: string,
    page: StorePage & { status?: VectorStoreFileStatus | undefined },
  ): Promise<StoredVectorStoreFile[]> {
    await this.#require(projectId, id)
    return vectorStores.listVectorStoreFiles(this.#store.project(projectId), projectId, id, page)
  }

  async updateFile(projectId: string, id: string, fileId: string, attributes: JsonObject): Promise<StoredVectorStoreFile> {
    const db = this.#store.project(projectId)
    if (!(await vectorStores.updateFileAttributes(db, projectId, id, fileId, attributes))) throw noFileInStore(id, fileId)
    return this.getFile(projectId, id, fileId)
  }

  async removeFile(projectId: string, id: string, fileId: string): Promise<void> {
    const row = await this.#requireFile(projectId, id, fileId)
    await this.#store.project(projectId).transaction(async (tx) => {
      // Locked first, so that its run writes no more.
      await vectorStores.lockVectorStoreFile(tx, projectId, id, fileId, row.runId)
      await removeSegmentsOfFile(tx, this.#index, projectId, id, fileId)
      await vectorStores.deleteVectorStoreFile(tx, projectId, id, fileId)
    })
    // The row is gone, so a run that is still at work commits nothing; cancelling it only saves its work.
    if (row.status === "in_progress" && (await this.#runs.get(projectId, row.runId)))
      await this.#runs.cancel(projectId, row.runId, "the file was removed from its vector store")
  }

  async chunks(projectId: string, id: string, fileId: string, from: number, limit: number): Promise<StoredChunk[]> {
    await this.#requireFile(projectId, id, fileId)
    return chunks.chunksOfFile(this.#store.project(projectId), projectId, id, fileId, from, limit)
  }

  async #require(projectId: string, id: string): Promise<StoredVectorStore> {
    const store = await vectorStores.findVectorStore(this.#store.project(projectId), projectId, id)
    if (store === undefined) throw noVectorStore(id)
    return store
  }

  async #requireFile(projectId: string, id: string, fileId: string): Promise<StoredVectorStoreFile> {
    const row = await vectorStores.findVectorStoreFile(this.#store.project(projectId), projectId, id, fileId)
    if (row === undefined) throw noFileInStore(id, fileId)
    return row
  }
}

export function noVectorStore(id: string): AppError {
  return new AppError("not_found", `No vector store '${id}' in this project.`, {
    param: "vector_store_id",
    hint: "List them with GET /v1/vector_stores.",
  })
}

function noFileInStore(id: string, fileId: string): AppError {
  return new AppError("not_found", `No file '${fileId}' in vector store '${id}'.`, { param: "file_id" })
}
