// The durable run of a batch of files: has a few of them ingested at a time, each by a run of its own, until all have ended.
//
// Its state is the rows of its files, so a process that takes it over goes on with those that have not ended.
import { AppError, isJsonObject, type JsonValue, type Limits } from "../core/index.ts"
import type { RunContext, RunDefinition, Runs } from "../runs/index.ts"
import { fileBatches, vectorStoreFiles, type Store } from "../store/index.ts"
import { fileBatchName, type Ingestions } from "./ingestions.ts"

export interface FileBatchRunDependencies {
  store: Store
  runs: Pick<Runs, "ended">
  ingestions: Ingestions
  limits: Pick<Limits, "fileBatchInFlightMax">
}

const version = "1"
const pageRows = 100

export function fileBatchDefinition(dependencies: FileBatchRunDependencies): RunDefinition {
  return {
    kind: "ingestion",
    name: fileBatchName,
    version,
    style: "data",
    execute: (context, input) => ingestAll(dependencies, context, targetOf(input)),
  }
}

async function ingestAll(
  dependencies: FileBatchRunDependencies,
  context: RunContext,
  { vectorStoreId, batchId }: { vectorStoreId: string; batchId: string },
): Promise<JsonValue> {
  const { store, limits } = dependencies
  const { projectId } = context.run
  const db = store.project(projectId)
  const batch = await fileBatches.findFileBatch(db, projectId, vectorStoreId, batchId)
  if (batch === undefined) throw new AppError("not_found", `The file batch '${batchId}' is gone with its vector store.`)
  const counts = async (): Promise<{ [status: string]: number }> =>
    Object.fromEntries(await fileBatches.countsOfFileBatch(db, projectId, batchId))
  let after = ""
  for (;;) {
    const open = await fileBatches.openFilesOfBatch(db, projectId, batchId, after, pageRows)
    if (open.length === 0) return { outcome: "completed", ...(await counts()) }
    const waiting = [...open]
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        await ingestOne(dependencies, context, { ...next, vectorStoreId })
        const { in_progress: left = 0 } = await counts()
        const progress = { stage: "files", done: batch.filesTotal - left, total: batch.filesTotal }
        context.emit("ingestion.progress", progress).committed.catch(() => undefined) // whoever holds the run now tells it
      }
    }
    await Promise.all(Array.from({ length: limits.fileBatchInFlightMax }, work))
    after = open.at(-1)?.fileId ?? after
  }
}

/** Resolves when the file has ended, however; what is wrong with it is on its own row. */
async function ingestOne(
  { store, runs, ingestions }: FileBatchRunDependencies,
  { run, signal }: RunContext,
  file: { vectorStoreId: string; fileId: string; runId: string },
): Promise<void> {
  const { projectId, principal, user } = run
  const key = { projectId, ...file }
  try {
    await ingestions.start(key, { principal, user, parentId: run.id })
    await runs.ended(projectId, file.runId, signal)
    const row = await vectorStoreFiles.findVectorStoreFile(store.project(projectId), projectId, file.vectorStoreId, file.fileId)
    if (row?.runId === file.runId) await ingestions.settled(row)
  } catch (error) {
    if (signal.aborted) throw error
    // Its file was deleted meanwhile, and the row with it.
    if (!(error instanceof AppError) || error.code !== "not_found") throw error
    const end = { status: "failed", errorCode: "invalid_file", errorMessage: error.message } as const
    await vectorStoreFiles.finishVectorStoreFile(store.project(projectId), key, end)
  }
}

function targetOf(input: JsonValue): { vectorStoreId: string; batchId: string } {
  if (isJsonObject(input)) {
    const { vectorStoreId, batchId } = input
    if (typeof vectorStoreId === "string" && typeof batchId === "string") return { vectorStoreId, batchId }
  }
  throw new AppError("invalid_request", "The input of a file batch names `vectorStoreId` and `batchId`.")
}
