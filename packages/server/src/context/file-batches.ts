// Batches of files: many files put into a vector store at once, ingested a few at a time by one durable run.
import { AppError, type Clock, type Limits, type NewId } from "../core/index.ts"
import type { Runs } from "../runs/index.ts"
import {
  fileBatches,
  files as filesTable,
  vectorStoreFiles,
  type Store,
  type StoredFileBatch,
  type StorePage,
  type StoredVectorStoreFile,
  type VectorStoreFileStatus,
} from "../store/index.ts"
import { noFile } from "./files.ts"
import type { Ingestions } from "./ingestions.ts"
import type { ScopeIndex } from "./retrieval/index-entry.ts"
import { discardHidden } from "./segment-index.ts"
import { reachOf, userOfOwner, type ActingCaller } from "./owners.ts"
import { requireVectorStore, type AddedFile } from "./vector-stores.ts"

export interface FileBatch {
  batch: StoredFileBatch
  counts: Record<VectorStoreFileStatus, number>
}

export interface FileBatches {
  create(caller: ActingCaller, vectorStoreId: string, files: readonly AddedFile[]): Promise<FileBatch>
  get(caller: ActingCaller, vectorStoreId: string, id: string): Promise<FileBatch>
  cancel(caller: ActingCaller, vectorStoreId: string, id: string): Promise<FileBatch>
  listFiles(
    caller: ActingCaller,
    vectorStoreId: string,
    id: string,
    page: StorePage & { status?: VectorStoreFileStatus | undefined },
  ): Promise<StoredVectorStoreFile[]>
}

export interface FileBatchesDependencies {
  store: Store
  runs: Pick<Runs, "cancel">
  ingestions: Ingestions
  index: ScopeIndex
  clock: Clock
  newId: NewId
  limits: Pick<Limits, "vectorStoreFilesMax">
}

export function createFileBatches(dependencies: FileBatchesDependencies): FileBatches {
  return new FileBatchService(dependencies)
}

class FileBatchService implements FileBatches {
  readonly #dependencies: FileBatchesDependencies

  constructor(dependencies: FileBatchesDependencies) {
    this.#dependencies = dependencies
  }

  async create(caller: ActingCaller, vectorStoreId: string, added: readonly AddedFile[]): Promise<FileBatch> {
    const { store, clock, newId, ingestions } = this.#dependencies
    const { projectId, principal } = caller
    // The last one counts where a file is named twice.
    const byId = new Map(added.map((file) => [file.fileId, file]))
    const { owner } = await this.#check(caller, vectorStoreId, [...byId.keys()])
    const createdAt = clock.now()
    const [id, runId] = [newId("vsfb"), newId("run")]
    const batch = { projectId, id, vectorStoreId, principal, runId, filesTotal: byId.size, createdAt }
    const rows = [...byId.values()].map(({ fileId, attributes, chunking, replaces }) => ({
      projectId,
      vectorStoreId,
      fileId,
      runId: newId("run"),
      attributes,
      chunkTokensMax: chunking.tokensMax,
      chunkOverlapTokens: chunking.overlapTokens,
      createdAt,
      replaces,
      batchId: id,
    }))
    await store.project(projectId).transaction(async (tx) => {
      await fileBatches.insertFileBatch(tx, batch)
      await vectorStoreFiles.upsertVectorStoreFiles(tx, rows)
    })
    // Should the process die before this, whoever asks for the batch or one of its files starts it.
    await ingestions.startBatch(batch, caller.user ?? userOfOwner(owner))
    return this.#counted({ ...batch, isCancelled: false })
  }

  async get(caller: ActingCaller, vectorStoreId: string, id: string): Promise<FileBatch> {
    const found = await this.#counted(await this.#require(caller, vectorStoreId, id, "read"))
    if (found.counts.in_progress === 0) return found
    // Of those that have not ended, the oldest is looked at: should its run or the batch's be lost, it is made good.
    const [first] = await this.listFiles(caller, vectorStoreId, id, { limit: 1, ascending: true, status: "in_progress" })
    if (first !== undefined) await this.#dependencies.ingestions.settled(first)
    return this.#counted(found.batch)
  }

