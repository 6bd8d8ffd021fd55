// Vector stores: named sets of files that are searched together; putting a file in starts its ingestion.
import { AppError, type Clock, type JsonObject, type Limits, type NewId } from "../core/index.ts"
import type { Runs } from "../runs/index.ts"
import {
  chunks,
  isStoreError,
  untilNoRace,
  vectorStoreFiles,
  vectorStores,
  type NewVectorStoreFile,
  type Queryable,
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
import { newOwner, reachOf, requireWritable, userOfOwner, type ActingCaller } from "./owners.ts"
import type { ScopeIndex } from "./retrieval/index-entry.ts"
import { removeSegmentsOfFile } from "./segment-index.ts"

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
  /** The scope that it belongs to, where it is not the caller's own. */
  owner?: string | undefined
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
  create(caller: ActingCaller, request: NewVectorStore): Promise<VectorStoreWithCounts>
  get(caller: ActingCaller, id: string): Promise<VectorStoreWithCounts>
  list(caller: ActingCaller, page: StorePage): Promise<VectorStoreWithCounts[]>
  update(caller: ActingCaller, id: string, change: VectorStoreChange): Promise<VectorStoreWithCounts>
  delete(caller: ActingCaller, id: string): Promise<void>
  addFile(caller: ActingCaller, id: string, file: AddedFile): Promise<StoredVectorStoreFile>
  getFile(caller: ActingCaller, id: string, fileId: string): Promise<StoredVectorStoreFile>
  listFiles(
    caller: ActingCaller,
    id: string,
    page: StorePage & { status?: VectorStoreFileStatus | undefined },
  ): Promise<StoredVectorStoreFile[]>
  updateFile(caller: ActingCaller, id: string, fileId: string, attributes: JsonObject): Promise<StoredVectorStoreFile>
  /** Removes the file's chunks, words and vectors from this store before it returns; the file itself stays. */
  removeFile(caller: ActingCaller, id: string, fileId: string): Promise<void>
  chunks(caller: ActingCaller, id: string, fileId: string, from: number, limit: number): Promise<StoredChunk[]>
}

export interface VectorStoresDependencies {
  index: ScopeIndex
  store: Store
  runs: Runs
  files: Files
  ingestions: Ingestions
  /** Many at once, as one batch. */
  addFiles: (caller: ActingCaller, id: string, files: readonly AddedFile[]) => Promise<unknown>
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

