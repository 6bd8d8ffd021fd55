// Starts the ingestions of files and of batches, and makes good what a crash or a cancellation left between a row and its run.
import type { Clock } from "../core/index.ts"
import type { Run, Runs } from "../runs/index.ts"
import {
  fileBatches,
  vectorStoreFiles,
  vectorStores,
  type NewVectorStoreFile,
  type Store,
  type StoredFileBatch,
  type StoredVectorStoreFile,
  type VectorStoreFileStatus,
} from "../store/index.ts"
import { fileLabel, type Files } from "./files.ts"
import { projectOwner, userOfOwner, wholeProject } from "./owners.ts"
import type { ScopeIndex } from "./retrieval/index-entry.ts"
import { discardHidden } from "./segment-index.ts"

export const ingestionName = "file"
export const fileBatchName = "file_batch"

/** Starting what has been started already does nothing. */
export interface Ingestions {
  start(
    row: Pick<NewVectorStoreFile, "projectId" | "vectorStoreId" | "fileId" | "runId">,
    by: { principal: string; user: string | null; parentId?: string },
  ): Promise<void>
  /** `user`: the end user that it is for. */
  startBatch(batch: Omit<StoredFileBatch, "isCancelled">, user: string | null): Promise<void>
  /** The row as it is once its run has been looked at; undefined when it is gone. */
  settled(row: StoredVectorStoreFile): Promise<StoredVectorStoreFile | undefined>
}

export interface IngestionsDependencies {
  store: Store
  runs: Pick<Runs, "start" | "get">
  files: Pick<Files, "get">
  index: ScopeIndex
  clock: Clock
}

/** Age after which an ingestion without a run was orphaned between two writes, rather than just being started. */
const orphanAgeMs = 5_000

export function createIngestions({ store, runs, files, index, clock }: IngestionsDependencies): Ingestions {
  const start: Ingestions["start"] = async ({ projectId, vectorStoreId, fileId, runId }, { principal, user, parentId }) => {
    const file = await files.get(wholeProject(projectId), fileId)
    await runs.start({
      id: runId,
      projectId,
      principal,
      user,
      kind: "ingestion",
      name: ingestionName,
      title: file.filename,
      input: { vectorStoreId, fileId },
      label: fileLabel(projectId, fileId),
      metadata: { filename: file.filename, bytes: file.bytes },
      ...(parentId === undefined ? {} : { parentId }),
    })
  }
  const startBatch: Ingestions["startBatch"] = async ({ projectId, id, vectorStoreId, principal, runId, filesTotal }, user) => {
    await runs.start({
      id: runId,
      projectId,
      principal,
      user,
      kind: "ingestion",
      name: fileBatchName,
      title: `${filesTotal} files`,
      input: { vectorStoreId, batchId: id },
      label: { integrity: 0, sources: [`batch:${id}`], readers: [projectId], secrets: [] },
    })
  }
  /** Of a file that has no run: its batch starts it, unless the batch has ended. */
  const restart = async (row: StoredVectorStoreFile): Promise<void> => {
    const { projectId, vectorStoreId, batchId } = row
    const db = store.project(projectId)
    const holder = await vectorStores.findVectorStore(db, projectId, vectorStoreId, null)
    const user = userOfOwner(holder?.owner ?? projectOwner)
    const batch = batchId === null ? undefined : await fileBatches.findFileBatch(db, projectId, vectorStoreId, batchId)
    const batchRun = batch && (await runs.get(projectId, batch.runId))
    if (batch !== undefined && batchRun === undefined) return startBatch(batch, user)
    if (batchRun?.finishedAt === null) return
    const { principal } = await files.get(wholeProject(projectId), row.fileId)
    await start(row, { principal, user })
  }
  return {
    start,
    startBatch,
    async settled(row) {
      if (row.status !== "in_progress") return row
      const { projectId, vectorStoreId, fileId } = row
      const run = await runs.get(projectId, row.runId)
      if (run === undefined) {
        if (clock.now() - row.createdAt >= orphanAgeMs) await restart(row)
        return row
      }
      const end = endOf(run)
      if (end === undefined) return row
      await vectorStoreFiles.finishVectorStoreFile(store.project(projectId), row, end)
      await discardHidden(store, index, row)
      return vectorStoreFiles.findVectorStoreFile(store.project(projectId), projectId, vectorStoreId, fileId)
    },
  }
}

/** How the row must end when its run has ended without saying so; undefined while the run may still go on. */
function endOf(run: Run): { status: VectorStoreFileStatus; errorCode: string | null; errorMessage: string | null } | undefined {
  switch (run.status) {
    case "cancelled":
      return { status: "cancelled", errorCode: null, errorMessage: null }
    case "failed":
    case "incomplete":
    case "poisoned":
    case "needs_migration":
    case "in_doubt":
      return { status: "failed", errorCode: "server_error", errorMessage: run.error?.message ?? `The ingestion is ${run.status}.` }
    default:
      return undefined
  }
}