  async cancel(caller: ActingCaller, vectorStoreId: string, id: string): Promise<FileBatch> {
    const { store, runs, index } = this.#dependencies
    const { projectId } = caller
    const batch = await this.#require(caller, vectorStoreId, id, "write")
    const db = store.project(projectId)
    const open = await db.transaction((tx) => fileBatches.cancelFileBatch(tx, projectId, id))
    await stop(runs, projectId, batch.runId)
    for (const { fileId, runId } of open) {
      await stop(runs, projectId, runId)
      await discardHidden(store, index, { projectId, vectorStoreId, fileId, runId })
    }
    return this.get(caller, vectorStoreId, id)
  }

  async listFiles(
    caller: ActingCaller,
    vectorStoreId: string,
    id: string,
    page: StorePage & { status?: VectorStoreFileStatus | undefined },
  ): Promise<StoredVectorStoreFile[]> {
    const { projectId } = caller
    await this.#require(caller, vectorStoreId, id, "read")
    const db = this.#dependencies.store.project(projectId)
    return vectorStoreFiles.listVectorStoreFiles(db, projectId, vectorStoreId, { ...page, batchId: id })
  }

  /** All of it before anything is written. */
  async #check(caller: ActingCaller, vectorStoreId: string, fileIds: readonly string[]): Promise<{ owner: string }> {
    const { store, clock, limits } = this.#dependencies
    const { projectId } = caller
    const db = store.project(projectId)
    const found = await requireVectorStore(db, caller, vectorStoreId, "write")
    const { read } = await reachOf(db, caller)
    const existing = await filesTable.existingFiles(db, projectId, clock.now(), fileIds, read)
    const missing = fileIds.find((fileId) => !existing.has(fileId))
    if (missing !== undefined) throw noFile(missing)
    const counts = await vectorStoreFiles.countsOfVectorStores(db, projectId, [vectorStoreId])
    const total = (counts.get(vectorStoreId)?.total ?? 0) + fileIds.length
    if (total > limits.vectorStoreFilesMax)
      throw new AppError(
        "invalid_request",
        `Vector store '${vectorStoreId}' would have up to ${total} files; vectorStoreFilesMax is ${limits.vectorStoreFilesMax}.`,
        {
          hint: "Use another vector store, or raise the limit.",
        },
      )
    return found
  }

  async #counted(batch: StoredFileBatch): Promise<FileBatch> {
    const { projectId, id, filesTotal } = batch
    const found = await fileBatches.countsOfFileBatch(this.#dependencies.store.project(projectId), projectId, id)
    const of = (status: VectorStoreFileStatus): number => found.get(status) ?? 0
    const known = of("in_progress") + of("completed") + of("failed") + of("cancelled")
    // What was removed, or put in again since, is no longer this batch's to do.
    const cancelled = of("cancelled") + Math.max(0, filesTotal - known)
    return { batch, counts: { in_progress: of("in_progress"), completed: of("completed"), failed: of("failed"), cancelled } }
  }

  async #require(caller: ActingCaller, vectorStoreId: string, id: string, right: "read" | "write"): Promise<StoredFileBatch> {
    const { projectId } = caller
    const db = this.#dependencies.store.project(projectId)
    await requireVectorStore(db, caller, vectorStoreId, right)
    const found = await fileBatches.findFileBatch(db, projectId, vectorStoreId, id)
    if (found !== undefined) return found
    throw new AppError("not_found", `No file batch '${id}' in vector store '${vectorStoreId}'.`, { param: "batch_id" })
  }
}

/** A run that was not started yet is started by nobody: the row of its file has ended. */
async function stop(runs: Pick<Runs, "cancel">, projectId: string, runId: string): Promise<void> {
  try {
    await runs.cancel(projectId, runId, "the batch of files was cancelled")
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "not_found") throw error
  }
}