  async create(caller: ActingCaller, request: NewVectorStore): Promise<VectorStoreWithCounts> {
    const { projectId } = caller
    const fileIds = [...new Set(request.fileIds)]
    // Before anything is written, so that a wrong id leaves no empty store behind.
    for (const fileId of fileIds) await this.#files.get(caller, fileId)
    const owner = await newOwner(this.#store.project(projectId), caller, request.owner)
    const now = this.#clock.now()
    const id = this.#newId("vs")
    const { name, description, metadata, expiresAfterDays } = request
    const row = { id, projectId, name, description, metadata, owner, expiresAfterDays, createdAt: now, lastActiveAt: now }
    await vectorStores.insertVectorStore(this.#store.project(projectId), row)
    const added = fileIds.map((fileId) => ({ fileId, attributes: {}, chunking: request.chunking, replaces: null }))
    const [only] = added
    if (added.length > 1) await this.#addFiles(caller, id, added)
    else if (only !== undefined) await this.addFile(caller, id, only)
    return this.get(caller, id)
  }

  async get(caller: ActingCaller, id: string): Promise<VectorStoreWithCounts> {
    const { projectId } = caller
    const store = await this.#require(caller, id, "read")
    const counts = await vectorStoreFiles.countsOfVectorStores(this.#store.project(projectId), projectId, [id])
    return { store, counts: counts.get(id) ?? noCounts }
  }

  async list(caller: ActingCaller, page: StorePage): Promise<VectorStoreWithCounts[]> {
    const { projectId } = caller
    const db = this.#store.project(projectId)
    const { read: owners } = await reachOf(db, caller)
    const stores = await vectorStores.listVectorStores(db, projectId, { ...page, owners })
    const counts = await vectorStoreFiles.countsOfVectorStores(
      db,
      projectId,
      stores.map((store) => store.id),
    )
    return stores.map((store) => ({ store, counts: counts.get(store.id) ?? noCounts }))
  }

  async update(caller: ActingCaller, id: string, change: VectorStoreChange): Promise<VectorStoreWithCounts> {
    const { projectId } = caller
    const store = await this.#require(caller, id, "write")
    if (change.name !== undefined) store.name = change.name
    if (change.metadata !== undefined) store.metadata = change.metadata
    if (change.expiresAfterDays !== undefined) store.expiresAfterDays = change.expiresAfterDays
    await vectorStores.updateVectorStore(this.#store.project(projectId), { ...store, lastActiveAt: this.#clock.now() })
    return this.get(caller, id)
  }

  async delete(caller: ActingCaller, id: string): Promise<void> {
    const { projectId } = caller
    await this.#require(caller, id, "write")
    const remove = async (tx: Queryable): Promise<void> => {
      await vectorStoreFiles.lockVectorStoreFiles(tx, projectId, id, null)
      if (!(await vectorStores.deleteVectorStore(tx, projectId, id))) throw noVectorStore(id)
      await this.#index.removeScope(tx, { projectId, scopeId: id })
    }
    await untilNoRace(() => this.#store.project(projectId).transaction(remove))
  }

  async addFile(caller: ActingCaller, id: string, { fileId, attributes, chunking, replaces }: AddedFile): Promise<StoredVectorStoreFile> {
    const { projectId, principal } = caller
    const { owner } = await this.#require(caller, id, "write")
    if (replaces !== null) await this.#requireFile(projectId, id, replaces)
    if (replaces === fileId)
      throw new AppError("invalid_request", `The file '${fileId}' cannot replace itself.`, { param: "perdure.replaces" })
    const { counts } = await this.get(caller, id)
    await this.#files.get(caller, fileId)
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
    await vectorStoreFiles.upsertVectorStoreFiles(this.#store.project(projectId), [row]).catch(async (error: unknown) => {
      // One of the two was deleted since it was looked for: who asks is told so.
      if (isStoreError(error) && error.isRace) await this.#require(caller, id, "write").then(() => this.#files.get(caller, fileId))
      throw error
    })
    await this.#ingestions.start(row, { principal, user: caller.user ?? userOfOwner(owner) })
    return this.#requireFile(projectId, id, fileId)
  }

  async getFile(caller: ActingCaller, id: string, fileId: string): Promise<StoredVectorStoreFile> {
    await this.#require(caller, id, "read")
    const settled = await this.#ingestions.settled(await this.#requireFile(caller.projectId, id, fileId))
    if (settled === undefined) throw noFileInStore(id, fileId)
    return settled
  }

  async listFiles(
    caller: ActingCaller,
    id: string,
    page: StorePage & { status?: VectorStoreFileStatus | undefined },
  ): Promise<StoredVectorStoreFile[]> {
    const { projectId } = caller
    await this.#require(caller, id, "read")
    return vectorStoreFiles.listVectorStoreFiles(this.#store.project(projectId), projectId, id, page)
  }

  async updateFile(caller: ActingCaller, id: string, fileId: string, attributes: JsonObject): Promise<StoredVectorStoreFile> {
    const { projectId } = caller
    const db = this.#store.project(projectId)
    await this.#require(caller, id, "write")
    if (!(await vectorStoreFiles.updateFileAttributes(db, projectId, id, fileId, attributes))) throw noFileInStore(id, fileId)
    return this.getFile(caller, id, fileId)
  }

  async removeFile(caller: ActingCaller, id: string, fileId: string): Promise<void> {
    const { projectId } = caller
    await this.#require(caller, id, "write")
    const row = await this.#requireFile(projectId, id, fileId)
    await this.#store.project(projectId).transaction(async (tx) => {
      // Locked first, so that no run writes of it any more, also not one that was begun since.
      await vectorStoreFiles.lockVectorStoreFiles(tx, projectId, id, fileId)
      await removeSegmentsOfFile(tx, this.#index, projectId, id, fileId)
      await vectorStoreFiles.deleteVectorStoreFile(tx, projectId, id, fileId)
    })
    // The row is gone, so a run that is still at work commits nothing; cancelling it only saves its work.
    if (row.status === "in_progress" && (await this.#runs.get(projectId, row.runId)))
      await this.#runs.cancel(projectId, row.runId, "the file was removed from its vector store")
  }

  async chunks(caller: ActingCaller, id: string, fileId: string, from: number, limit: number): Promise<StoredChunk[]> {
    const { projectId } = caller
    await this.#require(caller, id, "read")
    await this.#requireFile(projectId, id, fileId)
    return chunks.chunksOfFile(this.#store.project(projectId), projectId, id, fileId, from, limit)
  }

  #require(caller: ActingCaller, id: string, right: "read" | "write"): Promise<StoredVectorStore> {
    return requireVectorStore(this.#store.project(caller.projectId), caller, id, right)
  }

  async #requireFile(projectId: string, id: string, fileId: string): Promise<StoredVectorStoreFile> {
    const row = await vectorStoreFiles.findVectorStoreFile(this.#store.project(projectId), projectId, id, fileId)
    if (row === undefined) throw noFileInStore(id, fileId)
    return row
  }
}

/** Throws where the caller does not reach it, or only reads what it would change. */
export async function requireVectorStore(
  db: Queryable,
  caller: ActingCaller,
  id: string,
  right: "read" | "write",
): Promise<StoredVectorStore> {
  const reach = await reachOf(db, caller)
  const store = await vectorStores.findVectorStore(db, caller.projectId, id, reach.read)
  if (store === undefined) throw noVectorStore(id)
  if (right === "write") requireWritable(reach, caller, "vector store", store)
  return store
}

function noVectorStore(id: string): AppError {
  return new AppError("not_found", `No vector store '${id}' in this project.`, {
    param: "vector_store_id",
    hint: "List them with GET /v1/vector_stores.",
  })
}

function noFileInStore(id: string, fileId: string): AppError {
  return new AppError("not_found", `No file '${fileId}' in vector store '${id}'.`, { param: "file_id" })
}
